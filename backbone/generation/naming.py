"""Names of files and types that follow from a contract's names."""

from collections.abc import Collection, Iterator, Mapping

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Leaf, Record, Shape, parts
from backbone.snake_case import snake_case

Named = Record | Leaf


def path_of(contract: Contract) -> str:
    """`shop/sales/order_placed`: the namespace is the folder, so two majors never meet."""
    return "/".join([*contract.namespace.split("."), snake_case(contract.name)])


def named_types(shape: Shape) -> Mapping[str, Named]:
    """Records and enums by full name, each behind those it is made of."""
    return dict(_named(shape))


def _named(shape: Shape) -> Iterator[tuple[str, Named]]:
    for part in parts(shape):
        yield from _named(part)
    if isinstance(shape, Record) or (isinstance(shape, Leaf) and shape.kind == "enum"):
        yield shape.name, shape


def local_names(shape: Shape, taken: Collection[str]) -> Mapping[str, str]:
    """A name without namespace for each record and enum; where that is taken, with it."""
    given: dict[str, str] = {}
    for full in named_types(shape):
        name = full.rpartition(".")[2]
        if name in taken or name in given.values():
            name = "".join(part[:1].upper() + part[1:] for part in full.split("."))
        given[full] = name
    return given
