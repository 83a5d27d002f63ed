"""Contracts: all contract files of a directory, or everything that is wrong with them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from backbone.contracts import attributes
from backbone.contracts.contract import LOG_ORDER, Contract, TopicTerms
from backbone.contracts.nodes import full_name
from backbone.contracts.parse import compile_parser
from backbone.contracts.schema_problem import SchemaProblem
from backbone.contracts.shape import (
    NO_DEFAULT,
    Array,
    Field,
    Leaf,
    Map,
    Nullable,
    Record,
    Shape,
    read_shape,
)
from backbone.contracts.walk import Unfit
from backbone.errors import Misconfigured

FILE_NAME = re.compile(r"[a-z][a-z0-9_]*\.v([1-9][0-9]{0,3})\.avsc")
ORDERS = frozenset({"long", "timestamp-micros"})
"""What an order version may be: whole numbers, and instants, which order as microseconds."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file cannot be used. `code` is the linter's (docs/contract-lint.md)."""

    code: str
    file: str
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        what = f"{self.field} {self.what}" if self.field else self.what
        return f"{self.file}: {what}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Source:
    """One contract file as read, sound or not."""

    file: str
    schema: Mapping[str, Any]
    contract: Contract | None
    problems: tuple[Problem, ...]


class Contracts(Mapping[str, Contract]):
    """Contracts by Avro full name."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._by_type = dict(contracts)

    @classmethod
    def load(cls, directory: Path) -> "Contracts":
        """Every <name>.v<major>.avsc below a directory. Raises Misconfigured with all problems."""
        sources = read_sources(directory)
        problems = [problem for source in sources for problem in source.problems]
        problems += disagreements(sources)
        if not sources:
            problems = [
                Problem("C001", str(directory), "", "holds no contract", "give avro/'s path")
            ]
        if problems:
            listed = "".join(f"\n  {problem}" for problem in problems)
            raise Misconfigured(f"the contracts cannot be used:{listed}")
        return cls({each.contract.type: each.contract for each in sources if each.contract})

    def __getitem__(self, name: str) -> Contract:
        return self._by_type[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_type)

    def __len__(self) -> int:
        return len(self._by_type)

    def of_topic(self, topic: str) -> tuple[Contract, ...]:
        return self._of_topic.get(topic, ())

    @cached_property
    def _of_topic(self) -> Mapping[str, tuple[Contract, ...]]:
        names = dict.fromkeys(each.topic for each in self.values())
        return {name: tuple(each for each in self.values() if each.topic == name) for name in names}

    @cached_property
    def topics(self) -> Mapping[str, TopicTerms]:
        return {name: _topic(facts[0]) for name, facts in self._of_topic.items()}


def read_sources(directory: Path) -> list[Source]:
    """Read the files in path order, each with what is wrong with it alone."""
    paths = sorted(directory.rglob("*.avsc"))
    return [read_source(path, path.relative_to(directory).as_posix()) for path in paths]


def disagreements(sources: list[Source]) -> list[Problem]:
    """Find what is wrong between sound files: a type twice, a topic described twice."""
    found: list[Problem] = []
    types: dict[str, str] = {}
    topics: dict[str, tuple[str, TopicTerms]] = {}
    for source in sources:
        if source.contract is None:
            continue
        first = types.setdefault(source.contract.type, source.file)
        if first != source.file:
            remedy = 'give a new major a namespace of its own, such as "shop.sales.v2"'
            found.append(Problem("C005", source.file, "name", f"is defined in {first} too", remedy))
        spec = _topic(source.contract)
        earlier, known = topics.setdefault(spec.name, (source.file, spec))
        found += _differences(source.file, spec, earlier, known)
    return found


def _differences(file: str, spec: TopicTerms, earlier: str, known: TopicTerms) -> Iterator[Problem]:
    for name in ("partitions", "retention", "key"):
        if getattr(spec, name) != getattr(known, name):
            what = f"differs from {earlier}, which shares the topic {spec.name}"
            yield Problem("C005", file, f"contract.{name}", what, "facts of one topic share it")


def _topic(contract: Contract) -> TopicTerms:
    return TopicTerms(contract.topic, contract.partitions, contract.retention, contract.key)


def read_source(path: Path, file: str) -> Source:
    """Read one file, with what is wrong with it alone; `file` is its name for people."""
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        problem = Problem("C001", file, "", f"is not JSON ({error})", "mend it")
        return Source(file, {}, None, (problem,))
    if not isinstance(schema, dict):
        return Source(file, {}, None, (Problem("C001", file, "", "is not a record", "write one"),))
    major = FILE_NAME.fullmatch(path.name)
    problems = tuple(_problems(file, major, schema))
    if problems or major is None:
        return Source(file, schema, None, problems)
    return Source(file, schema, _contract(int(major[1]), schema), ())


def _problems(file: str, major: re.Match[str] | None, schema: dict[str, Any]) -> Iterator[Problem]:
    if major is None:
        yield Problem("C001", file, "", "is named otherwise", "name it <fact_name>.v<major>.avsc")
    operational = schema.get("contract")
    if isinstance(operational, dict):
        for field, what, remedy in attributes.problems(operational):
            yield Problem("C002", file, field, what, remedy)
    else:
        yield Problem(
            "C002", file, "contract", "is missing", "say topic, key, order, owner and the rest"
        )
        operational = {}
    try:
        shape = read_shape(schema)
        compile_parser(shape)
    except SchemaProblem as problem:
        yield Problem(problem.code, file, problem.path, problem.what, "mend the schema")
        return
    yield from _field_problems(file, shape, operational, major)


def _field_problems(
    file: str, shape: Record, operational: Mapping[str, Any], major: re.Match[str] | None
) -> Iterator[Problem]:
    kinds = {each.name: _kind(each.shape) for each in shape.fields}
    key, order = operational.get("key"), operational.get("order")
    if isinstance(key, str) and kinds.get(key) != "string":
        yield Problem(
            "C003", file, "contract.key", "is no string field", "name one that is never null"
        )
    if isinstance(order, str) and order != LOG_ORDER and kinds.get(order) not in ORDERS:
        remedy = 'name a timestamp-micros or long field that is never null, or "log"'
        yield Problem("C004", file, "contract.order", "is no field that orders", remedy)
    topic = str(operational.get("topic"))
    if major and attributes.TOPIC.fullmatch(topic) and not topic.endswith(f".v{major[1]}"):
        remedy = "a breaking change gets a new file and a new topic"
        yield Problem(
            "C006", file, "contract.topic", "has another major than the file's name", remedy
        )
    for path, what in _bad_defaults(shape, ""):
        yield Problem("S002", file, path, what, "give one of the field's type, or none")


def _kind(shape: Shape) -> str:
    return (shape.logical or shape.kind) if isinstance(shape, Leaf) else ""


def _bad_defaults(shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """Defaults that a reader could not use. The registry and fastavro look at none of them."""
    match shape:
        case Nullable(inner) | Array(inner) | Map(inner):
            yield from _bad_defaults(inner, path)
        case Record():
            for field in shape.fields:
                here = f"{path}.{field.name}" if path else field.name
                yield from _bad_default(field, here)
                yield from _bad_defaults(field.shape, here)


def _bad_default(field: Field, here: str) -> Iterator[tuple[str, str]]:
    if field.default is NO_DEFAULT or (field.default is None and isinstance(field.shape, Nullable)):
        return
    if isinstance(field.shape, Nullable):
        yield here, "has a default other than null"
        return
    if isinstance(field.shape, Leaf) and field.shape.logical:
        # Avro writes these defaults as raw numbers and code points, which nobody reads right.
        yield here, f"has a default, which a {field.shape.logical} cannot have"
        return
    sample = Record("Default", (Field("default", field.shape, rules=field.rules),))
    try:
        compile_parser(sample)({"default": field.default})
    except Unfit as unfit:
        yield here, f"has a default that does not fit ({unfit.violations[0][1]})"


def _contract(major: int, schema: Mapping[str, Any]) -> Contract:
    name = full_name(schema["name"], schema.get("namespace", ""))
    return Contract(name, major, schema, **schema["contract"])
