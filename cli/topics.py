"""`backbone topics`: declared topics against the real ones."""

import time
from collections.abc import Sequence

import typer

from backbone import topics
from backbone.errors import Misconfigured, Transient
from backbone.log import TopicAdmin
from backbone.topics import Action, Change
from cli import wiring
from cli.output import Format, Output, show
from cli.problems import PARTIAL

app = typer.Typer(no_args_is_help=True, help="Plan and apply the declared topics.")

_SETTLE_SECONDS = 30.0  # far beyond what a broker needs; whoever comes then is told what is missing
_COLUMNS = ("action", "topic", "why")


@app.command("plan")
def plan(output: Output = Format.TABLE) -> None:
    """Show what `apply` would do; changes nothing. Exit code 3 when something is refused.

    Example: backbone topics plan
    """
    changes = _plan()
    show(_rows(changes), _COLUMNS, output)
    _exit(changes)


@app.command("apply")
def apply(output: Output = Format.TABLE) -> None:
    """Create and configure the declared topics; refuses what would lose data or order.

    Example: backbone topics apply
    """
    changes = apply_all()
    show(_rows([each for each in changes if each.action is not Action.KEEP]), _COLUMNS, output)
    _exit(changes)


def apply_all() -> list[Change]:
    """Carry the whole plan out and return it; what is refused stays undone."""
    changes, admin = _plan(), wiring.topic_admin()
    done = list(topics.apply(changes, admin))
    _await([each.topic for each in done if each.action is Action.CREATE], admin)
    return changes


def _await(names: Sequence[str], admin: TopicAdmin) -> None:
    """A topic is created once the controller has it; the broker that serves it may not know yet."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    for name in names:
        while not _is_served(name, admin) and time.monotonic() < deadline:
            time.sleep(0.05)


def _is_served(name: str, admin: TopicAdmin) -> bool:
    try:
        admin.ends(name)
    except (Misconfigured, Transient):
        return False
    return True


def _plan() -> list[Change]:
    specs = wiring.declared_topics()
    return topics.plan(specs, wiring.topic_admin().describe([spec.name for spec in specs]))


def _refused(change: Change) -> bool:
    return change.action is Action.REFUSE


def _rows(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [
        {"action": str(change.action), "topic": change.topic, "why": change.why}
        for change in changes
    ]


def _exit(changes: Sequence[Change]) -> None:
    if any(_refused(change) for change in changes):
        raise typer.Exit(PARTIAL)
