"""From retries to the records they were at first, and from their outcomes to what is told."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import lt

from backbone.header_columns import chosen_headers
from backbone.record import Headers, Outcome, Outcomes, RecordBatch, are_alike, picked
from backbone.replay.mark_columns import MarkColumns
from backbone.replay.outcomes import HELD, Became, ToldColumns
from backbone.replay.retry_headers import About, Stood

_BECAME: Mapping[int, str] = {
    Outcome.APPLIED: Became.RECOVERED.value,
    Outcome.SUPERSEDED: Became.SUPERSEDED.value,
    Outcome.ALREADY_APPLIED: Became.ALREADY_APPLIED.value,
    Outcome.POISON: Became.FAILED.value,
    Outcome.HELD: Became.REFUSED.value,
}
_SAID = {code: (became, HELD if code == Outcome.HELD else None) for code, became in _BECAME.items()}
_REFUSED = (Became.REFUSED.value, None)


@dataclass(frozen=True, slots=True)
class Originals:
    """What can be tried, as the batch it was at first (None: nothing); for each retry its place in
    that batch, or None where it cannot be tried; and the marks of all. `headers` are those of the
    batch's retries as they stand in the retry topic."""

    batch: RecordBatch | None
    places: Sequence[int | None]
    marks: MarkColumns
    headers: Sequence[Headers]


def originals(records: RecordBatch, marks: MarkColumns, place: Stood, below: int) -> Originals:
    """Those that stood at `place`, below an offset: by it, each once, for a letter may be doubled
    and a run repeated. `marks` are those of `records`."""
    begins = {replace(place, topic_id=each).beginning() for each in (place.topic_id, "")}
    offsets = _below(_offsets(marks, begins), below)
    chosen, places = _in_order(offsets)
    batch = RecordBatch(
        topic=place.topic,
        topic_id=place.topic_id,
        partition=place.partition,
        offsets=[each or 0 for each in picked(marks.offsets, chosen)],
        keys=picked(records.keys, chosen),
        values=picked(records.values, chosen),
        headers=chosen_headers(marks.own, chosen),
        timestamps_ms=[each or 0 for each in picked(marks.published_ms, chosen)],
    )
    told = chosen_headers(records.headers, chosen)
    return Originals(batch if chosen else None, places, marks, told)


def _offsets(marks: MarkColumns, begins: Container[str]) -> Sequence[int | None]:
    """None of those that stood in another partition."""
    different = marks.abouts[:1] if are_alike(marks.abouts) else {*marks.abouts}
    ours = {each: each.beginning in begins for each in different}
    if all(ours.values()):
        return marks.offsets
    return [
        offset if ours[about] else None
        for about, offset in zip(marks.abouts, marks.offsets, strict=True)
    ]


def _below(offsets: Sequence[int | None], below: int) -> Sequence[int | None]:
    """None of those that stand ahead still."""
    if None not in offsets and max(filter(None, offsets), default=0) < below:
        return offsets
    return [each if each is not None and each < below else None for each in offsets]


def _in_order(offsets: Sequence[int | None]) -> tuple[Sequence[int], Sequence[int | None]]:
    """Which of them are tried, each offset once and rising; and for each its place among these."""
    known = [each for each in offsets if each is not None]
    if len(known) == len(offsets) and all(map(lt, known, known[1:])):  # as a run mostly sends them
        return range(len(known)), range(len(known))
    firsts: dict[int | None, int] = {}
    for place, each in enumerate(offsets):
        firsts.setdefault(each, place)
    order = sorted({*known})
    places: dict[int | None, int] = {offset: place for place, offset in enumerate(order)}
    return [firsts[offset] for offset in order], [places.get(each) for each in offsets]


def told_of(marks: MarkColumns, tried: Iterable[tuple[Originals, Outcomes]]) -> ToldColumns:
    """What became of retries: of those that nobody could try, that they were refused."""
    became: list[tuple[str, str | None]] = []
    for found, outcomes in tried:
        said = [*map(_SAID.__getitem__, outcomes.codes)]
        for at, poison in outcomes.poisons.items():
            said[at] = (said[at][0], str(poison.reason))
        mine = [_REFUSED if at is None else said[at] for at in found.places]
        became = _joined(became, mine, found.places) if became else mine
    became = became or [_REFUSED] * len(marks.abouts)
    return ToldColumns(_runs(marks.abouts), marks.numbers, became)


def _runs(abouts: Sequence[About]) -> list[tuple[str, str, str]]:
    if abouts and are_alike(abouts):
        return [abouts[0][:3]] * len(abouts)
    return [each[:3] for each in abouts]


def _joined(
    before: Sequence[tuple[str, str | None]],
    mine: Sequence[tuple[str, str | None]],
    places: Sequence[int | None],
) -> list[tuple[str, str | None]]:
    return [old if at is None else new for old, new, at in zip(before, mine, places, strict=True)]
