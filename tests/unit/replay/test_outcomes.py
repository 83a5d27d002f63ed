"""What an owner tells, as bytes, and where it goes on."""

from backbone.replay.outcomes import MAX_TOLD, Became, Report, Told, reports, resume_at

ONE = Told("dlq.prices/0/17", "id-2", "r1", Became.FAILED, "handler_failed")


def test_a_report_is_read_back() -> None:
    report = Report("id", 18, [ONE])

    assert Report.from_bytes(report.to_bytes()) == report


def test_many_outcomes_are_cut_and_only_the_last_record_moves_the_position() -> None:
    made = list(reports("id", 5, 9, [ONE] * (MAX_TOLD + 1)))

    assert [(each.next, len(each.told)) for each in made] == [(5, MAX_TOLD), (9, 1)]


def test_an_owner_goes_on_where_the_newest_says_unless_the_topic_is_another() -> None:
    newest = Report("id", 18, [ONE]).to_bytes()

    assert resume_at(newest, "id") == 18
    assert resume_at(newest, "recreated") == 0
    assert resume_at(None, "id") == 0
