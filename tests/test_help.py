"""Every command and every stage answers ``--help``: what it does, how it is called, an example; nothing happens."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from hemline.__main__ import commands
from hemline.__main__ import main as hemline
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


def run_as_main(module):
    runpy.run_module(module, run_name="__main__")


def answer(call, monkeypatch, capsys):
    """Return what a call prints, in this process, which has imported most of what takes long to be imported."""
    program, *module = call.split()
    monkeypatch.setattr("sys.argv", [call, "--help"])
    run_it = partial(hemline, [*module, "--help"]) if program == "hemline" else partial(run_as_main, module[-1])
    with pytest.raises(SystemExit) as ended:
        run_it()
    assert not ended.value.code
    out, errors = capsys.readouterr()
    assert errors == ""
    return out


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("call", CALLS)
def test_help_tells_what_it_does_with_an_example_and_does_nothing(call, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shown = answer(call, monkeypatch, capsys)
    usage, described, *_ = shown.split("\n\n")
    assert usage.startswith(f"usage: {call} ")
    assert len(described.split()) > 4
    _, examples = shown.replace("\nexamples:\n", "\nexample:\n").split("\nexample:\n")
    assert examples.splitlines()
    assert all(line.startswith(f"  {call}") for line in examples.splitlines())
    assert max(map(len, shown.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_and_written_is_part_of_the_help_and_the_rest_of_a_docstring_is_not():
    doc = "Do it.\n\nReads:  a\nWrites: b\nRun:    hemline it\n        hemline it --fast\n\nMore.\n"
    shown = command_parser(doc, print).format_help()
    assert "Do it.\n\nReads:  a\nWrites: b\n" in shown
    assert "More." not in shown
    assert "Run:" not in shown
    assert shown.endswith("examples:\n  hemline it\n  hemline it --fast\n")


def test_the_former_form_of_a_command_runs_the_command(tmp_path):
    refused = run("python -m commands.plan_run", tmp_path, "--no-such-option")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "for example: hemline plan-run" in refused.stderr


def test_hemline_help_lists_every_command_with_a_summary_in_a_line_of_80_columns(tmp_path):
    shown = run("hemline", tmp_path, "--help").stdout
    for name in commands():
        assert re.search(rf"^  {name} +[A-Z].{{8,}}$", shown, re.MULTILINE), name
    assert max(map(len, shown.splitlines())) <= 80


def test_a_wrong_word_is_one_line(tmp_path):
    known = len(commands())
    done = run("hemline", tmp_path, "promot")
    told = f"error: command: must be one of {known}, got 'promot'; did you mean promote?\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
    for words, line in (
        (["x"], f"error: command: must be one of {known}, got 'x'; `hemline --help` lists them"),
        (["serve", "--nope"], "error: unknown: --nope; for example: hemline serve --port 5001"),
    ):
        with pytest.raises(SystemExit) as ended:
            hemline(words)
        assert ended.value.code == line


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
