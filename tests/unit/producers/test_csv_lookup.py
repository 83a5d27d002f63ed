"""From a fact back to its line: whatever the source read, the lookup finds again, as it is now."""

from pathlib import Path

import pytest

from backbone.fact import Envelope, Fact
from backbone.source import Reject
from backbone.source_lookup import NoRow, SourceRow
from producers.csv_drop import CsvDropSource
from tests.unit.producers.test_csv_drop import HEADER, A, B, C, drop, read, source_of

QUOTED = '"Q\nwith a line",4.50,2011-10-09\n'


def published(source: CsvDropSource) -> list[Fact]:
    return [fact for batch in read(source) for fact in batch.facts]


def found(source: CsvDropSource, envelope: Envelope) -> Fact | Reject | str:
    answer = source.find(envelope)
    return answer.made if isinstance(answer, SourceRow) else answer.why


def test_every_fact_is_found_again_at_its_line(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + QUOTED + B, "1.csv")
    drop(tmp_path, "\ufeff" + HEADER + C, "2.csv")
    facts = published(source_of(tmp_path))

    assert [fact.envelope.sequence for fact in facts] == [
        *("1.csv:0000000002", "1.csv:0000000003", "1.csv:0000000005", "2.csv:0000000002"),
    ]
    assert [found(source_of(tmp_path), fact.envelope) for fact in facts] == facts


def test_a_changed_line_is_found_as_it_is_now(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + B)
    second = published(source_of(tmp_path))[1]
    drop(tmp_path, HEADER + A + B.replace("2.50", "9.99"))

    changed = found(source_of(tmp_path), second.envelope)

    assert isinstance(changed, Fact)
    assert changed.data["price"] == "9.99"
    assert changed.envelope.id != second.envelope.id


def test_a_line_that_is_refused_now_is_a_reject(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A)
    first = published(source_of(tmp_path))[0]
    drop(tmp_path, HEADER + A.replace("1.50", "-1.50"))

    assert isinstance(found(source_of(tmp_path), first.envelope), Reject)


def test_a_file_that_was_put_away_is_said_so(tmp_path: Path) -> None:
    file = drop(tmp_path, HEADER + A)
    source = source_of(tmp_path)
    first = published(source_of(tmp_path))[0]
    file.unlink()

    assert found(source, first.envelope) == (
        "prices.csv is not in the folder any more: it was put away"
    )
    assert source.put_away()(first.envelope.sequence) is True


def test_a_file_that_ends_before_the_line_has_no_such_row(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + B)
    second = published(source_of(tmp_path))[1]
    drop(tmp_path, HEADER + A)

    assert found(source_of(tmp_path), second.envelope) == "the file has no such row any more"


def test_a_name_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    drop(tmp_path, HEADER + A, "outside.csv")
    drop(inside, HEADER + A)
    envelope = published(source_of(inside))[0].envelope
    strange = Envelope(envelope.id, envelope.source, envelope.time, "../outside.csv:0000000002")

    assert isinstance(source_of(inside).find(strange), NoRow)


def test_a_position_of_another_source_is_no_line(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A)
    envelope = published(source_of(tmp_path))[0].envelope
    outbox = Envelope(envelope.id, envelope.source, envelope.time, f"{7:020d}")

    assert isinstance(source_of(tmp_path).find(outbox), NoRow)


@pytest.mark.parametrize("polls", range(9))
def test_the_rows_up_to_a_cursor_are_those_that_were_given(tmp_path: Path, polls: int) -> None:
    """However far the source has come, with a file behind it, one read in part and one to come."""
    drop(tmp_path, HEADER + A + "broken\n" + QUOTED + B, "1.csv")
    drop(tmp_path, HEADER + C + A + B, "2.csv")
    source = source_of(tmp_path, max_batch_rows=1)
    told, cursor = [], None
    for _ in range(polls):
        batch = source.poll(cursor)
        cursor = batch.cursor
        told += [_name(batch.make(each)) for each in batch.inputs()]

    rows = [_name(row.made) for row in source.rows(cursor or {})]

    source.close()
    assert rows == told
    assert len(told) == min(polls, 7)


def _name(made: Fact | Reject) -> str:
    assert made.origin is not None
    return made.origin.position
