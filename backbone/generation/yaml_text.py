"""YAML for people: blocks, with every text in quotes, so that none is read as something else."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def yaml_text(value: Any) -> str:
    """JSON values only. A scalar is written as JSON, which YAML reads the same."""
    return "\n".join(_block(value)) + "\n"


def _block(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, member in value.items():
            yield from _member(f"{_name(name)}:", member)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            yield from _item(item)
    else:
        yield _scalar(value)


def _member(head: str, value: Any) -> Iterator[str]:
    if _is_scalar(value):
        yield f"{head} {_scalar(value)}"
        return
    yield head
    for line in _block(value):
        yield f"  {line}"


def _item(value: Any) -> Iterator[str]:
    first, *rest = _block(value)
    yield f"- {first}"
    for line in rest:
        yield f"  {line}"


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple) or not value


def _name(name: str) -> str:
    """Plain where nothing in YAML could take it for another thing than a word."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _WORDS else _scalar(name)


def _scalar(value: Any) -> str:
    """Text as it is, but for what YAML takes for line breaks or cannot hold."""
    return _ODD.sub(lambda each: f"\\u{ord(each[0]):04x}", json.dumps(value, ensure_ascii=False))


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
