"""claims.yaml: what it must say, and the one line for what it may not."""

import inspect
from pathlib import Path

import pytest
from pipelines_for_tests import PARAMS as TINY
from ruamel.yaml import YAML

from hemline.claims.file import load_claims
from hemline.errors import InputError
from hemline.experiments.declared import overrides
from hemline.experiments.progress import progress
from hemline.jobs.progress import Progress
from hemline.params import Params, parse_params
from hemline.schema import read_yaml

REPOSITORY = Path(__file__).parent.parent
SETTINGS = TINY | {"epochs": 5, "record_test": True}
for key in ("dataset", "normalize", "baseline", "variants"):  # of an experiment
    del SETTINGS[key]
EXPERIMENT = {
    "dataset": "tiny",
    "normalize": {"scale": 255, "validation_split": 0},
    "baseline": "linear",
    "variants": {"linear": {"hidden": []}, "dense-4": {"hidden": [4], "epochs": 3}},
}
NUMBER = {"kind": "number", "says": "loss", "of": "claims-tiny/linear", "metric": "loss", "published": "0.5"}
OTHERWISE = {"condition": "the moon is full"}
ORDERING = {
    "kind": "ordering",
    "says": "the same",
    "of": "claims-tiny/linear",
    "than": "claims-tiny/dense-4",
    "metric": "loss",
    "claimed": "same",
}
AGAINST_OTHER = ORDERING | {"than": "claims-other/linear", "claimed": "higher"}
BOTH = {"claims-tiny": EXPERIMENT, "claims-other": EXPERIMENT}


def claim(*parts, **changes):
    return {"id": "one", "tutorial": "first", "says": "it is so", "parts": list(parts or [NUMBER])} | changes


def values(**changes):
    return {
        "settings": SETTINGS,
        "experiments": {"claims-tiny": EXPERIMENT},
        "tutorials": {"first": "A tutorial"},
        "claims": [claim()],
    } | changes


def load(folder, contents):
    YAML().dump(contents, folder / "claims.yaml")
    return load_claims(folder / "claims.yaml")


def test_the_file_in_the_box_holds_every_claim_and_needs_no_unknown_data_set():
    claims = load_claims(REPOSITORY / "claims.yaml")
    names = "depth-3 depth-6 retrain epochs-20 linear-digits tf-basic mnist-hello fashionable"
    eight = [f"eight-{number}" for number in (0, 2, 3, 4, 5, 6, 7, 8)]
    assert [each.id for each in claims.claims] == names.split() + eight
    assert len(claims.questions) == 8
    for name in claims.experiments:
        params = claims.params(name)
        assert params.normalize.validation_split == 0
        assert params.record_test
        assert len(params.seeds) == 20
        assert (REPOSITORY / "data" / f"{params.dataset}.yaml").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"claims": [claim(NUMBER | {"kind": "guess"})]}, "claims.0.parts.0: input tag 'guess'"),
        ({"claims": [claim(NUMBER | {"published": 0.88})]}, "published: must stand in quotes"),
        ({"claims": [claim(NUMBER | {"published": "about 0.9"})]}, "published: string should match pattern"),
        ({"claims": [claim(NUMBER | {"metric": "f1"})]}, "metric: input should be 'loss'"),
        ({"claims": [claim(NUMBER | {"of": "claims-tiny/gone"})]}, "claims.one: must be an experiment and one of its"),
        ({"claims": [claim(NUMBER | {"epohc": 1})]}, "epohc: is not a known key"),
        ({"claims": [claim(tutorial="second")]}, "claims.one.tutorial: must be one of ['first'], got 'second'"),
        ({"claims": [claim(), claim()]}, "claims.one: an id must stand once"),
        ({"claims": []}, "claims: list should have at least 1 item"),
        ({"claims": [claim(ORDERING)]}, "margin: must be given where `claimed` is same, and only there"),
        ({"claims": [claim(ORDERING | {"claimed": "lower", "margin": 0.1})]}, "margin: must be given where"),
        ({"claims": [claim(NUMBER | {"otherwise": OTHERWISE | {"of": "claims-tiny/gone"}})]}, "must be an experiment"),
        ({"claims": [claim(NUMBER | {"otherwise": OTHERWISE | {"than": "a/b"}})]}, "otherwise.than: is no key of this"),
        (
            {"claims": [claim(AGAINST_OTHER)], "experiments": BOTH | {"claims-other": EXPERIMENT | {"seeds": [1, 0]}}},
            "claims.one: must compare trainings with the same seeds, got [0, 1] and [1, 0]",
        ),
        (
            {"claims": [claim(AGAINST_OTHER)], "experiments": BOTH | {"claims-other": EXPERIMENT | {"dataset": "a"}}},
            "claims.one: must compare trainings with the same dataset, got tiny and a",
        ),
        ({"questions": [{"asks": "What?", "claims": ["two"]}]}, "claims: must be of ['one'], got 'two'"),
        ({"questions": [{"asks": "What?", "outputs_of": "a/b"}]}, "questions.outputs_of: must be an experiment"),
        ({"settings": SETTINGS | {"epochs": "many"}}, "experiments.claims-tiny: epochs: input should be a valid"),
        ({"experiments": {"claims-tiny": EXPERIMENT | {"baseline": "x"}}}, "baseline: must be one of the variants"),
    ],
)
def test_a_broken_rule_is_one_line(tmp_path, changes, message):
    with pytest.raises(InputError) as caught:
        load(tmp_path, values(**changes))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_settings_of_an_experiment_are_shared_ones_and_its_own(tmp_path):
    claims = load(tmp_path, values())
    params = claims.params("claims-tiny")
    assert params.training("dense-4").epochs == 3
    assert params.training("linear").batch_size == 16
    assert claims.claims_of("claims-tiny/linear") == ["one"]
    assert claims.claims_of("claims-tiny/dense-4") == []


