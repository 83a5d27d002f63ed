"""Time-outs, ordered from the inside out: whoever waits longer learns of whoever waits shorter.

They are constants and no settings: each is only right beside the others.
"""

from collections.abc import Mapping
from itertools import pairwise

from backbone.errors import Misconfigured

# One statement in a source's database. The database ends it, and says that it was this.
STATEMENT_TIMEOUT_MS = 5_000
# One message on its way to the broker: known lost while its transaction can still be aborted.
MESSAGE_TIMEOUT_MS = 8_000
# One transaction. One that was abandoned hides everybody's later facts in its partitions so long.
TRANSACTION_TIMEOUT_MS = 10_000
# One poll of a source, connecting included. It happens before the transaction begins, in the thread
# that also serves the group: both together must leave MAX_POLL_INTERVAL_MS room to spare.
SOURCE_POLL_MS = 12_000
# One statement of the warehouse: an insert is waited for by the thread that serves the group.
WAREHOUSE_MS = 15_000
# A worker that did not serve its group for so long is given up, and its partitions taken over.
MAX_POLL_INTERVAL_MS = 30_000

ORDER: Mapping[str, int] = {
    "statement_timeout": STATEMENT_TIMEOUT_MS,
    "message.timeout.ms": MESSAGE_TIMEOUT_MS,
    "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
    "a source's poll": SOURCE_POLL_MS,
    "a statement of the warehouse": WAREHOUSE_MS,
    "max.poll.interval.ms": MAX_POLL_INTERVAL_MS,
}
"""Every one of them, from the inside out: what `check_order` is asked at start."""


def check_order(timeouts: Mapping[str, int]) -> None:
    """Raises Misconfigured unless the time-outs rise strictly in the order given."""
    wrong = [
        f"{inner} ({shorter} ms) must be below {outer} ({longer} ms)"
        for (inner, shorter), (outer, longer) in pairwise(timeouts.items())
        if shorter >= longer
    ]
    if wrong:
        raise Misconfigured("time-outs are out of order: " + "; ".join(wrong))
