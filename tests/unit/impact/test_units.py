import pytest

from backbone.impact.units import units_of


@pytest.mark.parametrize(
    ("doc", "units"),
    [
        ("Weight in grams.", {"grams"}),
        ("Weight in kg.", {"kilograms"}),
        ("Share in per cent.", {"percent"}),
        ("Share in %.", {"percent"}),
        ("Price including VAT.", {"gross"}),
        ("The programme's diagrams.", set()),
        ("From milliseconds to seconds.", {"milliseconds", "seconds"}),
        ("", set()),
    ],
)
def test_units_are_found_as_whole_words(doc: str, units: set[str]) -> None:
    assert units_of(doc) == units
