"""The command line of commands, stages and tools: each answers ``--help`` with its purpose and an example."""

import argparse
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from hemline.errors import InputError

_WIDTH = 79
_REFERENCES = ("Reads:", "Writes:")
_Parser = TypeVar("_Parser", bound=argparse.ArgumentParser)
_Main = TypeVar("_Main", bound=Callable[..., None])
_EXAMPLE = re.compile(r"^(?:Run:)? +(hemline [a-z].*)$", re.MULTILINE)


class _OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, with an example."""

    example = ""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; for example: {self.example}")


def option(*names: str, group: str = "", **settings: Any) -> Callable[[_Main], _Main]:
    """Declare an argument of a command's ``main``, as ``add_argument`` takes it; only one of a group may be given."""

    def declare(main: _Main) -> _Main:
        # Decorators are applied from the last to the first.
        main.__dict__.setdefault("options", []).insert(0, (names, group, settings))
        return main

    return declare


def command_parser(doc: str, main: Callable[..., None]) -> argparse.ArgumentParser:
    """Return the parser of a command of ``hemline``.

    Args:
        doc: the module's docstring; its first paragraph, input, output and examples (``Run:``) are the help.
        main: the command, with the arguments that ``option`` has declared.
    """
    examples = _EXAMPLE.findall(doc)
    made = _parser(doc, examples, 2, _OneLineParser)
    made.example = examples[-1].partition("  #")[0]
    groups: defaultdict[str, Any] = defaultdict(made.add_mutually_exclusive_group, {"": made})
    for names, group, settings in getattr(main, "options", []):
        groups[group].add_argument(*names, **settings)
    return made


def parser(doc: str | None, *examples: str) -> argparse.ArgumentParser:
    """Return the parser of a module that is run by ``python -m``, without arguments yet.

    Args:
        doc: the module's docstring; its first paragraph, input and output are the help.
        examples: complete commands, the plainest first; with a comment behind ``#`` where one does not explain itself.
    """
    return _parser(doc or "", examples, 3, argparse.ArgumentParser)  # python -m <module>


def _parser(doc: str, examples: Sequence[str], words: int, kind: type[_Parser]) -> _Parser:
    title = f"example{'s' if len(examples) > 1 else ''}:"
    return kind(
        prog=" ".join(examples[0].split()[:words]),
        description=_description(doc),
        epilog="\n".join([title, *(f"  {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _description(doc: str) -> str:
    first = textwrap.fill(doc.partition("\n\n")[0], _WIDTH)
    lines = [line for line in doc.splitlines() if line.startswith(_REFERENCES)]
    return "\n".join([first, "", *(textwrap.fill(line, _WIDTH, subsequent_indent=" " * 8) for line in lines)]).rstrip()
