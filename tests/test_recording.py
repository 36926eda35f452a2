"""A terminal, recorded and drawn; and `make pictures`, which draws one and what a browser shows."""

import re
import shutil
import sys
import xml.etree.ElementTree as ET

import pytest
from PIL import Image
from pipelines_for_tests import PARAMS

from hemline.errors import InputError
from hemline.params import parse_params
from tools import pictures
from tools.recording import lines, record, svg, until

ERASED = "\r\x1b[2K"
SHOWN = (
    "> stage\r\n"
    f"{ERASED}\x1b[31ma (2 of 2)\x1b[0m 0 of 1,000 epochs{ERASED}\x1b[31ma (2 of 2)\x1b[0m 600 of 1,000 epochs"
    f"{ERASED}seed 0 is done\r\n{ERASED}a (2 of 2) 1,000 of 1,000 epochs\r\n\r\x1b[1A\x1b[2Kthe end\r\n"
)
BAR = r"a \(2 of 2\) ([\d,]+) of ([\d,]+) epochs"


def test_of_lines_that_change_the_last_stands_and_a_bar_that_was_taken_back_is_gone():
    assert lines(SHOWN) == ["> stage", "seed 0 is done", "the end", ""]


@pytest.mark.parametrize(("share", "done"), [(0, "0"), (0.5, "600"), (1, "1,000")])
def test_a_moment_is_chosen_by_how_far_a_bar_was(share, done):
    shown = lines(until(SHOWN, BAR, share))
    assert re.search(BAR, re.sub(r"\x1b\[\d+m", "", shown[-1]))[1] == done


def test_the_picture_has_title_text_and_colours_and_needs_nothing_from_anywhere():
    picture = svg("a command", ["\x1b[31mred\x1b[0m <tag>", "x" * 300])
    texts = ["".join(each.itertext()) for each in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    assert "a\xa0command" in texts
    assert "red" in texts
    assert any("<tag>" in text for text in texts)
    assert "url(http" not in picture
    assert "font-face" not in picture
    assert svg("a command", ["\x1b[31mred\x1b[0m <tag>", "x" * 300]) == picture


def test_a_command_finds_itself_on_a_terminal():
    assert lines(record([sys.executable, "-c", "import sys; print(sys.stdout.isatty())"])) == ["True", ""]


def test_a_command_that_fails_is_one_line():
    code = "import sys; print('before'); sys.exit('error: no disk')"
    with pytest.raises(InputError, match=r"failed, and said last: error: no disk$"):
        record([sys.executable, "-c", code])


@pytest.mark.trials(few=0, many=1)  # minutes
@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("chromium") or shutil.which("chromium-browser")),
    reason="needs Debian's package chromium: no such command",
)
def test_all_pictures_are_drawn_by_one_command(pipeline):
    (pipeline.folder / "docs/page.png").unlink(missing_ok=True)
    told = pipeline.run(sys.executable, "-m", "tools.pictures").stdout
    names = re.findall(r"^docs/(\S+): \d+ kB$", told, re.MULTILINE)
    assert names == ["terminal.svg", "page.png", "mlflow-runs.png", "mlflow-table.png", "mlflow-compare.png"]
    terminal = pipeline.read("docs/terminal.svg").replace("&#160;", " ")
    assert "dense-4 (2 of 2)" in terminal
    assert "of 40 epochs" in terminal
    for name in names[1:]:
        with Image.open(pipeline.folder / "docs" / name) as picture:
            assert picture.mode == "P"
            assert picture.height == 1000
            assert len(picture.getcolors()) > 8  # not an empty page


def test_where_the_trainings_come_from_the_cache_there_is_no_bar_to_be_drawn(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pictures, "record", lambda _: "Stage 'train@a' is cached\r\n")
    pictures._draw_terminal(parse_params(PARAMS, "params.yaml"))
    assert "docs/terminal.svg: left as it is" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_pictures_of_no_results_are_refused_in_one_line(pipeline):
    shutil.rmtree(pipeline.folder / "reports/evaluation")
    done = pipeline.run(sys.executable, "-m", "tools.pictures", check=False)
    assert done.returncode == 1
    assert done.stderr == "error: reports: has no results to be drawn; run `make` first\n"
