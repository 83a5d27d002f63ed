"""What today's code makes of facts that a view has passed, without effects: for a plan."""

from dataclasses import dataclass, field

from backbone.contracts.catalog import Contracts
from backbone.record import Outcomes, RecordBatch
from backbone.views.store import Part, Status, ViewId, ViewWriter
from processors.folding import Folding
from processors.latest import Latest
from processors.projector import Decoder
from processors.retrying import tell_already_applied
from processors.stored import Stored
from processors.view import LatestByKey, View


@dataclass(slots=True)
class Rehearsal:
    """One view as its store has it now. What earlier batches would have changed counts for later
    ones, so it is kept: give them in the order in which they would be replayed."""

    view: View
    contracts: Contracts
    decoder: Decoder
    id: ViewId
    writer: ViewWriter
    _coming: dict[int, list[Part]] = field(default_factory=dict)

    def __call__(self, batch: RecordBatch) -> Outcomes:
        """Reads the store and writes nothing. Raises Transient."""
        coming = self._coming.setdefault(batch.partition, [])
        stored = Stored(self.writer, self.id, batch.partition, coming)
        status = Status(batch.topic_id, 0, 0, 0, 0)
        outcomes = Outcomes(len(batch))
        parts = None
        if isinstance(self.view, LatestByKey):
            contract = self.contracts[self.view.fact]
            latest = Latest(self.view, self.decoder, contract, self.id.partitions)
            parts = latest.work(batch, status, stored, outcomes, again=True)
        if parts is None:
            folding = Folding(self.view, self.decoder, self.id.partitions)
            parts = folding.work(batch, status, stored, outcomes, again=True)
        tell_already_applied(batch, parts, stored, outcomes)
        coming += parts
        return outcomes
