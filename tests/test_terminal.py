"""What people see while they wait: a bar where somebody looks on, and in a log the lines that were always there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hemline.terminal.training import place
from tools.recording import lines, record

ROOT = Path(__file__).parent.parent
HIDDEN_CURSOR = "\x1b[?25l"

BAR = """
import sys
from hemline.terminal.bar import bar
with bar("counting", 40, "sheep") as advance:
    print("a line")
    for _ in range(40):
        advance(1)
print("the end")
"""

TRAINING = """
from hemline.terminal.training import training_bar
from hemline.jobs.progress import Progress, resumption, show
show(resumption("dense-8", [0], {1: 2}))
with training_bar("dense-8 (2 of 3)", {0: 4, 1: 2, 2: 0}, 4, may_end_early=%s) as tell:
    for seed, epochs in ((1, (3, 4)), (2, (1, 2, %s))):
        for epoch in epochs:
            tell(Progress("dense-8", seed, epoch, 4).line({"epoch": epoch, "loss": 0.5}))
    tell("something else")
"""
EPOCHS = [(1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (2, 4)]
RESUMED = "dense-8: an earlier run was interrupted: seed 0 is finished, seed 1 goes on after epoch 2"


def line(seed, epoch):
    return f"dense-8  seed {seed}  epoch {epoch}/4  loss 0.5000"


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def on_a_terminal(code):
    return record([sys.executable, "-c", code])


def in_a_log(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_on_a_terminal_a_bar_tells_how_much_is_done_and_is_gone_afterwards():
    shown = on_a_terminal(BAR)
    assert "40 of 40 sheep" in plain(shown)
    assert [plain(each) for each in lines(shown)] == ["a line", "the end", ""]


def test_in_a_log_there_is_no_bar_whatever_is_said_about_colours():
    assert in_a_log(BAR) == "a line\nthe end\n"
    assert in_a_log(BAR, FORCE_COLOR="1", TTY_COMPATIBLE="1", TERM="xterm-256color") == "a line\nthe end\n"


def test_a_bar_never_hides_the_cursor_which_a_killed_process_could_not_bring_back():
    assert HIDDEN_CURSOR not in on_a_terminal(BAR)


def test_a_terminal_that_cannot_change_its_lines_is_treated_as_a_log():
    code = f"import os; os.environ['TERM'] = 'dumb'\n{BAR}"
    assert on_a_terminal(code).replace("\r", "") == "a line\nthe end\n"


def test_a_job_in_the_background_draws_no_bar_over_what_its_shell_prints():
    # A session of its own whose terminal this is, and in it a child that is not in the foreground.
    code = f"""
import fcntl, os, signal, termios
os.setsid()
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
if child := os.fork():
    os.waitpid(child, 0)
else:
    os.setpgid(0, 0)
    {BAR.strip().replace(chr(10), chr(10) + "    ")}
"""
    started = "import os, subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', os.environ['CODE']]))"
    os.environ["CODE"] = code
    try:
        shown = on_a_terminal(started)
    finally:
        del os.environ["CODE"]
    assert shown.replace("\r", "") == "a line\nthe end\n"


def test_on_a_terminal_a_bar_tells_variant_epochs_and_seeds_and_each_seed_s_last_line_stays():
    shown = on_a_terminal(TRAINING % (False, "3, 4"))
    assert [plain(each) for each in lines(shown)] == [RESUMED, line(1, 4), line(2, 4), "something else", ""]
    bars = re.findall(r"dense-8 \(2 of 3\).*? (\d+) of 12 epochs (\d)/3 seeds", plain(shown))
    assert bars[0] == ("6", "1")  # what the earlier run had trained
    assert bars[-1] == ("12", "3")
    assert "left at most" not in shown


def test_a_training_that_may_end_early_has_a_longest_time_and_its_last_line_stays_too():
    shown = on_a_terminal(TRAINING % (True, "3"))
    assert "left at most" in plain(shown)
    assert sorted(plain(each) for each in lines(shown)) == sorted(
        ["", RESUMED, line(1, 4), line(2, 3), "something else"]
    )


def test_the_last_lines_stay_of_trainings_that_fail():
    code = (TRAINING % (False, "3")) + "    raise KeyboardInterrupt"
    shown = on_a_terminal(f"import contextlib\nwith contextlib.suppress(KeyboardInterrupt):\n{indented(code)}")
    assert line(2, 3) in [plain(each) for each in lines(shown)]


def indented(code):
    return "".join(f"    {each}\n" for each in code.strip().splitlines())


def test_a_variant_has_its_place_among_those_of_the_parameters():
    assert place("b", ["a", "b", "c"]) == "b (2 of 3)"
    assert place("b", []) == "b"


def test_a_narrow_terminal_keeps_the_bar_on_one_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    code = f"import termios; termios.tcsetwinsize(1, (30, 40)); import os; os.environ['COLUMNS'] = '40'\n{BAR}"
    shown = on_a_terminal(code)
    assert [plain(each) for each in lines(shown)] == ["a line", "the end", ""]
