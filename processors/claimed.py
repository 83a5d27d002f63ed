"""What a projector holds of a partition that is its own."""

from dataclasses import dataclass, field

from backbone.views.store import Part, Status, ViewId, ViewWriter, Writing
from processors.folding import PartsComing
from processors.hold import Hold
from processors.stored import Versions


@dataclass(slots=True)
class Claimed:
    """A partition that is ours: how it was claimed and what became of what was worked out.

    `step` leaves in `worked_out` what gives its parts; `commit` moves these behind `coming`, the
    parts that the store has not acknowledged, and sends them: then `writing` has their answers.
    `status` is what is acknowledged. `hold`: of a strict view, with what is coming. `retrying`:
    retries were sent, and are settled later. `wiped`: the store was found emptied or replaced and
    is not claimed again yet.
    """

    token: str
    run_id: str
    status: Status
    hold: Hold | None
    worked_out: PartsComing = list
    coming: list[Part] = field(default_factory=list)
    writing: Writing | None = None
    versions: Versions = field(default_factory=Versions)
    retrying: bool = False
    wiped: bool = False

    @property
    def reached(self) -> Status:
        """Where the view stands once everything that is coming is written."""
        return self.coming[-1].status if self.coming else self.status

    def take_worked_out(self) -> list[Part]:
        """They are among `coming` from now on."""
        taken, self.worked_out = self.worked_out(), list
        self.coming += taken
        return taken

    def send(self, writer: ViewWriter, view: ViewId, partition: int) -> None:
        """What is coming, unless some of it is on its way. Raises as `ViewWriter.begin`."""
        if self.writing is None and self.coming:
            self.writing = writer.begin(view, partition, self.token, self.coming)
