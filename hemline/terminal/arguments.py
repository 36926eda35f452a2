"""The command line of commands and stages: each answers ``--help`` with what it does, and an example."""

import argparse
import textwrap

_WIDTH = 79
_REFERENCES = ("Reads:", "Writes:")


def parser(
    doc: str | None, *examples: str, kind: type[argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """Return a parser without arguments yet.

    Args:
        doc: the module's docstring; its first paragraph, and what it reads and writes, are the help's.
        examples: complete commands, the plainest first; with a comment behind ``#`` where one does not explain itself.
        kind: of the parser, where it refuses in its own way.
    """
    return kind(
        prog=" ".join(examples[0].split()[:3]),  # python -m <module>
        description=_description(doc or ""),
        epilog="\n".join([f"example{'s' if len(examples) > 1 else ''}:", *(f"  {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _description(doc: str) -> str:
    first = textwrap.fill(doc.partition("\n\n")[0], _WIDTH)
    lines = [line for line in doc.splitlines() if line.startswith(_REFERENCES)]
    return "\n".join([first, "", *(textwrap.fill(line, _WIDTH, subsequent_indent=" " * 8) for line in lines)]).rstrip()
