from backbone.registry.memory import MemoryRegistry

COUNT = '{"type": "record", "name": "R", "fields": [{"name": "count", "type": "int"}]}'
TEXT = '{"type": "record", "name": "R", "fields": [{"name": "count", "type": "string"}]}'


def test_a_subject_that_requires_nothing_takes_any_schema() -> None:
    registry = MemoryRegistry()
    assert (registry.register("s", COUNT), registry.register("s", TEXT)) == (1, 2)
    assert registry.compatible("s", TEXT) == []
    assert registry.versions("s") == [COUNT, TEXT]


def test_the_field_of_a_nested_record_is_named_by_its_path() -> None:
    registry = MemoryRegistry()
    registry.require_full_transitive("s")
    lines = '{"name": "lines", "type": {"type": "array", "items": %s}}'
    outer = f'{{"type": "record", "name": "O", "fields": [{lines}]}}'
    registry.register("s", outer % COUNT)
    assert registry.compatible("s", outer % TEXT) == [
        (
            "version 1 cannot read the new schema: lines.count: "
            "reader type: int not compatible with writer type: string"
        ),
        (
            "the new schema cannot read version 1: lines.count: "
            "reader type: string not compatible with writer type: int"
        ),
    ]