def test_a_claim_needs_the_trainings_of_its_parts_and_of_what_is_tried_otherwise(tmp_path):
    otherwise = NUMBER | {"otherwise": OTHERWISE | {"of": "claims-tiny/dense-4"}}
    claims = load(
        tmp_path, values(claims=[claim(ORDERING | {"margin": 0.1}), claim(otherwise, id="two"), claim(id="three")])
    )
    assert claims.claims_of("claims-tiny/linear") == ["one", "two", "three"]
    assert claims.claims_of("claims-tiny/dense-4") == ["one", "two"]


def test_dvc_is_given_every_key_and_replaces_all_variants(tmp_path):
    given = overrides(load(tmp_path, values()).values("claims-tiny"))
    assert "++stop_below_loss=null" in given
    assert "++record_test=true" in given
    assert "++normalize.validation_split=0.0" in given
    assert given[-2:] == ["~variants", "+variants={linear:{hidden:[]},dense-4:{hidden:[4],epochs:3}}"]
    # Keys that the file leaves out have their defaults: what somebody tries in params.yaml is no part of a claim.
    assert {"++normalize.train_share=1.0", "++normalize.split=fixed"} <= {*given}
    without = {key: value for key, value in load(tmp_path, values()).values("claims-tiny").items() if key != "tuning"}
    # DVC would merge a mapping with that of params.yaml: it is removed first.
    removed, tuning = [text for text in overrides(without) if text.startswith("++tuning=")]
    assert removed == "++tuning=null"
    assert tuning.startswith("++tuning={trials:0,")
    # Where trainings run is left as it is.
    keys = {text.removeprefix("++").split("=")[0].split(".")[0] for text in given[:-2]}
    assert keys == set(Params.model_fields) - {"variants", "cluster"}


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [({"flatten": False}, "every image is flattened"), ({"outputs": 5}, "one output for each class")],
)
@pytest.mark.parametrize("place", ["variant", "top"])
def test_a_mistake_that_the_data_rules_out_is_refused_by_its_rule(mistake, rule, place):
    params = read_yaml(REPOSITORY / "params.yaml")
    if place == "variant":
        params["variants"]["mistake"] = {"hidden": [128]} | mistake
    else:
        params |= mistake
    with pytest.raises(InputError) as caught:
        parse_params(params, Path("params.yaml"))
    (key,) = mistake
    assert rule in str(caught.value)
    assert f"{'variants.mistake.' if place == 'variant' else ''}{key}: is no setting" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistake_s_error_is_read_and_a_good_variant_has_none(tmp_path):
    claims = load(tmp_path, values())
    assert "every image is flattened" in claims.refusal({"hidden": [4], "flatten": False})
    assert claims.refusal({"hidden": [4]}) is None


def test_the_progress_tells_setting_and_claims_and_counts_epochs_of_what_dvc_has_not(tmp_path, capsys):
    claims = load(tmp_path, values())
    with progress({"claims-tiny": claims.params("claims-tiny")}, claims.label) as receive:
        receive("claims-tiny", "Stage 'train@linear' is cached - skipping run, checking out outputs")
        receive("claims-tiny", "Running stage 'train@dense-4':")
        for epoch in (1, 2):
            receive("claims-tiny", Progress("dense-4", 0, epoch, 3).line({"loss": 0.5}))
        (task,) = inspect.getclosurevars(receive).nonlocals["shown"].tasks
    assert (task.completed, task.total) == (2, 6)
    assert capsys.readouterr().out == "claims-tiny · dense-4 (baseline)\n"
