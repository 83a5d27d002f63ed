"""Every code of the linter, and every check of a field or a type: one row each."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from backbone.contracts.linting import changes, files, meaning, names, schemas, types
from backbone.contracts.linting.code import Code
from backbone.contracts.nodes import Part

CODES: Mapping[str, Code] = {
    **files.CODES,
    **schemas.CODES,
    **names.CODES,
    **types.CODES,
    **meaning.CODES,
    **changes.CODES,
}
Check = Callable[[Part], Iterator[str]]
TYPE_CHECKS: Sequence[Check] = (*names.TYPE_CHECKS, *types.TYPE_CHECKS, *meaning.TYPE_CHECKS)
FIELD_CHECKS: Sequence[Check] = (*names.FIELD_CHECKS, *types.FIELD_CHECKS, *meaning.FIELD_CHECKS)
