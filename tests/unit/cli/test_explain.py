"""`backbone explain`: what is said where nobody lies and yet something lacks."""

from backbone.explain.evidence import Evidence, Hop
from backbone.explain.judging import Verdict
from cli.explain import _without
from tests.unit.explain.test_judging import chapter, fact, fold


def test_a_fact_that_lies_with_the_dead_letters_is_named_and_nobody_is_at_fault() -> None:
    evidence = Evidence("counts", fold([fact(2)]), [chapter(1), chapter(2)])

    judgement = _without({1}, evidence, fold)

    assert (judgement.verdict, judgement.at_fault) == (Verdict.PARTIAL, [])
    (gap,) = judgement.gaps
    assert "shop.count.v1/0/1 in the entry" in gap
    assert "backbone dlq causes counts" in gap


def test_what_dead_letters_do_not_explain_is_a_lie_still() -> None:
    evidence = Evidence("counts", fold([fact(3)]), [chapter(1), chapter(2)])

    assert Hop.VIEW in _without({1}, evidence, fold).at_fault
