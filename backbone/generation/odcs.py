"""Open Data Contract Standard 3.1: one data contract per fact, with its topic and its table."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from backbone.contracts.contract import PII, Contract
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.generation.estate import Deployment, Estate, Files
from backbone.generation.yaml_text import yaml_text
from backbone.warehouse.table import FactTable, column_type

VERSION = "v3.1.0"
_STATUSES = {"draft": "draft", "active": "active", "deprecated": "deprecated"}
_LOGICAL: Mapping[str, str] = {
    "boolean": "boolean",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "string": "string",
    "enum": "string",
    "uuid": "string",
    "bytes": "string",
    "fixed": "string",
    "timestamp-micros": "timestamp",
    "date": "date",
}
_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "string": ("pattern", "minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
}


def odcs(estate: Estate) -> Files:
    return {
        f"{each.type}.odcs.yaml": yaml_text(_contract(each, estate.deployment))
        for each in estate.facts
    }


def _contract(contract: Contract, deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": f"urn:fact:{contract.ce_type}",
        "name": contract.name,
        "version": f"{contract.major}.0.0",
        "status": _STATUSES.get(contract.status, "retired"),
        "domain": contract.topic.partition(".")[0],
        "description": {"purpose": contract.shape.doc},
        "team": {"name": contract.owner},
        "servers": list(_servers(deployment)),
        "schema": [_topic(contract), _table(contract)],
        "slaProperties": list(_promises(contract)),
        "customProperties": [
            {"property": name, "value": getattr(contract, attribute)}
            for name, attribute in (
                ("subject", "subject"),
                ("systemOfRecord", "system_of_record"),
                ("orderedBy", "order"),
                ("residency", "residency"),
                ("classification", "classification"),
                ("expectedPerDay", "expected_per_day"),
                ("erasureSubject", "erasure_subject"),
            )
            if getattr(contract, attribute) is not None
        ],
    }


def _servers(deployment: Deployment) -> Iterator[dict[str, Any]]:
    yield {"server": "kafka", "type": "kafka", "host": deployment.kafka, "format": "avro"}
    host, _, port = deployment.clickhouse.rpartition(":")
    yield {
        "server": "warehouse",
        "type": "clickhouse",
        "host": host,
        "port": int(port),
        "database": deployment.database,
    }


def _promises(contract: Contract) -> Iterator[dict[str, Any]]:
    yield {"property": "latency", "value": contract.freshness_seconds, "unit": "s"}
    if contract.retention != "forever":
        days = int(contract.retention.removesuffix("d"))
        yield {"property": "retention", "value": days, "unit": "d"}
    if contract.sunset:
        yield {"property": "endOfSupport", "value": contract.sunset}


def _topic(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name,
        "physicalName": contract.topic,
        "physicalType": "topic",
        "logicalType": "object",
        "description": contract.shape.doc,
        "properties": [_property(each, contract, _avro) for each in contract.shape.fields],
    }


def _table(contract: Contract) -> dict[str, Any]:
    table = FactTable(contract)
    return {
        "name": table.name,
        "physicalName": table.name,
        "physicalType": "view",
        "logicalType": "object",
        "description": contract.shape.doc,
        "properties": [_property(each, contract, column_type) for each in contract.shape.fields],
    }


def _property(field: Field, contract: Contract | None, physical: Any) -> dict[str, Any]:
    """`contract` where the field is one of the fact itself."""
    made: dict[str, Any] = {"name": field.name}
    made |= {"description": field.doc} if field.doc else {}
    made |= _typed(field.shape, field, physical)
    made["required"] = not isinstance(field.shape, Nullable)
    if field.tags:
        made["tags"] = [each.lower() for each in sorted(field.tags)]
    if PII in field.tags:
        made["classification"] = "restricted"
    if contract and field.name == contract.key:
        made |= {"partitioned": True, "partitionKeyPosition": 1}
    return made


def _typed(shape: Shape, field: Field | None, physical: Any) -> dict[str, Any]:
    inner = shape.inner if isinstance(shape, Nullable) else shape
    logical = _logical(inner)
    made: dict[str, Any] = {"logicalType": logical, "physicalType": physical(shape)}
    options = dict(_options(logical, field)) if field else {}
    if options:
        made["logicalTypeOptions"] = options
    match inner:
        case Array(items):
            made["items"] = _typed(items, None, physical)
        case Record():
            made["properties"] = [_property(each, None, physical) for each in inner.fields]
    return made


def _logical(shape: Shape) -> str:
    match shape:
        case Leaf():
            return _LOGICAL[shape.logical or shape.kind]
        case Array():
            return "array"
    return "object"


def _options(logical: str, field: Field) -> Iterator[tuple[str, Any]]:
    for name, given in field.rules.items():
        if name in _OPTIONS.get(logical, ()):
            yield name, _number(given) if name in _NUMERIC else given


def _number(given: Any) -> Any:
    """A decimal's bound is text, and a number here."""
    if not isinstance(given, str):
        return given
    bound = Decimal(given)
    return int(bound) if bound == bound.to_integral_value() else float(bound)


def _avro(shape: Shape) -> str:
    match shape:
        case Leaf(logical="decimal"):
            return f"decimal({shape.precision}, {shape.scale})"
        case Leaf():
            return shape.logical or shape.kind
        case Nullable(inner):
            return _avro(inner)
        case Array(items):
            return f"array<{_avro(items)}>"
        case Map(values):
            return f"map<{_avro(values)}>"
        case Record():
            return shape.name
