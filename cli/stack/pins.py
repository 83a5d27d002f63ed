import hashlib
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("jars.sha256")


@dataclass(frozen=True)
class Pin:
    """One file of `jars.sha256`: what it must be, to the byte."""

    sha256: str
    size: int
    group: str
    artifact: str
    packaging: str
    classifier: str
    version: str

    @property
    def file_name(self) -> str:
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classifier}.{self.packaging}"

    def matches(self, path: Path) -> bool:
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def read(path: Path = PINS) -> list[Pin]:
    return [_parse(line) for line in path.read_text().splitlines() if line.strip()]


def _parse(line: str) -> Pin:
    sha256, size, coordinate = line.split()
    group, artifact, packaging, *classifier, version = coordinate.split(":")
    return Pin(sha256, int(size), group, artifact, packaging, "".join(classifier), version)
