"""The words of an expression (backbone/contracts/expression.py)."""

import re

from backbone.contracts.schema_problem import BadRule, SchemaProblem

MAX_LENGTH = 1_000
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<text>'[^'\\\n]*'|\"[^\"\\\n]*\")"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>&&|\|\||[=!<>]=|[<>()!+*.,-]))"
)


def tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_LENGTH:
        raise wrong(f"has more than {MAX_LENGTH:,} characters")
    found, at = [], 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None:
            raise wrong(f"cannot be read from {text[at:].strip()[:20]!r} on")
        found.append((str(token.lastgroup), token[str(token.lastgroup)]))
        at = token.end()
    return found


def wrong(what: str) -> SchemaProblem:
    return BadRule("", what)
