"""Every artefact: one row each."""

from collections.abc import Mapping

from backbone.generation.artefact import Artefact
from backbone.generation.asyncapi import asyncapi
from backbone.generation.clickhouse import clickhouse
from backbone.generation.json_schema import json_schema
from backbone.generation.kafkatopics import kafkatopics
from backbone.generation.models import models
from backbone.generation.odcs import odcs
from backbone.generation.openlineage import openlineage
from backbone.generation.subjects import subjects
from backbone.generation.topics import topics
from backbone.generation.typescript import typescript

ARTEFACTS: Mapping[str, Artefact] = {
    "topics": Artefact(topics, "partitions and settings of every topic", checked_in=True),
    "subjects": Artefact(subjects, "what is registered, with its hash", checked_in=True),
    "clickhouse": Artefact(clickhouse, "tables, masking views, grants", checked_in=True),
    "models": Artefact(models, "typed facts for handlers", checked_in=True),
    "json-schema": Artefact(json_schema, "each fact as JSON, 2020-12", checked_in=True),
    "typescript": Artefact(typescript, "each fact as JSON, for TypeScript", checked_in=True),
    "asyncapi": Artefact(asyncapi, "AsyncAPI 3 with Kafka bindings"),
    "odcs": Artefact(odcs, "Open Data Contract Standard 3.1, one document per fact"),
    "kafkatopics": Artefact(kafkatopics, "Strimzi KafkaTopic manifests"),
    "openlineage": Artefact(openlineage, "datasets and jobs with column lineage"),
}
