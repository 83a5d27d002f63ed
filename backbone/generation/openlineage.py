"""OpenLineage: topics, views and tables as datasets, what makes them as jobs, column by column.

One event a line, as its HTTP and file transports take them: a DatasetEvent for every dataset, a
JobEvent for every view and every table that a sink fills. A topic's facts are members of its
schema: the field `OrderPlaced.order_id`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Array, Field, Map, Nullable, Record, Shape
from backbone.generation.estate import Estate, Files, Reads, ViewTerms
from backbone.warehouse.masked_view import masked_name
from backbone.warehouse.table import LINEAGE, FactTable, column_type

PRODUCER = "urn:backbone:contracts:generate"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
_FACETS = "https://openlineage.io/spec/facets"
_VERSIONS: Mapping[str, str] = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "documentation": "1-1-0/DocumentationDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "ownership": "1-0-1/OwnershipDatasetFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "tags": "1-0-0/TagsDatasetFacet",
}
_IDENTITY = {"type": "DIRECT", "subtype": "IDENTITY"}
_MADE_OF = {"type": "DIRECT", "subtype": "TRANSFORMATION"}
_MASKED = {**_MADE_OF, "masking": True}
_READ = {"type": "INDIRECT"}


def openlineage(estate: Estate) -> Files:
    made = _Events(estate)
    events = [*made.topics(), *made.views(), *made.tables()]
    return {"openlineage.ndjson": "".join(f"{json.dumps(each)}\n" for each in events)}


class _Events:
    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._at = estate.deployment.at.isoformat()
        self._kafka = f"kafka://{estate.deployment.kafka}"
        self._redis = f"redis://{estate.deployment.redis}"
        self._clickhouse = f"clickhouse://{estate.deployment.clickhouse}"

    def topics(self) -> Iterator[dict[str, Any]]:
        for topic in self._estate.fact_topics:
            facts = self._estate.contracts.of_topic(topic.name)
            yield self._dataset(self._topic(topic.name), _topic_facets(facts))

    def views(self) -> Iterator[dict[str, Any]]:
        for view in self._estate.views:
            output = {"namespace": self._redis, "name": f"{view.name}.v{view.version}"}
            facets = {
                "schema": {"fields": [{"name": each} for each in view.serves]},
                "documentation": {"description": view.description},
                "columnLineage": self._shown(view),
            }
            yield self._dataset(output, facets)
            yield self._job(f"view/{view.name}", view.topic, {**output, "facets": _signed(facets)})

    def tables(self) -> Iterator[dict[str, Any]]:
        for sink, facts in sorted(self._estate.sinks.items()):
            for name in facts:
                yield from self._table(sink, self._estate.contracts[name])

    def _table(self, sink: str, contract: Contract) -> Iterator[dict[str, Any]]:
        table = FactTable(contract)
        output = self._in_warehouse(table.name)
        facets = {**_table_facets(table), "columnLineage": self._columns(table)}
        yield self._dataset(output, facets)
        loaded = {**output, "facets": _signed(facets)}
        yield self._job(f"sink/{sink}/{contract.type}", contract.topic, loaded)
        if contract.pii:
            masked = {**_table_facets(table), "columnLineage": self._masked(table)}
            yield self._dataset(self._in_warehouse(masked_name(table)), masked)

    def _topic(self, name: str) -> dict[str, str]:
        return {"namespace": self._kafka, "name": name}

    def _in_warehouse(self, name: str) -> dict[str, str]:
        database = self._estate.deployment.database
        return {"namespace": self._clickhouse, "name": f"{database}.{name}"}

    def _dataset(self, dataset: Mapping[str, str], facets: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **self._event("DatasetEvent"),
            "dataset": {**dataset, "facets": _signed(facets)},
        }

    def _job(self, name: str, topic: str, output: Mapping[str, Any]) -> dict[str, Any]:
        kind = {"processingType": "STREAMING", "integration": "BACKBONE", "jobType": "PROCESSOR"}
        return {
            **self._event("JobEvent"),
            "job": {
                "namespace": self._estate.deployment.app,
                "name": name,
                "facets": _signed({"jobType": kind}),
            },
            "inputs": [self._topic(topic)],
            "outputs": [output],
        }

    def _event(self, kind: str) -> dict[str, str]:
        return {"eventTime": self._at, "producer": PRODUCER, "schemaURL": f"{SPEC}#/$defs/{kind}"}

    def _input(self, fact: str, path: str, how: Mapping[str, Any]) -> dict[str, Any]:
        contract = self._estate.contracts[fact]
        field = f"{contract.name}.{path}"
        return {**self._topic(contract.topic), "field": field, "transformations": [dict(how)]}

    def _shown(self, view: ViewTerms) -> dict[str, Any]:
        """Of a view that does not say where its fields come from: what it reads, as a whole."""
        if view.serves:
            return {
                "fields": {name: self._made_of(name, each) for name, each in view.serves.items()}
            }
        read = [
            self._input(fact, path, _READ) for fact, paths in view.reads.items() for path in paths
        ]
        return {"fields": {}, "dataset": read}

    def _made_of(self, name: str, origins: Reads) -> dict[str, Any]:
        """A view need not say that it reads the key."""
        inputs = [
            self._input(fact, path, _IDENTITY if path == name else _MADE_OF)
            for fact, paths in origins.items()
            for path in paths or self._key(name, fact)
        ]
        return {"inputFields": inputs}

    def _key(self, name: str, fact: str) -> Sequence[str]:
        return [name] if name == self._estate.contracts[fact].key else []

    def _columns(self, table: FactTable) -> dict[str, Any]:
        contract = table.contract
        return {
            "fields": {
                each.name: {"inputFields": [self._input(contract.type, each.name, _IDENTITY)]}
                for each in contract.shape.fields
            }
        }

    def _masked(self, table: FactTable) -> dict[str, Any]:
        pii = {each.partition(".")[0] for each in table.contract.pii}
        source = self._in_warehouse(table.name)
        columns = [*(each.name for each in LINEAGE), *_names(table.contract.shape)]
        return {
            "fields": {
                name: {
                    "inputFields": [
                        {
                            **source,
                            "field": name,
                            "transformations": [_MASKED if name in pii else _IDENTITY],
                        }
                    ]
                }
                for name in columns
            }
        }


def _names(record: Record) -> list[str]:
    return [each.name for each in record.fields]


def _signed(facets: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"_producer": PRODUCER, "_schemaURL": f"{_FACETS}/{_VERSIONS[name]}.json", **facet}
        for name, facet in facets.items()
    }


def _topic_facets(facts: Iterable[Contract]) -> dict[str, Any]:
    listed = sorted(facts, key=lambda each: each.type)
    fields = [
        {
            "name": each.name,
            "type": "record",
            "description": each.shape.doc,
            "fields": [_field(inner) for inner in each.shape.fields],
        }
        for each in listed
    ]
    owners = [{"name": f"team:{each}"} for each in sorted({each.owner for each in listed})]
    return {
        "schema": {"fields": fields},
        "ownership": {"owners": owners},
        "tags": _tags(f"{each.name}.{path}" for each in listed for path in sorted(each.pii)),
    }


def _table_facets(table: FactTable) -> dict[str, Any]:
    contract = table.contract
    columns = [
        {
            "name": each.name,
            "type": each.type,
            **({"description": each.comment} if each.comment else {}),
        }
        for each in table.columns
    ]
    return {
        "schema": {"fields": columns},
        "documentation": {"description": contract.shape.doc},
        "ownership": {"owners": [{"name": f"team:{contract.owner}"}]},
        "tags": _tags(sorted(contract.pii)),
    }


def _tags(paths: Iterable[str]) -> dict[str, Any]:
    return {
        "tags": [
            {"key": "pii", "value": "true", "source": "CONTRACT", "field": each} for each in paths
        ]
    }


def _field(field: Field) -> dict[str, Any]:
    made: dict[str, Any] = {"name": field.name, "type": column_type(field.shape)}
    made |= {"description": field.doc} if field.doc else {}
    inner = _record(field.shape)
    return made | ({"fields": [_field(each) for each in inner.fields]} if inner else {})


def _record(shape: Shape) -> Record | None:
    match shape:
        case Nullable(inner) | Array(inner) | Map(inner):
            return _record(inner)
        case Record():
            return shape
    return None
