"""`backbone new`: code that passes `make check` at once, to go on from."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from backbone.contracts.contract import PII, Contract
from backbone.contracts.lint import lint
from backbone.contracts.personal import looks_personal
from backbone.contracts.shape import Field, Leaf, Nullable
from backbone.errors import Misconfigured
from backbone.generation.naming import path_of
from backbone.settings import REPOSITORY
from backbone.snake_case import snake_case
from cli import wiring
from cli.scaffolding import SINK, SOURCE, VIEW, filled, new_part, write_new

app = typer.Typer(
    no_args_is_help=True, help="Write a fact, a source, a view or a sink to go on from."
)

Name = Annotated[str, typer.Argument(help="Its name, such as stock-levels.")]
OfFact = Annotated[str, typer.Option("--fact", help="Full name of the fact it is about.")]
_NO_COLUMN = frozenset({"bytes", "fixed"})
_NO_DOCUMENT = _NO_COLUMN | {"date"}


@app.command("fact")
def fact(
    name: Annotated[str, typer.Argument(help="Domain and name: payments.PaymentAuthorized.")],
    owner: Annotated[str, typer.Option("--owner", help="The team to ask.")] = "",
    system: Annotated[str, typer.Option("--source", help="Its system of record.")] = "",
) -> None:
    """Write a contract: a draft with a key and an instant.

    Example: backbone new fact payments.PaymentAuthorized
    """
    domain, _, record = name.rpartition(".")
    if not domain.isidentifier() or not record.isidentifier():
        raise typer.BadParameter("name its domain and itself, such as payments.PaymentAuthorized")
    words = snake_case(record).split("_")
    entity, happened = "_".join(words[:-1]) or domain, words[-1]
    topic = f"{domain.replace('_', '-')}.{entity.replace('_', '-')}.v1"
    known = next(iter(wiring.contracts().of_topic(topic)), None)
    key = known.key if known else f"{entity}_id"
    names = {
        "name": record,
        "namespace": f"{_company()}.{domain}",
        "sentence": f"{entity.replace('_', ' ').capitalize()} {happened}: say what that means.",
        "topic": topic,
        "key": key,
        "owner": owner or (known.owner if known else f"{domain}-team"),
        "system": system or (known.system_of_record if known else f"/services/{domain}"),
        "partitions": str(known.partitions if known else 4),
        "retention": known.retention if known else "forever",
        "entity": entity.replace("_", " "),
        "instant": f"{happened}_at",
        "tags": f',\n      "confluent:tags": ["{PII}"]' if looks_personal(key) else "",
    }
    file = f"{domain}/{snake_case(record)}.v1.avsc"
    write_new(wiring.contracts_dir(), file, filled("fact.avsc", names))
    _refuse_unsound(file)
    _done([f"avro/{file}"], "backbone contracts register, then backbone topics apply")


def _company() -> str:
    """What the namespaces of the project's facts begin with."""
    return next(iter(sorted(wiring.contracts()))).partition(".")[0]


def _refuse_unsound(file: str) -> None:
    found = [each for each in lint(wiring.contracts_dir()) if each.file == file]
    if found:
        (wiring.contracts_dir() / file).unlink()
        listed = "; ".join(f"{each.code} {each.what}: {each.remedy}" for each in found)
        raise Misconfigured(f"not written, for the linter finds {listed}")


@app.command("source")
def source(name: Name, of: OfFact) -> None:
    """Write a source that reads CSV files from a folder.

    Example: backbone new source special-offers --fact shop.pricing.PriceChanged
    """
    contract = _contract(of)
    instants = [each.name for each in contract.shape.fields if _kind(each) == "timestamp-micros"]
    if not instants:
        raise Misconfigured(f"{of} has no instant that says when it happened")
    columns = [each.name for each in contract.shape.fields if _is_plain(each, _NO_COLUMN)]
    function = name.replace("-", "_")
    names = {
        **_names(name, contract),
        "function": function,
        "instant": contract.order if contract.order in instants else instants[0],
        "fields": _listed(columns, 12),
    }
    _part(new_part(REPOSITORY, SOURCE, function, names), f"backbone run source {name}")


@app.command("view")
def view(name: Name, of: OfFact) -> None:
    """Write a view that keeps the newest fact of each key, without personal data.

    Example: backbone new view currencies --fact shop.pricing.PriceChanged
    """
    contract = _contract(of)
    shown = [
        each.name
        for each in contract.shape.fields
        if _is_plain(each, _NO_DOCUMENT) and (PII not in each.tags or each.name == contract.key)
    ]
    constant = name.replace("-", "_").upper()
    names = {
        **_names(name, contract),
        "constant": constant,
        "freshness": str(contract.freshness_seconds),
        "fields": _listed(shown, 8),
    }
    _part(new_part(REPOSITORY, VIEW, constant, names), f"backbone run view {name}")


@app.command("sink")
def sink(name: Name) -> None:
    """Write a sink that loads every fact into ClickHouse.

    Example: backbone new sink archive
    """
    constant = name.replace("-", "_").upper()
    names = {"name": name, "constant": constant}
    _part(new_part(REPOSITORY, SINK, constant, names), f"backbone run sink {name}")


def _contract(name: str) -> Contract:
    contracts = wiring.contracts()
    if name not in contracts:
        raise typer.BadParameter(f"there is no fact {name}; there are {', '.join(contracts)}")
    return contracts[name]


def _names(name: str, contract: Contract) -> dict[str, str]:
    return {
        "name": name,
        "fact": contract.name,
        "fact_constant": snake_case(contract.name).upper(),
        "module": path_of(contract).replace("/", "."),
        "topic": contract.topic,
        "key": contract.key,
    }


def _kind(field: Field) -> str:
    shape = field.shape
    return (shape.logical or shape.kind) if isinstance(shape, Leaf) else ""


def _is_plain(field: Field, without: Iterable[str]) -> bool:
    shape = field.shape.inner if isinstance(field.shape, Nullable) else field.shape
    return isinstance(shape, Leaf) and (shape.logical or shape.kind) not in without


def _listed(names: Iterable[str], indent: int) -> str:
    return "\n".join(f'{" " * indent}"{each}",' for each in names)


def _part(paths: Sequence[str], then: str) -> None:
    _done(paths, f"backbone topics apply, then {then}")


def _done(paths: Sequence[str], then: str) -> None:
    """What follows is generated by a process that sees the new row."""
    command = [sys.executable, "-m", "cli.main", "contracts", "generate"]
    subprocess.run(command, cwd=Path.cwd(), check=True, stdout=sys.stderr)
    typer.echo("\n".join(paths))
    typer.echo(f"look at it, run `make check`; then {then}", err=True)
