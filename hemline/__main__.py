"""The command line: ``hemline --help`` lists the commands; ``hemline serve --port 5001`` runs ``commands/serve.py``.

Only the module of the command that is called is imported, because some take seconds.
"""

import ast
import difflib
import inspect
import re
import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.terminal.arguments import command_parser

_FOLDER = Path(__file__).parent.parent / "commands"
_PACKAGES = ("dvc", "mlflow", "pydantic")


def main(words: Sequence[str]) -> None:
    """Run the command that the first word names, with the options that follow."""
    with one_line_errors():
        if not all(map(find_spec, _PACKAGES)):
            packages = "is a Python without the packages of this project"
            raise InputError(
                f"{sys.executable}: {packages}; run `. .venv/bin/activate`, and this again, or `make help`"
            )
        name = words[0] if words else "--help"
        if name.startswith("-"):
            _overview().parse_args([name])
        if name not in commands():
            similar = difflib.get_close_matches(name, commands(), 1)
            hint = f"did you mean {similar[0]}?" if similar else "`hemline --help` lists them"
            raise InputError(f"command: must be one of {len(commands())}, got {name!r}; {hint}")
    _run(name, words[1:])


def commands() -> list[str]:
    """Return the names of all commands."""
    return sorted(path.stem.replace("_", "-") for path in _FOLDER.glob("[!_]*.py"))


def _run(name: str, words: Sequence[str]) -> None:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # While a command is imported, Ctrl-C ends the process without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    module = import_module(f"commands.{name.replace('-', '_')}")
    with one_line_errors(getattr(module, "ERROR_STATUS", 1)):
        parser = command_parser(module.__doc__ or "", module.main)
        options, others = parser.parse_known_args(words)
        if "others" in inspect.signature(module.main).parameters:
            options.others = others
        elif others:
            parser.error(f"unknown: {' '.join(others)}")
        module.main(**vars(options))


def _overview() -> ArgumentParser:
    lines = [f"  {name:<12} {_summary(name)}" for name in commands()]
    text = "\n".join(["commands:", *lines, "", "`hemline <command> --help` describes one of them."])
    return ArgumentParser("hemline", "hemline <command> ...", epilog=text, formatter_class=RawDescriptionHelpFormatter)


def _summary(name: str) -> str:
    """Return the beginning of a command's docstring, without importing it."""
    source = (_FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf8")
    doc = ast.get_docstring(ast.parse(source)) or ""
    return re.split("[,:;.]", doc)[0]


if __name__ == "__main__":
    main(sys.argv[1:])
