import copy
import string
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipelines_for_tests import PARAMS as TINY

from hemline.errors import InputError
from hemline.families.hyperparameters import Hyperparameters, Optimizer
from hemline.params import load_params, parse_params

REPOSITORY = Path(__file__).parent.parent
SOURCE = Path("params.yaml")
VALID = TINY | {
    "dataset": "fashion-mnist",
    "normalize": {"scale": 255, "validation_split": 0.1},
    "epochs": 5,
    "batch_size": 32,
    "learning_rate": 0.001,
    "variants": {"linear": {"hidden": []}, "dense-8": {"hidden": [8]}},
}
*_FIRST, _LAST = map(repr, get_args(Optimizer))
OPTIMIZERS = f"{', '.join(_FIRST)} or {_LAST}"
# (key, broken value, what the line must say after the key)
BROKEN = [
    ("dataset", "../elsewhere", "should match pattern"),
    ("dataset", "Fashion", "should match pattern"),
    ("dataset", "a" * 300, "at most 64 characters"),
    ("dataset", 5, "should be a valid string"),
    ("normalize", None, "should be a valid dictionary"),
    ("normalize.scale", 0, "should be greater than"),
    ("normalize.scale", "255", "should be a valid number"),
    ("normalize.scale", float("nan"), "should be"),
    ("normalize.scale", 1e300, "should be less than"),
    ("normalize.scale", 1e-300, "should be greater than"),
    ("normalize.validation_split", 1, "should be less than 1"),
    ("normalize.train_share", 0, "should be greater than 0"),
    ("epochs", 0, "should be greater than or equal to 1"),
    ("epochs", "abc", "should be a valid integer"),
    ("epochs", 2.0, "should be a valid integer"),
    ("epochs", [5, 10], "should be a valid integer"),
    ("epochs", 10**400, "should be less than"),
    ("batch_size", 0, "should be greater than or equal to 1"),
    ("optimizer", "Adam", "should be " + OPTIMIZERS),
    ("learning_rate", 0, "should be greater than 0"),
    ("learning_rate", float("nan"), "should be"),
    ("activation", "softmax", "should be 'relu'"),
    ("dropout", 1, "should be less than 1"),
    ("stop_below_loss", 0, "should be greater than 0"),
    ("record_test", "yes", "should be a valid boolean"),
    (
        "cluster",
        "localhost",
        "must be a scheduler's address, such as tcp://host:8786, its file, such as x.json, or null",
    ),
    ("cluster", "tcp://host", "must be a scheduler's address"),
    ("cluster", "http://host:8786", "must be a scheduler's address"),
    ("seeds", [], "at least 1 item"),
    ("seeds", 4, "should be a valid list"),
    ("seeds", [1, 0, 1], "must differ from each other, but [1]"),
    ("seeds.1", 2**32, "should be less than"),
    ("seeds.0", -1, "should be greater than or equal to 0"),
    ("baseline", "dense-9", "must be one of the variants ['linear', 'dense-8']"),
    ("variants", {}, "at least 1 item"),
    ("variants", ["linear"], "should be a valid dictionary"),
    ("variants.linear.hidden", 128, "should be a valid list"),
    ("variants.dense-8.hidden.0", 0, "should be greater than or equal to 1"),
    ("variants.dense-8.hidden.0", 10**30, "should be less than"),
    ("variants.dense-8.optimizer", "adamw", "should be 'adam'"),
    ("variants.dense-8.stop_below_loss", -1, "should be greater than 0"),
]
SURPRISES = {
    "a date that does not exist": b"epochs: 2024-13-45",
    "a number that is none": b"epochs: !!int abc",
    "a float that is none": b"learning_rate: !!float x",
    "more digits than Python reads": b"epochs: " + b"9" * 5000,
    "more hexadecimal digits than Python writes": b"epochs: 0x" + b"F" * 5000,
    "nested too deeply": b"[" * 3000 + b"]" * 3000,
    "a tag that builds objects": b"epochs: !!python/object/apply:os.system [exit]",
    "a mapping as key": b"? {a: b}\n: 1",
    "a list that holds itself": b"&a [*a]",
    "a mapping that holds itself": b"dataset: &a {b: *a}",
    "the same key twice": b"epochs: 1\nepochs: 2",
    "two documents": b"epochs: 1\n---\nepochs: 2",
    "no UTF-8": b"epochs: \xff\xfe",
    "a null byte": b"epochs: \x00",
    "nothing": b"",
    "a list": b"- epochs",
    "an open bracket": b"seeds: [0, 1",
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def changed(key, value):
    """Return VALID with ``value`` at the dotted ``key``."""
    values = copy.deepcopy(VALID)
    *parents, last = [int(part) if part.isdigit() else part for part in key.split(".")]
    place = values
    for part in parents:
        place = place[part]
    place[last] = value
    return values


def refusal(values):
    with pytest.raises(InputError) as error:
        parse_params(values, SOURCE)
    return str(error.value)


def test_the_file_in_the_repository_is_valid_and_each_variant_has_its_settings():
    params = load_params(REPOSITORY / "params.yaml")
    assert params.baseline in params.variants
    for name, variant in params.variants.items():
        own = variant.model_dump(exclude_unset=True)
        assert params.training(name).model_dump().items() >= own.items()


@pytest.mark.parametrize(("key", "value", "rule"), BROKEN, ids=[f"{key}={str(value)[:20]}" for key, value, _ in BROKEN])
def test_a_broken_rule_is_one_line_with_the_key_the_rule_and_the_value(key, value, rule):
    line = refusal(changed(key, value))
    assert line.startswith(f"params.yaml: {key}: ")
    assert rule in line
    assert "\n" not in line
    assert len(line) < 400
    assert ("[1]" if value == [1, 0, 1] else repr(value)[:40]) in line


@pytest.mark.parametrize("key", ["dataset", "seeds", "baseline", "variants"])
def test_a_missing_key_is_named(key):
    values = {name: value for name, value in VALID.items() if name != key}
    assert refusal(values) == f"params.yaml: {key}: is required, but missing"


@pytest.mark.parametrize("key", ["normalize", "record_test", *Hyperparameters.model_fields])
def test_a_key_that_a_former_params_yaml_has_not_is_as_it_was_before_there_was_the_key(key):
    values = {name: value for name, value in VALID.items() if name != key}
    assert parse_params(values, SOURCE) == parse_params(VALID, SOURCE)


@pytest.mark.parametrize("parent", ["", "normalize.", "variants.dense-8."])
def test_an_unknown_key_is_named_at_every_level(parent):
    line = refusal(changed(f"{parent}epoch", 20))
    assert line == f"params.yaml: {parent}epoch: is not a known key; remove it or correct its spelling, got 20"


@pytest.mark.parametrize("key", ["\x1b[2J", "a\x07", "\x9b31m", "\u202eabc"])
def test_a_key_that_commands_the_terminal_is_shown_and_commands_nothing(key):
    for values in (VALID | {key: 1}, changed("variants", {key: {"hidden": []}}), changed("variants.linear", {key: 1})):
        assert refusal(values).isprintable()


def test_a_long_value_is_shortened():
    assert len(refusal(VALID | {"epochs": "x" * 10_000})) < 300
    assert len(refusal(VALID | {"x": {str(number): number for number in range(10_000)}})) < 300


@given(st.text(max_size=12))
def test_a_variant_name_is_lower_case_letters_digits_and_hyphens_or_refused(name):
    allowed = set(string.ascii_lowercase + string.digits + "-")
    values = changed("variants", {"linear": {"hidden": []}, name: {"hidden": [8]}})
    if name and set(name) <= allowed and name[0] != "-":
        assert name in parse_params(values, SOURCE).variants
    else:
        assert len(refusal(values).splitlines()) == 1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6))
