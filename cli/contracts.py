"""`backbone contracts`: the contracts of avro/ against the rules, and against the registry."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from backbone.contracts.catalog import Contracts, read_sources
from backbone.contracts.contract import Contract
from backbone.contracts.lint import Finding, lint
from backbone.contracts.linting.catalog import CODES
from backbone.contracts.linting.page import page
from backbone.errors import Misconfigured
from backbone.impact.sunset import require_before_sunset
from backbone.registry.port import Incompatible, Registry
from cli.contract_changes import diff_command, impact_command
from cli.generate import generate
from cli.output import Format, Output, show
from cli.problems import FAILED
from cli.wiring import contracts_dir, registry

app = typer.Typer(no_args_is_help=True, help="Check the contracts and register them.")
app.command("impact")(impact_command)
app.command("diff")(diff_command)
app.command("generate")(generate)

_FINDING = ("file", "code", "field", "what", "remedy")
_REGISTERED = ("subject", "version", "id", "state")


@dataclass(frozen=True, slots=True)
class Registered:
    """A contract as the registry has it now; `state` is "new" or "unchanged"."""

    subject: str
    version: int
    id: int
    state: str


@app.command("lint")
def lint_command(
    output: Output = Format.TABLE,
    *,
    against_registry: Annotated[
        bool, typer.Option("--against-registry", help="Compare with the registered versions too.")
    ] = False,
    explain: Annotated[
        str | None, typer.Option("--explain", help="Say what a code means, and why.")
    ] = None,
) -> None:
    """Find what is wrong with the contracts. Needs no service. Exit code 1 when there is something.

    Example: backbone contracts lint --against-registry
    """
    if explain is not None:
        typer.echo(_explained(explain), nl=False)
        return
    directory = contracts_dir()
    found = findings(directory, registry()) if against_registry else lint(directory)
    rows = [{name: getattr(each, name) for name in _FINDING} for each in found]
    if found:
        show(rows, _FINDING, output)
        raise typer.Exit(FAILED)
    typer.echo("the contracts are in order", err=True)


@app.command("register")
def register_command(output: Output = Format.TABLE) -> None:
    """Register every contract, if all of them are in order; changes nothing otherwise.

    Example: backbone contracts register --output json
    """
    rows = register_all(contracts_dir(), registry())
    show(
        [{name: getattr(each, name) for name in _REGISTERED} for each in rows], _REGISTERED, output
    )


def findings(directory: Path, registry: Registry) -> list[Finding]:
    """Lint, and compare each contract that can be read with its registered versions."""
    contracts = [each.contract for each in read_sources(directory) if each.contract]
    return lint(directory, {each.subject: registry.versions(each.subject) for each in contracts})


def register_all(directory: Path, registry: Registry) -> list[Registered]:
    """Register what is new, once nothing is found in any contract and all are compatible.

    Raises Misconfigured that names every reason why not; then nothing was registered.
    """
    found = findings(directory, registry)
    if found:
        listed = "".join(f"\n  {each.file}: {_line(each)}" for each in found)
        raise Misconfigured(f"the contracts are not registered, mend them first:{listed}")
    contracts = list(Contracts.load(directory).values())
    require_before_sunset(contracts, datetime.now(UTC).date())
    for contract in contracts:
        registry.require_full_transitive(contract.subject)
    broken = list(_incompatible(contracts, registry))
    if broken:
        raise broken[0] if len(broken) == 1 else Misconfigured("; ".join(map(str, broken)))
    return [_register(contract, registry) for contract in contracts]


def _explained(code: str) -> str:
    if code not in CODES:
        raise typer.BadParameter(f"there is no code {code}; there are {', '.join(CODES)}")
    return page(code)


def _incompatible(contracts: Sequence[Contract], registry: Registry) -> Iterator[Incompatible]:
    for contract in contracts:
        messages = registry.compatible(contract.subject, contract.registered)
        if messages:
            yield Incompatible(contract.subject, messages)


def _register(contract: Contract, registry: Registry) -> Registered:
    known = registry.lookup(contract.subject, contract.registered)
    schema_id = registry.register(contract.subject, contract.registered)
    texts = [json.loads(text) for text in registry.versions(contract.subject)]
    version = texts.index(json.loads(contract.registered)) + 1
    state = "new" if known is None else "unchanged"
    return Registered(contract.subject, version, schema_id, state)


def _line(finding: Finding) -> str:
    place = f"{finding.field} " if finding.field else ""
    return f"{finding.code} {place}{finding.what}: {finding.remedy}"
