"""Every command and every stage answers ``--help``: what it does, how it is called, an example; nothing happens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hemline.terminal.arguments import parser

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    f"{folder}.{path.stem}"
    for folder in ("commands", "stages", "tools")
    for path in (ROOT / folder).glob("[!_]*.py")
    if "__main__" in path.read_text()
)


def run(module, folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", MODULES)
def test_help_tells_what_it_does_with_an_example_and_does_nothing(module, tmp_path):
    done = run(module, tmp_path, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    usage, described, *_ = done.stdout.split("\n\n")
    assert usage.startswith(f"usage: python -m {module} ")
    assert len(described.split()) > 4
    _, examples = done.stdout.replace("\nexamples:\n", "\nexample:\n").split("\nexample:\n")
    assert examples.splitlines()
    assert all(line.startswith(f"  python -m {module}") for line in examples.splitlines())
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_and_written_is_part_of_the_help_and_the_rest_of_a_docstring_is_not():
    doc = "Do it.\n\nReads:  a\nWrites: b\nRun:    python -m commands.it\n\nMore.\n"
    shown = parser(doc, "python -m commands.it", "python -m commands.it --fast").format_help()
    assert "Do it.\n\nReads:  a\nWrites: b\n" in shown
    assert "More." not in shown
    assert "Run:" not in shown
    assert shown.endswith("examples:\n  python -m commands.it\n  python -m commands.it --fast\n")
