"""S: schemas that no process would take. They are found when the file is read
(backbone/contracts/shape.py, backbone/contracts/rules.py, backbone/contracts/catalog.py)."""

from collections.abc import Mapping

from backbone.contracts.linting.code import INSTANT, LINE, Code, Example, having, with_field

CODES: Mapping[str, Code] = {
    "S001": Code(
        "the schema is not valid, not safe or not supported",
        "mend it: legal names, unions of null and one type, decimals with precision and scale",
        "Java and Avro's own library refuse what fastavro lets through, and no document can say "
        "which branch of a larger union it holds.",
        with_field(["int", "string"]),
        with_field(["null", "string"], default=None),
    ),
    "S002": Code(
        "a default that readers could not use",
        "give one of the field's type, or none",
        "Nobody looks at defaults when they are registered. The first reader of an old fact fails.",
        with_field("int", default="five"),
        with_field("int", default=5),
    ),
    "S003": Code(
        "a type inside itself",
        "name the other record by its key",
        "Nesting without end lets a few bytes exhaust a reader's memory, and no table holds it.",
        with_field({**LINE, "fields": [{"name": "above", "type": "Line", "doc": "The last."}]}),
        with_field(
            {**LINE, "fields": [{"name": "above_id", "type": "string", "doc": "The last."}]}
        ),
    ),
    "S004": Code(
        "a type that takes no bytes",
        "give the items a type, the record a field",
        "A list of 2**40 nulls is seven bytes long: whoever reads it runs out of memory.",
        with_field({"type": "array", "items": "null"}),
        with_field({"type": "array", "items": "string"}),
    ),
    "S005": Code(
        "an instant that is not UTC in microseconds",
        'write "logicalType": "timestamp-micros"',
        "Two units in one log are mixed up sooner or later, and local time means another instant "
        "in every place.",
        with_field({"type": "long", "logicalType": "local-timestamp-micros"}, name="opened"),
        with_field(INSTANT, name="opened_at"),
    ),
    "S006": Code(
        "a value rule that cannot be asked",
        "mend it, as the finding says",
        "A rule that is never asked is worse than none: everybody relies on it.",
        Example(
            {
                **having("int", "pieces"),
                "rules": [{"name": "some", "expr": "piece > 0", "message": "must be some"}],
            }
        ),
        Example(
            {
                **having("int", "pieces", rules={"maximum": 99}),
                "rules": [{"name": "some", "expr": "pieces > 0", "message": "must be some"}],
            }
        ),
    ),
}