def test_seeds_are_accepted_exactly_if_they_differ(seeds):
    values = VALID | {"seeds": seeds}
    if len(set(seeds)) == len(seeds):
        assert parse_params(values, SOURCE).seeds == seeds
    else:
        assert refusal(values).startswith("params.yaml: seeds: must differ from each other")


@given(key=st.sampled_from(sorted(VALID)), value=json_values)
def test_any_value_of_any_key_is_accepted_or_refused_in_one_line_that_names_the_key(key, value):
    try:
        parse_params(VALID | {key: value}, SOURCE)
    except InputError as error:
        line = str(error)
        blamed = ("baseline",) if key == "variants" else ()
        assert line.startswith(tuple(f"params.yaml: {name}" for name in (key, *blamed)))
        assert len(line.splitlines()) == 1


@pytest.mark.parametrize("content", SURPRISES.values(), ids=SURPRISES)
def test_surprising_yaml_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        load_params(path)
    assert str(error.value).startswith(f"{path}: ")
    assert len(str(error.value).splitlines()) == 1


def test_a_missing_file_says_where_to_run():
    with pytest.raises(InputError, match="no such file; run from the top of the repository"):
        load_params(Path("nowhere/params.yaml"))


OVERRIDES = {
    "epochs": 9,
    "batch_size": 64,
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "activation": "tanh",
    "dropout": 0.25,
    "l2": 0.001,
    "stop_below_loss": 0.1,
}


@pytest.mark.parametrize(("key", "value"), OVERRIDES.items())
def test_a_variant_may_override_each_setting_for_itself_alone(key, value):
    params = parse_params(changed(f"variants.dense-8.{key}", value), SOURCE)
    assert getattr(params.training("dense-8"), key) == value
    assert getattr(params.training("linear"), key) == VALID[key]


def test_every_setting_of_a_training_can_be_overridden():
    assert set(OVERRIDES) == set(Hyperparameters.model_fields)


@pytest.mark.parametrize("key", [key for key in OVERRIDES if key != "stop_below_loss"])
def test_null_in_a_variant_leaves_the_top_level_setting_in_force(key):
    params = parse_params(changed(f"variants.dense-8.{key}", None), SOURCE)
    assert getattr(params.training("dense-8"), key) == VALID[key]


def test_null_switches_the_stop_off_for_one_variant():
    values = changed("variants.dense-8.stop_below_loss", None) | {"stop_below_loss": 0.2}
    params = parse_params(values, SOURCE)
    assert params.training("dense-8").stop_below_loss is None
    assert params.training("linear").stop_below_loss == 0.2


def test_the_settings_of_an_unknown_variant_are_refused_with_the_list_of_those_that_exist():
    with pytest.raises(InputError, match=r"variant: must be one of \['linear', 'dense-8'\], got 'dense-9'"):
        parse_params(VALID, SOURCE).training("dense-9")


@pytest.mark.parametrize(
    "cluster", ["tcp://127.0.0.1:8786", "tls://node-7.example.org:8786", ".hemline/workers.json", None]
)
def test_a_cluster_is_an_address_a_file_or_none(cluster):
    assert parse_params(VALID | {"cluster": cluster}, Path("params.yaml")).cluster == cluster
