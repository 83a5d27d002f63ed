"""The reference of the command line, written from the commands themselves: docs/cli.md."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import typer

from cli.main import app

_HEAD = """# The command line

Written by `make docs` from the commands themselves. Data goes to stdout, logs and errors to stderr;
`--output json` prints one object a line. Exit codes: 0 done, 1 failed, 2 usage, 3 partial.
`backbone --install-completion` completes commands and options in your shell.
"""


def reference(program: typer.Typer) -> str:
    """The whole page, in Markdown."""
    return _HEAD + "".join(_command(path, command) for path, command in _commands(program))


def _commands(program: typer.Typer) -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups in the order of their names."""

    def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        members = getattr(command, "commands", None)
        if members is None:
            yield path, command
            return
        for name in sorted(members):
            yield from walk(f"{path} {name}", members[name])

    return walk("backbone", typer.main.get_command(program))


def _command(path: str, command: Any) -> str:
    lines = ["", f"## `{path}`", "", inspect.cleandoc(command.help or ""), ""]
    lines += [f"- {_usage(each)}: {each.help}" for each in command.params if each.name != "help"]
    return "\n".join(lines).rstrip() + "\n"


def _usage(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))


if __name__ == "__main__":
    sys.stdout.write(reference(app))
