"""Check the prose of README, docs, templates and docstrings with proselint and the project's own glossary.

Reads:  *.md, docs/*.md, params.yaml, templates, and the docstrings of hemline/, stages/, commands/, builders/
Run:    python -m tools.prose (part of `make lint`)
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from proselint.checks import __register__ as proselint_checks
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, types
from proselint.tools import LintFile

from hemline.terminal.arguments import parser

# Regular expressions of expressions to avoid, and the standard term for each.
GLOSSARY = {
    "anew": "again",
    "an impression": "a preview",
    "(?:are|is|was|were) told": "is reported",
    "go(?:es|ne)? on (?:from|with)": "resume",
    "half-way": "interrupted",
    "hand(?:s|ed)? on": "pass on",
    "held against": "compared with",
    "in the box": "included",
    "nobody": "no one, or name the process",
    "tell(?:s)? of": "report",
    "the present": "the current",
    "told of": "reported",
}
# These find little but numbers, quotes, code, "family-wise" and published claims.
_DISABLED = (
    "lexical_illusions",
    "misc.phrasal_adjectives",
    "misc.preferred_forms",
    "spelling",
    "typography",
    "uncomparables",
    "weasel_words.very",
)
# A clause is no name for a thing.
_CLAUSES = ("How ", "What ", "Where ", "Which ", "Who ")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`|<(?:script|style).*?</(?:script|style)>", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Print each finding as ``file:line: message``; exit with 1 if there are any."""
    parser(__doc__, "python -m tools.prose").parse_args()
    registry = CheckRegistry()
    registry.register_many(proselint_checks)
    registry.register(Check(types.PreferredForms(GLOSSARY), path="glossary", message="Write '{}', not '{}'."))
    found = [line for path, first, text in [*_pages(), *_docstrings()] for line in _findings(path, first, text)]
    found += [
        f"{path}:{line}: Begin a docstring with a noun phrase or an imperative, not '{text.split()[0]}'."
        for path, line, text in _docstrings()
        if text.startswith(_CLAUSES)
    ]
    print("\n".join(found) or "Prose: no findings")
    sys.exit(bool(found))


def _pages() -> Iterator[tuple[Path, int, str]]:
    """Yield each text for people with its file and the number of its first line."""
    pages = [
        *Path().glob("[A-Z]*.md"),
        Path("params.yaml"),
        *Path("docs").glob("*.md"),
        *Path("hemline").rglob("*.jinja"),
    ]
    for path in sorted(pages):
        # Code is blanked out, line by line, so that line numbers stay.
        yield path, 1, _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), path.read_text())


def _docstrings() -> Iterator[tuple[Path, int, str]]:
    """Yield each docstring with its file and the number of its first line."""
    for folder in ("builders", "commands", "hemline", "stages"):
        for path in sorted(Path(folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                    yield path, node.body[0].lineno, ast.get_docstring(node, clean=False) or ""


def _findings(path: Path, first: int, text: str) -> Iterator[str]:
    # The first key that is a check's name, or the beginning of it, decides.
    checks = {**dict.fromkeys(_DISABLED, False), "glossary": True, **DEFAULT["checks"]}
    checks |= dict.fromkeys(_DISABLED, False)
    config = {**DEFAULT, "checks": checks}
    for result in LintFile(source=str(path), content=text).lint(config):
        # proselint puts an empty line before the text.
        yield f"{path}:{first + result.pos[0] - 2}: {result.check_result.message}"


if __name__ == "__main__":
    main()
