"""The commands that the docs show print what the docs show, numbers, verdicts and times aside."""

import docs_for_tests as docs
import pytest
from pipelines_for_tests import kill_processes_in

RUN = [page for page in docs.PAGES if docs.blocks(page, "console")]
LONG = {"TROUBLESHOOTING": pytest.mark.trials(few=0, many=1)}  # minutes


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A clone after `make`, whose results are committed as those of the repository are."""
    clone = docs.make_clone(tmp_path_factory.mktemp("docs") / "repository")
    clone.run("dvc", "repro")
    clone.commit("Results")
    return clone


def test_the_walk_through_and_the_ways_back_are_among_the_pages_that_are_run():
    assert {page.stem for page in RUN} >= {"GETTING-STARTED", "TROUBLESHOOTING", "YOUR-DATA", "YOUR-PROJECT"}


@pytest.mark.slow
@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem, marks=LONG.get(page.stem, ())) for page in RUN])
def test_what_a_page_shows_is_what_is_printed(page, finished, tmp_path):
    clone = finished.copy(tmp_path)
    try:
        for step in docs.steps(page):
            printed = docs.run(clone, step)
            assert docs.agrees(step.shown, printed), f"{page.name}: $ {step.command}\n{printed}"
    finally:
        kill_processes_in(tmp_path)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("linear: 0.8410, the mean over 4 seeds\n", "linear: 0.7, the mean over 2 seeds\n"),
        ("| a | +3.58 [+2.79, +4.37] | better |\n", "| a   | \u22120.1 [\u22120.20, +0.43] | no difference shown  |\n"),
        ("one\n...\nfour\n", "one\ntwo\nthree\nfour\n"),
        ("Reproducing experiment 'treen-puck'\n", "Reproducing experiment 'worse-loot'\n"),
    ],
)
def test_numbers_verdicts_and_names_of_chance_may_differ(shown, printed):
    assert docs.agrees(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("Promoted to version 1.\n", "Not promoted.\n"),
        ("one\n", "one\ntwo\n"),
        ("", "a warning\n"),
        ("error: epochs: an integer\n", "error: epochs: a number\n"),
    ],
)
def test_words_may_not(shown, printed):
    assert not docs.agrees(shown, printed)


def test_a_session_is_commands_and_what_they_print(tmp_path):
    page = tmp_path / "PAGE.md"
    page.write_text(
        "# A page\n\n```sh\nnot run\n```\n\n```console\n$ one\nprinted\n$ two \\\n  more\n```\n\n"
        "```console\n$ python - <<'END'\nprint(1)\nEND\n1\n```\n"
    )
    assert docs.steps(page) == [
        ("one", "printed\n"),
        ("two \\\n  more", ""),
        ("python - <<'END'\nprint(1)\nEND", "1\n"),
    ]
