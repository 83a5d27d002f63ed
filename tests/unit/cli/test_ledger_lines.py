"""Which topics the ledger shows where none is named."""

import pytest

from backbone.ledger.line import Line
from backbone.ledger.source_lines import PUBLISHED, READ
from cli.ledger import _concern_anybody

NOBODYS = Line(PUBLISHED, "", "t", 0, {"in the topic": 0}, note="no source here publishes it")


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([NOBODYS, Line("topic → warehouse", "x", "t/0", 0, {})], False),
        ([Line(PUBLISHED, "", "t", 0, {"in the topic": 1})], True),
        ([NOBODYS, Line("topic → warehouse", "x", "t/0", 1, {})], True),
        ([Line(READ, "shop", "cursor", 0, {}), NOBODYS], True),
    ],
)
def test_a_topic_that_is_empty_and_nobodys_is_left_out(lines: list[Line], shown: bool) -> None:
    assert _concern_anybody(lines) is shown
