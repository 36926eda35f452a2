"""A preview: less of everything, in an experiment of its own."""

import shutil

import pytest

from commands.quick import impression
from hemline.params import parse_params

PARAMS = {
    "dataset": "tiny",
    "learning_rate": 0.01,
    "seeds": [5, 6, 7],
    "baseline": "plain",
    "variants": {"deep": {"hidden": [4, 4], "epochs": 30}, "plain": {"hidden": []}, "wide": {"hidden": [9]}},
}


def test_an_impression_has_less_of_everything_and_the_user_s_own_settings():
    assert impression(parse_params(PARAMS, "params.yaml")) == PARAMS | {
        "normalize": {
            "scale": 255,
            "validation_split": 0.1,
            "train_share": 0.2,
            "train_images": None,
            "split": "fixed",
            "redraw": 0,
        },
        "seeds": [5, 6],
        "variants": {"plain": {"hidden": [], "epochs": 2}, "deep": {"hidden": [4, 4], "epochs": 2}},
        "tuning": {"trials": 0},  # a search takes far longer than a preview
    }


def test_an_impression_of_a_solved_baseline_has_a_network_beside_it_and_no_epochs_for_what_has_none():
    variants = {"solved": {"family": "logistic"}, **PARAMS["variants"]}
    params = parse_params(PARAMS | {"baseline": "solved", "variants": variants}, "params.yaml")
    assert impression(params)["variants"] == {"solved": {"family": "logistic"}, "deep": {"hidden": [4, 4], "epochs": 2}}


def runs(pipeline):
    return pipeline.query("SELECT status, name FROM runs")


@pytest.mark.slow
def test_its_page_says_what_it_is_and_the_workspace_stays_as_it_was(pipeline):
    # Of a data set that git does not know, and where nothing is activated.
    shutil.copy(pipeline.folder / "data/tiny.yaml", pipeline.folder / "data/new.yaml")
    pipeline.set(dataset="new", batch_size=4)
    before = pipeline.run("git", "status", "--porcelain").stdout
    files = {path: path.read_bytes() for path in pipeline.folder.glob("reports/**/*") if path.is_file()}
    known = len(runs(pipeline))
    python, path = shutil.which("python", path=pipeline.environment["PATH"]), pipeline.environment["PATH"]
    pipeline.environment["PATH"] = "/usr/bin:/bin"
    printed = pipeline.run(python, "-m", "hemline", "quick").stdout
    pipeline.environment["PATH"] = path
    assert "A preview, not an answer: 20% of the training images, 2 epochs, 2 seeds." in printed
    page = pipeline.folder / "reports/quick.html"
    assert "This is a preview: the networks saw 20 % of the training images" in page.read_text().replace("\xa0", " ")
    page.unlink()
    assert {path: path.read_bytes() for path in pipeline.folder.glob("reports/**/*") if path.is_file()} == files
    assert pipeline.run("git", "status", "--porcelain").stdout == before
    assert "[quick-" in pipeline.run("dvc", "exp", "list").stdout
    made = runs(pipeline)[known:]
    assert {status for status, _ in made} == {"FINISHED"}
    assert sorted(name for _, name in made) == [
        f"{variant} e2 b4 lr0.01 val0.2 share0.2 s{seed}" for variant in ("dense-4", "linear") for seed in (0, 1)
    ]


@pytest.mark.slow
def test_a_set_too_small_for_it_is_one_line_and_an_exit_status(pipeline):
    done = pipeline.run("python", "-m", "hemline", "quick", check=False)
    assert done.returncode != 0
    assert "batch_size: must be at most the number of training images, 9, got 16" in done.stderr
    assert not (pipeline.folder / "reports/quick.html").exists()
