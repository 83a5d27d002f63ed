"""Strimzi's `KafkaTopic` manifests, for clusters whose topics its operator makes."""

from typing import Any

from backbone.generation.estate import Estate, Files
from backbone.generation.yaml_text import yaml_text
from backbone.log import TopicSpec


def kafkatopics(estate: Estate) -> Files:
    """One document per topic. `replicas` is left to the cluster's default: it depends on how many
    brokers there are, which no contract knows."""
    cluster = estate.deployment.app
    return {
        "kafkatopics.yaml": "---\n".join(_manifest(each, cluster) for each in estate.all_topics)
    }


def _manifest(topic: TopicSpec, cluster: str) -> str:
    return yaml_text(
        {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaTopic",
            "metadata": {"name": topic.name, "labels": {"strimzi.io/cluster": cluster}},
            "spec": {
                "topicName": topic.name,
                "partitions": topic.partitions,
                "config": {name: _value(each) for name, each in sorted(topic.config.items())},
            },
        }
    )


def _value(text: str) -> Any:
    """Numbers as numbers: the operator compares them with what the broker says."""
    return int(text) if text.lstrip("-").isdigit() else text
