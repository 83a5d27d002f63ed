from typing import Any

import pytest
import yaml

from backbone.generation.yaml_text import yaml_text

VALUES: list[Any] = [
    {"a": {"b": [1, {"c": None, "d": []}, [], {}, [2, [3]]]}, "on": True, "1": "no"},
    {"text": 'quotes " and \\ and\nlines: - # & \u2028 é 😀', "n": -1.5, "": "empty"},
    {"$ref": "#/a", "x-y.z": "1", "yes": "2026-01-01", "list": [{"a": 1, "b": 2}, "plain"]},
    [{"a": 1}, [1, 2], "x"],
]


@pytest.mark.parametrize("value", VALUES)
def test_yaml_reads_what_was_written(value: Any) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


def test_it_is_written_for_people() -> None:
    assert yaml_text({"spec": {"partitions": 4, "names": ["a", {"b": "c", "d": 1}]}}) == (
        'spec:\n  partitions: 4\n  names:\n    - "a"\n    - b: "c"\n      d: 1\n'
    )
