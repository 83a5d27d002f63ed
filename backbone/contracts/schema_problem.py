"""What is wrong with a schema. `code` is the linter's (docs/contract-lint.md)."""


class SchemaProblem(Exception):
    """A schema that cannot be used; `path` is the field it was found at ("" for the record)."""

    code = "S001"

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}" if path else what)
        self.path = path
        self.what = what


class Recursive(SchemaProblem):
    code = "S003"


class ZeroWidth(SchemaProblem):
    """Of what takes no bytes, a short list may say that it has 2**40."""

    code = "S004"


class OtherInstant(SchemaProblem):
    """Local time, or another unit than microseconds."""

    code = "S005"


class BadRule(SchemaProblem):
    """A rule that does not exist, or does not suit what it is asked of."""

    code = "S006"
