"""What today's code makes of facts that a view has passed, without effects: for a plan."""

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import partial

from backbone.contracts.catalog import Contracts
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.views.store import Part, Status, ViewId, ViewWriter
from processors.folding import Folding
from processors.hold import Hold
from processors.latest import Latest
from processors.projector import Decoder
from processors.retrying import tell_already_applied
from processors.stored import Stored
from processors.view import LatestByKey, View, is_strict, passes_over


@dataclass(slots=True)
class Rehearsal:
    """One view as its store has it now. What earlier batches would have changed counts for later
    ones, so it is kept: give them in the order in which they would be replayed. `released` counts
    the facts of a strict view that are held behind them and would be applied with them."""

    view: View
    contracts: Contracts
    decoder: Decoder
    id: ViewId
    writer: ViewWriter
    released: int = 0
    _holds: dict[int, Hold] = field(default_factory=dict)
    _coming: dict[int, list[Part]] = field(default_factory=dict)

    def __call__(self, batch: RecordBatch) -> Outcomes:
        """Reads the store and writes nothing. Raises Transient, Fatal."""
        if not is_strict(self.view):
            return self._rehearsed(batch, None)
        hold = self._hold(batch.partition)
        whole = hold.joined(batch)
        outcomes = self._rehearsed(whole, hold)
        places = [bisect_left(whole.offsets, offset) for offset in batch.offsets]
        asked = outcomes.at(places)
        self.released += outcomes.count(Outcome.APPLIED) - asked.count(Outcome.APPLIED)
        return asked

    def _hold(self, partition: int) -> Hold:
        if partition not in self._holds:
            stored = self.writer.held(self.id, partition)
            self._holds[partition] = Hold(stored, passes_over(self.view))
        return self._holds[partition]

    def _rehearsed(self, batch: RecordBatch, hold: Hold | None) -> Outcomes:
        coming = self._coming.setdefault(batch.partition, [])
        stored = Stored(self.writer, self.id, batch.partition, coming, hold=hold)
        status = Status(batch.topic_id, 0, 0, 0, 0)
        outcomes = Outcomes(len(batch))
        parts = None
        if isinstance(self.view, LatestByKey):
            contract = self.contracts[self.view.fact]
            latest = Latest(self.view, self.decoder, contract, self.id.partitions)
            parts = latest.work(batch, status, stored, outcomes, again=True)
        if parts is None:
            folding = Folding(self.view, self.decoder, self.id.partitions)
            parts = folding.begin(batch, status, stored, outcomes, again=True)()
        tell_already_applied(batch, partial(list, parts), stored, outcomes)
        coming += parts
        if hold is not None:
            for part in parts:
                hold.learn(part.held)
        return outcomes
