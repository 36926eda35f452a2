"""The end of `make`: the answer, how often the test set was evaluated, where the page is, and a command to try."""

from pathlib import Path

import pandas as pd
import pytest
from report_data import Inputs, write_inputs
from ruamel.yaml import YAML

from commands import answer
from hemline.__main__ import main as hemline
from hemline.params import load_params
from hemline.report.page import verdict_on
from hemline.report.results import load_results


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Write results, and return the lines that the command prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIRTUAL_ENV", ".venv")

    def tell(**inputs):
        write_inputs(Path(), Inputs(**inputs))
        hemline(["answer"])
        return capsys.readouterr().out.splitlines()

    return tell


def test_it_is_the_answer_the_page_and_a_command_that_would_make_the_answer_better(told):
    found, page, to_try = told(seeds=4, improving=("dense-8", "linear"))
    assert found == f"Found: {verdict_on(load_results(load_params())).answer}"
    assert page == "Page:  reports/index.html"
    assert to_try == "Try:   dvc exp run -S epochs=12  # linear and dense-8 still improve"


def test_few_seeds_come_first_and_those_that_there_are_stay(told):
    *_, to_try = told(seeds=2, improving=("dense-8",))
    assert to_try == "Try:   dvc exp run -S 'seeds=[0,1,2,3]'  # with fewer, only large differences can be shown"
    assert answer._more_seeds([7, 2]) == "[7,2,0,1]"


def test_more_epochs_are_for_variants_that_take_them_from_the_common_key(told):
    told(seeds=4, improving=("dense-8",))
    yaml = YAML()
    params = yaml.load(Path("params.yaml"))
    params["variants"]["dense-8"]["epochs"] = 3
    yaml.dump(params, Path("params.yaml"))
    assert "epochs" not in answer.next_step(load_results(load_params()))


def test_a_gain_that_the_solved_baseline_takes_away_asks_for_that_baseline(told):
    told(seeds=4, improving=("linear",))
    path = Path("reports/evaluation/comparison.csv")
    table = pd.read_csv(path).assign(over_solved_verdict="no difference shown")
    table.to_csv(path, index=False)
    assert answer.next_step(load_results(load_params())) == (
        "dvc exp run -S '+variants.logistic.family=logistic' -S baseline=logistic  "
        "# the same linear model, solved, as the baseline"
    )


@pytest.mark.slow
def test_make_ends_with_these_lines(pipeline):
    # As if it were set up: the tools are those of the tests' own Python.
    printed = pipeline.run("make", "--silent", "--old-file", ".venv/.ready", "pipeline").stdout
    *_, empty, found, looks, page, to_try = printed.splitlines()
    assert empty == ""
    assert found.startswith(
        "Found: Too few seeds or images to tell whether any variant differs from the baseline linear"
    )
    assert looks == "Looks: The test set was evaluated once, as far as Git's history shows."
    assert page == "Page:  reports/index.html"
    assert (pipeline.folder / page.split()[1]).is_file()
    assert "dvc exp run -S 'seeds=[0,1,2,3]'" in to_try
