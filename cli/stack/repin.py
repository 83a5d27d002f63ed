"""Writes `jars.sha256` anew, after a version below was changed.

    python -m cli.stack.repin > jars.new && mv jars.new cli/stack/jars.sha256

It trusts what arrives over the network today; from then on nobody has to.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

KAFKA = ("org.apache.kafka", "kafka_2.13", "4.2.1")
# What the broker logs through. With slf4j-nop every failure of a start would be silent.
LOGGER = ("org.slf4j", "slf4j-simple", "1.7.36")
REGISTRY = ("io.apicurio", "apicurio-registry-app", "3.3.3")


def pins(folder: Path) -> Iterator[str]:
    maven = import_module("jgo.maven")
    context = maven.MavenContext(resolver=maven.PythonResolver(), repo_cache=folder)

    def component(group: str, artifact: str, version: str) -> Any:
        return context.project(group, artifact).at_version(version)

    wanted = [maven.Dependency(component(*one).artifact()) for one in (KAFKA, LOGGER)]
    named, transitive = context.resolver.resolve(wanted)
    scopes = (None, "compile", "runtime")
    jars = [one.artifact for one in (*named, *transitive) if one.scope in scopes]
    archive = component(*REGISTRY).artifact(classifier="all", packaging="tar.gz")
    for artifact in (*sorted(jars, key=str), archive):
        content = artifact.resolve().read_bytes()
        yield f"{hashlib.sha256(content).hexdigest()} {len(content)} {artifact}\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.writelines(pins(Path(folder)))
