"""AsyncAPI 3: topics as channels, facts as messages, who sends and who receives them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from backbone.contracts.contract import Contract
from backbone.generation.estate import Estate, Files, ViewTerms
from backbone.generation.yaml_text import yaml_text
from backbone.log import TopicSpec

AVRO = "application/vnd.apache.avro+json;version=1.9.0"
_BINDING = "0.5.0"
# What a fact's headers are (backbone/envelope.py), and which of them are always there.
HEADERS: Mapping[str, tuple[bool, str]] = {
    "ce_specversion": (True, "1.0: the version of CloudEvents."),
    "ce_id": (True, "Unique per distinct fact of its source."),
    "ce_source": (True, "The system of record."),
    "ce_type": (True, "The fact's full name and major version."),
    "ce_time": (True, "When it happened, in UTC."),
    "ce_sequence": (True, "Where the source was; sorts as text."),
    "ce_subject": (False, "What it is about."),
    "ce_correlationid": (False, "What it belongs to."),
    "ce_causationid": (False, "What it follows from."),
    "traceparent": (False, "W3C Trace Context."),
    "tracestate": (False, "W3C Trace Context."),
}
_LIST_POLICIES = ("cleanup.policy",)
_NUMBERS = ("retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes")


def asyncapi(estate: Estate) -> Files:
    document = {
        "asyncapi": "3.1.0",
        "info": _info(estate),
        "defaultContentType": "application/avro",
        "servers": {"kafka": _server(estate)},
        "channels": {
            _id(each.name): _channel(each, estate.contracts.of_topic(each.name))
            for each in estate.fact_topics
        },
        "operations": {**_sends(estate), **_views(estate), **_sinks(estate)},
        "components": {
            "messages": {each.type: _message(each) for each in estate.facts},
            "messageTraits": {"envelope": _envelope()},
        },
    }
    return {"asyncapi.yaml": yaml_text(document)}


def _info(estate: Estate) -> dict[str, Any]:
    owners = sorted({each.owner for each in estate.facts})
    return {
        "title": f"Facts of {estate.deployment.app}",
        "version": "1.0.0",
        "description": "Immutable facts, one topic per aggregate and system of record.",
        "tags": [{"name": each} for each in owners],
    }


def _server(estate: Estate) -> dict[str, Any]:
    registry = {
        "schemaRegistryUrl": estate.deployment.registry,
        "schemaRegistryVendor": "confluent",
        "bindingVersion": _BINDING,
    }
    return {
        "host": estate.deployment.kafka,
        "protocol": "kafka",
        "bindings": {"kafka": registry},
    }


def _id(topic: str) -> str:
    return topic.replace(".", "-")


def _channel(topic: TopicSpec, facts: Iterable[Contract]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name, value in sorted(topic.config.items()):
        if name in _LIST_POLICIES:
            config[name] = value.split(",")
        elif name in _NUMBERS:
            config[name] = int(value)
    return {
        "address": topic.name,
        "messages": {
            each.type: {"$ref": f"#/components/messages/{each.type}"}
            for each in sorted(facts, key=lambda fact: fact.type)
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": config,
                "bindingVersion": _BINDING,
            }
        },
    }


def _message(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.type,
        "title": contract.name,
        "summary": contract.shape.doc,
        "contentType": "application/avro",
        "traits": [{"$ref": "#/components/messageTraits/envelope"}],
        "payload": {"schemaFormat": AVRO, "schema": json.loads(contract.registered)},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The fact's `{contract.key}`."},
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "TopicRecordNameStrategy",
                "bindingVersion": _BINDING,
            }
        },
        "x-owner": contract.owner,
        "x-status": contract.status,
        "x-classification": contract.classification,
        "x-subject": contract.subject,
    }


def _envelope() -> dict[str, Any]:
    return {
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {
            "type": "object",
            "required": [name for name, (always, _) in HEADERS.items() if always],
            "properties": {
                name: {"type": "string", "description": doc} for name, (_, doc) in HEADERS.items()
            },
        },
    }


def _operation(action: str, topic: str, facts: Iterable[str], summary: str) -> dict[str, Any]:
    channel = f"#/channels/{_id(topic)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": summary,
        "messages": [{"$ref": f"{channel}/messages/{each}"} for each in sorted(facts)],
    }


def _received(topic: str, facts: Iterable[str], summary: str, group: str) -> dict[str, Any]:
    binding = {"groupId": {"type": "string", "enum": [group]}, "bindingVersion": _BINDING}
    return {
        **_operation("receive", topic, facts, summary),
        "bindings": {"kafka": binding},
    }


def _sends(estate: Estate) -> dict[str, Any]:
    return {
        f"send-{_id(topic.name)}": _operation(
            "send",
            topic.name,
            [each.type for each in estate.contracts.of_topic(topic.name)],
            f"Facts of {estate.contracts.of_topic(topic.name)[0].system_of_record}.",
        )
        for topic in estate.fact_topics
    }


def _views(estate: Estate) -> dict[str, Any]:
    return {f"view-{each.name}": _view(each, estate.deployment.app) for each in estate.views}


def _view(view: ViewTerms, app: str) -> dict[str, Any]:
    return _received(view.topic, view.reads, view.description, f"{app}.{view.name}")


def _sinks(estate: Estate) -> dict[str, Any]:
    app, made = estate.deployment.app, {}
    for sink, taken in sorted(estate.sinks.items()):
        for topic in sorted({estate.contracts[each].topic for each in taken}):
            facts = [each for each in taken if estate.contracts[each].topic == topic]
            operation = _received(topic, facts, f"Into {sink}.", f"{app}.{sink}.{topic}")
            made[f"sink-{sink}-{_id(topic)}"] = operation
    return made
