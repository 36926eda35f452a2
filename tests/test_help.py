"""Every command and every stage answers ``--help``: what it does, how it is called, an example; nothing happens."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hemline.__main__ import commands
from hemline.terminal.arguments import command_parser

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    f"{folder}.{path.stem}"
    for folder in ("stages", "tools")
    for path in (ROOT / folder).glob("[!_]*.py")
    if "__main__" in path.read_text()
)
CALLS = [*(("python -m " + module) for module in MODULES), *(f"hemline {name}" for name in commands())]


def run(call, folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    command = [sys.executable, *call.replace("hemline", "python -m hemline").split()[1:], *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("call", CALLS)
def test_help_tells_what_it_does_with_an_example_and_does_nothing(call, tmp_path):
    done = run(call, tmp_path, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    usage, described, *_ = done.stdout.split("\n\n")
    assert usage.startswith(f"usage: {call} ")
    assert len(described.split()) > 4
    _, examples = done.stdout.replace("\nexamples:\n", "\nexample:\n").split("\nexample:\n")
    assert examples.splitlines()
    assert all(line.startswith(f"  {call}") for line in examples.splitlines())
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_and_written_is_part_of_the_help_and_the_rest_of_a_docstring_is_not():
    doc = "Do it.\n\nReads:  a\nWrites: b\nRun:    hemline it\n        hemline it --fast\n\nMore.\n"
    shown = command_parser(doc, print).format_help()
    assert "Do it.\n\nReads:  a\nWrites: b\n" in shown
    assert "More." not in shown
    assert "Run:" not in shown
    assert shown.endswith("examples:\n  hemline it\n  hemline it --fast\n")


@pytest.mark.parametrize("module", ["promote", "plan_run"])
def test_the_former_form_of_a_command_runs_the_command(module, tmp_path):
    former, name = f"python -m commands.{module}", module.replace("_", "-")
    assert run(former, tmp_path, "--help").stdout == run(f"hemline {name}", tmp_path, "--help").stdout
    refused = run(former, tmp_path, "--no-such-option")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"for example: hemline {name}" in refused.stderr


def test_hemline_help_lists_every_command_with_a_summary_in_a_line_of_80_columns(tmp_path):
    shown = run("hemline", tmp_path, "--help").stdout
    for name in commands():
        assert re.search(rf"^  {name} +[A-Z].{{8,}}$", shown, re.MULTILINE), name
    assert max(map(len, shown.splitlines())) <= 80
    assert run("hemline", tmp_path).stdout == shown


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["promot"], f"error: command: must be one of {len(commands())}, got 'promot'; did you mean promote?"),
        (["x"], f"error: command: must be one of {len(commands())}, got 'x'; `hemline --help` lists them"),
        (["serve", "--nope"], "error: unknown: --nope; for example: hemline serve --port 5001"),
    ],
)
def test_a_wrong_word_is_one_line(tmp_path, words, line):
    done = run("hemline", tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{line}\n")


def test_a_command_imports_neither_the_other_commands_nor_tensorflow(tmp_path):
    code = (
        "import sys; from hemline.__main__ import main\n"
        "try: main(['describe', 'nowhere', '--name', 'a'])\n"
        "except SystemExit: print([m for m in sys.modules if m.startswith(('commands.', 'tensor', 'mlflow.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['commands.describe']\n"


def test_the_installed_command_runs_the_code_of_the_folder_that_it_is_called_in(tmp_path):
    script = tmp_path / "bin/hemline"
    script.parent.mkdir()
    shutil.copy(ROOT / "tools/hemline", script)
    (tmp_path / "bin/python").symlink_to(sys.executable)
    refused = subprocess.run([script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {tmp_path}: must be the folder of the project")
    (tmp_path / "hemline").mkdir()
    (tmp_path / "hemline/__main__.py").write_text("import sys; print(sys.argv[1:])")
    ran = subprocess.run([script, "a", "b c"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "['a', 'b c']\n"
