"""What a request to ClickHouse's HTTP interface asks for: its statement, its data, its settings."""

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import lz4.frame
from backports import zstd

# Of the interface itself, or of a server with users and sessions; anything else is a setting.
INTERFACE = frozenset(
    {
        *("query", "query_id", "database", "default_format", "client_protocol_version"),
        *("user", "password", "role", "quota_key", "stacktrace", "buffer_size"),
        *("session_id", "session_timeout", "session_check", "close_session"),
        *("wait_end_of_query", "compress", "decompress"),
    }
)
PARAMETER = "param_"
DEFAULT_FORMAT = "TabSeparated"

# `INSERT … FORMAT name`, and behind the end of that line its data.
_INSERT = re.compile(rb"(?is)\s*INSERT\s.*?\bFORMAT\s+(\w+)[ \t]*;?[ \t]*(?:\r?\n|\Z)")
_INSERT_TAIL = re.compile(r"(?is)((?:\bSETTINGS\b.*?)?\bFORMAT\s+\w+\s*;?\s*)\Z")
_INPUT = re.compile(r"(?i)\sinput\s*\(")  # the data as a table
_FORMAT = re.compile(r"(?i)\bFORMAT\s+(\w+)")
_NAME = re.compile(r"\w+\Z", re.ASCII)
_MOST_OF_A_STATEMENT = 256 * 1024  # bytes, among which an INSERT's data must begin


class Refused(Exception):
    """A request that no statement can be made of; says why, for whoever sent it."""


@dataclass(frozen=True)
class Statement:
    """One statement to run. `data` is what an INSERT brings along; None where it brings none."""

    text: str
    data: bytes | None = None
    database: str = "default"
    output: str = DEFAULT_FORMAT
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def reading(self, file: str) -> str:
        """The statement, with its data taken from a file."""
        head, tail = self.text, ""
        if (found := _INSERT_TAIL.search(self.text)) is not None:
            head, tail = self.text[: found.start()], found.group(1)
        if _INPUT.search(head) and (named := _FORMAT.search(tail)):
            return _INPUT.sub(lambda _: f" file({quoted(file)}, {named.group(1)}, ", head)
        return f"{head.rstrip()} FROM INFILE {quoted(file)} {tail}"

    def setting(self) -> str | None:
        """The statement that puts the settings in force."""
        pairs = ", ".join(f"{name} = {quoted(value)}" for name, value in self.settings.items())
        return f"SET {pairs}" if pairs else None

    def resetting(self) -> str | None:
        """The statement that takes them back: the next request has settings of its own."""
        pairs = ", ".join(f"{name} = DEFAULT" for name in self.settings)
        return f"SET {pairs}" if pairs else None


def statement(arguments: Mapping[str, str], body: bytes, encoding: str) -> Statement:
    """Read a request: the address' arguments and the body as it came. Raises Refused."""
    whole = arguments.get("query", "").encode()
    body = _decoded(body, encoding)
    if whole and body:
        whole += b"\n"
    text, data = _split(whole + body)
    return Statement(
        text=text,
        data=data,
        database=_name(arguments.get("database", "default")),
        output=_name(arguments.get("default_format", DEFAULT_FORMAT)),
        parameters={
            name.removeprefix(PARAMETER): value
            for name, value in arguments.items()
            if name.startswith(PARAMETER)
        },
        settings={
            _name(name): value
            for name, value in arguments.items()
            if name not in INTERFACE and not name.startswith(PARAMETER)
        },
    )


def quoted(text: str) -> str:
    """Give a literal of ClickHouse's language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _split(request: bytes) -> tuple[str, bytes | None]:
    found = _INSERT.match(request, 0, _MOST_OF_A_STATEMENT)
    try:
        if found is None or b" INFILE " in found.group().upper():
            return request.decode(), None
        return found.group().decode(), request[found.end() :]
    except UnicodeDecodeError:
        raise Refused("the statement is not UTF-8") from None


def _name(text: str) -> str:
    if not _NAME.match(text):
        raise Refused("databases, formats and settings are named by letters, digits and _")
    return text


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": zstd.decompress,
}


def _decoded(body: bytes, encoding: str) -> bytes:
    decode = _DECODERS.get(encoding)
    if decode is None:
        raise Refused(f"the encoding {encoding} is not known here: {', '.join(_DECODERS)}")
    if not body:
        return b""
    try:
        return decode(body)
    except (OSError, EOFError, RuntimeError, zlib.error, zstd.ZstdError) as error:
        raise Refused(f"the body is not {encoding}: {error}") from error
