"""Rows and roles, put where they belong."""

import pytest

from backbone.errors import Misconfigured
from cli.scaffolding import with_role, with_row

CATALOG = """\
from collections.abc import Mapping

from producers.context import Build
from producers.shop import shop

SOURCES: Mapping[str, Build] = {
    "shop": shop,
}
"""


def test_a_row_comes_with_its_import_in_order() -> None:
    line = "from producers.files import files"

    assert with_row(CATALOG, line, '    "files": files,') == (
        "from collections.abc import Mapping\n\n"
        "from producers.context import Build\n"
        "from producers.files import files\n"
        "from producers.shop import shop\n\n"
        'SOURCES: Mapping[str, Build] = {\n    "shop": shop,\n    "files": files,\n}\n'
    )


def test_a_catalog_that_was_changed_by_hand_is_left_alone() -> None:
    with pytest.raises(Misconfigured, match="add the row by hand"):
        with_row(f"{CATALOG}EXTRA = 1\n", "from producers.files import files", "")


def test_a_role_stands_at_the_end_of_its_section() -> None:
    compose = "services:\n  a: {}\n\n  # next\n"

    assert with_role(compose, "  # next\n", "  b: {}\n\n") == (
        "services:\n  a: {}\n\n  b: {}\n\n  # next\n"
    )
    with pytest.raises(Misconfigured, match="add the role by hand"):
        with_role(compose, "  # gone\n", "")
