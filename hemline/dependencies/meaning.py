"""Whether two versions of code mean the same: equal syntax trees, whatever the comments, docstrings and formatting.

Annotations count, because pydantic reads them, and so does any string that is no docstring. What is not Python counts
byte for byte.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from hemline.dependencies.contents import Contents

# Modules that are found by their names in params.yaml or data/<name>.yaml: nothing runs one that is named nowhere.
_PLUG_INS = ("hemline/families", "hemline/formats")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def changed(then: Contents, now: Contents) -> list[str]:
    """Return those files of two versions of code by which a stage can tell one from the other."""
    return [path for path in sorted({*then, *now}) if not _same(path, then.get(path), now.get(path))]


def _same(path: str, then: bytes | None, now: bytes | None) -> bool:
    if then == now:
        return True
    if then is None or now is None:
        return _is_unused(Path(path), removed=now is None)
    return path.endswith(".py") and (tree := _dumped(then)) is not None and tree == _dumped(now)


def _dumped(source: bytes) -> str | None:
    """Return the syntax tree without docstrings, as text; None for what is not Python."""
    tree = _parsed(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree) if tree else None


def _parsed(source: bytes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of `"\d"` and the like, on standard error
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_unused(path: Path, *, removed: bool) -> bool:
    """Say whether a file that came or went is a plug-in that nothing imports; one that went must not be named, too."""
    if path.parent.as_posix() not in _PLUG_INS or path.suffix != ".py" or path.name == "__init__.py":
        return False
    named = re.compile(rf"\b{re.escape(path.stem).replace('_', '[-_]')}\b")
    settings = [*Path().glob("params.yaml"), *Path("data").glob("*.yaml")] if removed else []
    if any(named.search(file.read_text(errors="replace")) for file in settings):
        return False
    code = [*Path("builders").rglob("*.py"), *Path("hemline").rglob("*.py"), *Path("stages").rglob("*.py")]
    return not any(path.stem in _imported(file.read_bytes()) for file in code if file != path)


def _imported(source: bytes) -> Iterator[str]:
    """Yield the last parts of the names that a module imports, and all texts that could be such names."""
    tree = _parsed(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.ImportFrom):
            yield (node.module or "").rpartition(".")[2]
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.name.rpartition(".")[2] for alias in node.names)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value.rpartition(".")[2]
