"""`backbone list`: what there is, from the catalogs and contracts."""

from cli import wiring
from cli.output import Format, Output, show
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from producers.catalog import SOURCES


def show_all(output: Output = Format.TABLE) -> None:
    """List facts, sources, views and sinks.

    Example: backbone list --output json
    """
    contracts = wiring.contracts()
    rows = [
        {"kind": "fact", "name": contract.type, "topic": contract.topic, "about": contract.owner}
        for contract in contracts.values()
    ]
    for name in SOURCES:
        facts = ", ".join(contracts[fact].name for fact in wiring.source(name).facts)
        rows.append({"kind": "source", "name": name, "topic": f"cursor.{name}", "about": facts})
    rows += [
        {"kind": "view", "name": name, "topic": view.topic, "about": view.description}
        for name, view in VIEWS.items()
    ]
    rows += [
        {"kind": "sink", "name": name, "topic": topic, "about": sink.description}
        for name, sink in SINKS.items()
        for topic in sink.topics(contracts)
    ]
    show(rows, ("kind", "name", "topic", "about"), output)
