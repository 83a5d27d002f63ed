"""What an owner tells, as bytes, and where it goes on."""

from backbone.replay.outcomes import (
    MAX_TOLD,
    Became,
    Report,
    Told,
    ToldColumns,
    reports,
    resume_at,
)

ONE = Told("dlq.prices/0/17", "id-2", "r1", Became.FAILED, "handler_failed")


def test_a_report_is_read_back() -> None:
    report = Report("id", 18, [ONE])

    assert Report.from_bytes(report.to_bytes()) == report


def test_many_outcomes_are_cut_and_only_the_last_record_moves_the_position() -> None:
    told = ToldColumns.of([ONE] * (MAX_TOLD + 1))

    made = [Report.from_bytes(each) for each in reports("id", 5, 9, told)]

    assert [(each.next, len(each.told)) for each in made] == [(5, MAX_TOLD), (9, 1)]


def test_an_owner_goes_on_where_the_newest_says_unless_the_topic_is_another() -> None:
    newest = Report("id", 18, [ONE]).to_bytes()

    assert resume_at(newest, "id") == 18
    assert resume_at(newest, "recreated") == 0
    assert resume_at(None, "id") == 0


def test_of_many_what_is_alike_is_written_once() -> None:
    told = [ONE._replace(of=f"dlq.prices/0/{number}", code=None) for number in range(1_000)]

    data = Report("id", 1_000, told).to_bytes()

    assert Report.from_bytes(data).told == told
    assert len(data) < 4_100


def test_each_keeps_its_own() -> None:
    told = [
        ONE,
        Told("pricing.price.v1/3/0", "id-3", "r2", Became.RECOVERED, None),
        Told("no place", "id-2", "r1", Became.REFUSED, None),
        Told("dlq.prices/0/017", "id-2", "r1", Became.REFUSED, "held"),
        ONE,
    ]

    assert Report.from_bytes(Report("id", 18, told).to_bytes()).told == told


def test_what_earlier_releases_told_is_read() -> None:
    row = b'["dlq.prices/0/17","id-2","r1","failed_again","handler_failed"]'

    found = Report.from_bytes(b'{"topic_id":"id","next":18,"told":[%s]}' % row)

    assert found == Report("id", 18, [ONE])


def test_how_many_became_what() -> None:
    one = Told("dlq.x/0/1", "id", "r", Became.RECOVERED, None)
    failed = one._replace(became=Became.FAILED, code="a")
    some = [one, failed, failed._replace(code="b")]

    assert ToldColumns.of(some).counted() == {"recovered": 1, "failed_again": 2}
    assert ToldColumns.of([one] * 3).counted() == {"recovered": 3}
    assert ToldColumns.of([]).counted() == {}
