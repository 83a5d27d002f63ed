"""The table of verdicts: what is expected of each case, and what is found."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from backbone.contracts.lint import lint
from backbone.impact.judging import Case, judge
from backbone.impact.report import unsound
from backbone.impact.verdict import Verdict, worst
from backbone.registry.compatibility import full_transitive
from backbone.registry.port import Registry
from tests.contracts_changes import engines
from tests.contracts_changes.change_case import ChangeCase, write
from tests.contracts_changes.things_readers import readers

TABLE = Path(__file__).parent / "table.md"
NONE = "-"


@dataclass(frozen=True)
class Verdicts:
    """A row. Of the engines: what becomes of old bytes read with the new schema / the other way."""

    case: str
    lint: str
    registry: str
    rule: str
    impact: str
    hits: str
    fastavro: str
    avro: str
    ours: str
    disagreement: str = NONE


COLUMNS = tuple(each.name for each in fields(Verdicts))


def expected() -> dict[str, Verdicts]:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {row[0]: Verdicts(*row) for row in rows}


def linted(case: ChangeCase, folder: Path) -> str:
    """The codes found in the new contract, compared with the old one as if it was registered."""
    write(case.new, folder)
    found = lint(folder, {case.new.subject: [case.old.text]})
    return " ".join(sorted({each.code for each in found})) or NONE


def ruled(case: ChangeCase) -> str:
    """Our own reading of the rule; a new subject has no past version."""
    return "refuses" if full_transitive(_past(case), case.new.text) else "allows"


def registered(case: ChangeCase, registry: Registry, prefix: str) -> str:
    """The registry's own answer."""
    old, new = (f"{prefix}-{case.name}-{each.subject}" for each in (case.old, case.new))
    registry.require_full_transitive(old)
    registry.register(old, case.old.text)
    return "refuses" if registry.compatible(new, case.new.text) else "allows"


def _past(case: ChangeCase) -> list[str]:
    return [case.old.text] if case.old.subject == case.new.subject else []


def judged(case: ChangeCase, folder: Path) -> tuple[str, str]:
    """The worst verdict, and each kind of reader that is hit with the worst of its own."""
    path = write(case.new, folder)
    case_of = Case(case.old, case.new, _past(case), None, unsound(path, path.name))
    rows = judge(case_of, readers([case.old, case.new]))
    found: dict[str, list[Verdict]] = {}
    for each in rows:
        found.setdefault(_kind(each.who), []).append(each.verdict)
    told = [f"{kind} {worst(those)}" for kind, those in found.items() if kind]
    return str(overall([each.verdict for each in rows], found)), ", ".join(sorted(told)) or NONE


def overall(verdicts: Sequence[Verdict], found: dict[str, list[Verdict]]) -> Verdict:
    """Harm to a column alone is nobody's: the change is unread then."""
    nobody = worst(found.get("", []))
    only_columns = not (found.keys() - {"", "warehouse"})
    if nobody is Verdict.UNREAD and only_columns and worst(verdicts) is Verdict.HARMS:
        return Verdict.UNREAD
    return worst(verdicts)


def _kind(who: str) -> str:
    named = {"partner (topic)": "partner", "service (model)": "service"}
    return named.get(who, who.partition(" ")[0])


def decoded(case: ChangeCase, folder: Path) -> tuple[str, str, str]:
    reads = (engines.fastavro, engines.apache, engines.ours(folder))
    one, other, third = (
        f"{engines.outcome(case, 'old', read)} / {engines.outcome(case, 'new', read)}"
        for read in reads
    )
    return one, other, third


def disagree(row: Verdicts) -> bool:
    """Whether anybody says otherwise: the registry than our rule, the engines among themselves, or
    both than what the registry lets through."""
    engines_differ = len({row.fastavro, row.avro, row.ours}) > 1
    as_allowed = row.fastavro == "same / same"
    return row.registry != row.rule or engines_differ or as_allowed != (row.registry == "allows")
