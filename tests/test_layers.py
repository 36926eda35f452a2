"""What the code may not do anywhere: import upwards, or name a file of another stage's outputs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("hemline", "stages", "commands")
# Each is the one class that knows what is in its folder, and where that is.
OWNERS = {
    "hemline/data/normalized.py",
    "hemline/data/findings.py",
    "hemline/jobs/trained.py",
    "hemline/jobs/solved.py",
    "hemline/params.py",
    "hemline/comparison/evaluated.py",
}
FOLDERS = re.compile(r"^(models|reports/evaluation|reports/metrics\.json|data/normalized|data/findings)(/|$)")
FILES = re.compile(r"(^|/)(about|settings|metrics)\.json$|(history|layers|runs|comparison|curves)\.csv$|\.npy$")
# Its words for a command of MLflow and for a scheme of its addresses are no folder; what lies in MLflow is no output.
OTHERS = {
    ("hemline/tracking/server.py", "models"),
    ("hemline/tracking/registry.py", "/seen.npy"),
    ("hemline/tracking/published.py", "reports/evaluation/comparison.csv"),  # its class takes seconds to be imported
}
# Their arrays are a user's own.
FOREIGN = {f"hemline/images/{name}.py" for name in ("array_file", "numpy_file", "stored", "unread")} | {
    "hemline/families/scikit_learn.py",
    "hemline/formats/arrays.py",
}


def typed(source):
    """Return the texts of a module that could be paths; docstrings and the messages of errors are for people."""
    tree = ast.parse(source)
    spoken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            spoken |= {id(inner) for inner in ast.walk(node)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text.value for text in texts if id(text) not in spoken]


def paths_of_outputs(source):
    return [text for text in typed(source) if FOLDERS.search(text) or FILES.search(text)]


def test_no_path_of_an_output_is_typed_anywhere_but_in_the_class_that_owns_it():
    modules = {path.relative_to(ROOT).as_posix(): path for folder in CODE for path in (ROOT / folder).rglob("*.py")}
    assert set(modules) > OWNERS
    assert all(paths_of_outputs(modules[name].read_text()) for name in OWNERS)
    found = [
        (name, text)
        for name, path in modules.items()
        if name not in OWNERS | FOREIGN
        for text in paths_of_outputs(path.read_text())
    ]
    assert [each for each in found if each not in OTHERS] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('read("models/linear/history.csv")', ["models/linear/history.csv"]),
        ('root / "reports/evaluation"', ["reports/evaluation"]),
        ('root / f"{variant}/history.csv"', ["/history.csv"]),
        ('def f():\n    """Reads models/."""', []),
        ('raise InputError(f"models/{name}: trained again")', []),
        ('uri = f"models:/{name}"', []),
    ],
)
def test_a_path_is_told_from_what_is_told_to_people(source, found):
    assert paths_of_outputs(source) == found


def test_rooms_import_downwards_only_and_mlflow_and_tensorflow_have_one_place_each():
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 4 kept, 0 broken." in done.stdout
