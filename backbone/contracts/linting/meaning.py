"""O and P: what a contract says to people, and about people."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from backbone.contracts.contract import PII
from backbone.contracts.linting.code import Code, with_field
from backbone.contracts.nodes import Part, doc_of
from backbone.contracts.personal import looks_personal

_TYPES = frozenset({"record", "enum", "fixed"})

CODES: Mapping[str, Code] = {
    "O001": Code(
        "no documentation",
        "say in `doc` what it means, with its unit",
        "A name is read in as many ways as there are readers.",
        with_field("int", doc=" "),
        with_field("int", doc="How many pieces."),
    ),
    "P001": Code(
        "looks like personal data and is not tagged",
        'write "confluent:tags": ["PII"], or [] to say that it is none',
        "Tagged fields are masked where they are shown and found where they must be erased.",
        with_field("string", name="email"),
        with_field("string", name="email", **{"confluent:tags": []}),
    ),
}


def _type_said(part: Part) -> Iterator[str]:
    if str(part.node.get("type")) in _TYPES and not doc_of(part.node).strip():
        yield "O001"


def _field_said(part: Part) -> Iterator[str]:
    if not doc_of(part.node).strip():
        yield "O001"
    if looks_personal(part.name) and not _judged(part):
        yield "P001"


def _judged(part: Part) -> bool:
    """Whether somebody has said, by a tag or an empty list of tags, what the field is."""
    above = any(PII in each.get("confluent:tags", ()) for each in part.above)
    return above or "confluent:tags" in part.node


TYPE_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_type_said,)
FIELD_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_field_said,)
