"""Model families: each trains by the same protocol, and what a user got wrong is one line."""

import ast
import inspect
import io
import zipfile
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sets_for_tests import write_sets

from hemline.data.normalized import Labelled, Normalized
from hemline.errors import InputError
from hemline.families import keras as builders
from hemline.families.family import Family, FitCallbacks, Task
from hemline.families.registry import families, family_of
from hemline.jobs import run
from hemline.jobs.job import TrainingJob, TrainingSpec
from hemline.jobs.run import train_one
from hemline.jobs.settings import Settings
from hemline.params import Normalize, parse_params

FOREST = {"family": "scikit-learn", "estimator": "sklearn.ensemble.RandomForestClassifier"}
VARIANTS = {
    "dense": {"hidden": [5], "epochs": 2},
    "keras": {"family": "keras", "build": "my_models:small_cnn", "settings": {"filters": 2}, "epochs": 2},
    "logistic": {"family": "logistic", "strengths": [0.01, 0.1, 1.0]},
    "forest": FOREST | {"settings": {"n_estimators": 3}},
    "neighbours": {"family": "scikit-learn", "estimator": "sklearn.neighbors.KNeighborsClassifier"},
}
# In rows and columns that the example's two poolings leave something of.
SHAPE = (8, 6)


def params(**variants):
    values = {"dataset": "tiny", "seeds": [3, 4], "baseline": next(iter(variants)), "batch_size": 16}
    return parse_params(values | {"variants": variants}, Path("params.yaml"))


@pytest.fixture
def data(tmp_path):
    generator = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images = generator.integers(0, 200, (90, *SHAPE)) + 25 * labels[:, None, None]
    parts = {"train": slice(0, 50), "validation": slice(50, 70), "test": slice(70, 90)}
    sets = {name: Labelled(images[part] / np.float32(255), labels[part]) for name, part in parts.items()}
    write_sets(sets, ["a", "b", "c"], 255, folder=tmp_path)
    return Normalized(tmp_path)


class Callbacks:
    """Asks nothing to end, and keeps the epochs."""

    def __init__(self):
        self.rows = []

    def begin(self, seed, earlier):
        pass

    def epoch(self, seed, row):  # noqa: ARG002
        self.rows.append(row)

    def asked_to_end(self, seed):  # noqa: ARG002
        return False


def spec_of(data, name):
    training = params(**VARIANTS).training(name)
    settings = Settings(variant=name, dataset="tiny", normalize=Normalize(), training=training)
    spec = TrainingSpec.of(settings, data.digests(test_labels=False), record_test=False)
    return replace(spec, data=data.path)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_family_trains_to_the_same_bytes_again_tells_its_metrics_and_serves_its_files(data, name, tmp_path):
    spec, callbacks = spec_of(data, name), Callbacks()
    first = train_one(TrainingJob(spec, 3), callbacks)
    run._shared.cache_clear()
    second = train_one(TrainingJob(spec, 3), Callbacks())
    assert (first.model, first.served) == (second.model, second.served)
    family = family_of(spec.settings.training)
    assert [row["epoch"] for row in callbacks.rows] == [*range(1, family.epochs(spec.settings.training) + 1)]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= callbacks.rows[-1].keys()
    for each in first.predicted.values():
        assert each.shape == (20, 3)
        np.testing.assert_allclose(each.sum(axis=1), 1, atol=1e-5)
    assert first.served.interface == (name, SHAPE, 3)
    assert first.layers[-1]["parameters"] > 0
    # Of a file, the model is served as it was.
    path = tmp_path / name / f"seed-3{family.suffix}"
    path.parent.mkdir()
    path.write_bytes(first.model)
    served = family.serve(path, 255)
    assert (served.interface, served.suffix) == (first.served.interface, first.served.suffix)
    assert weights_of(served) == weights_of(first.served)
    path.write_bytes(b"no model")
    with pytest.raises(InputError, match=rf"seed-3{family.suffix}: is damaged.*; run `dvc repro train@{name}`$"):
        family.serve(path, 255)


def weights_of(served):
    """Return the members of a file that hold numbers."""
    with zipfile.ZipFile(io.BytesIO(served.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith((".h5", ".npy"))}


def test_families_without_chance_are_trained_once_whatever_the_seeds():
    found = params(**VARIANTS)
    assert {name: found.seeds_of(name) for name in VARIANTS} == {
        "dense": [3, 4],
        "keras": [3, 4],
        "logistic": [3],
        "forest": [3, 4],
        "neighbours": [3],
    }


def test_a_variant_takes_those_settings_of_the_top_level_that_its_family_has():
    found = params(**VARIANTS)
    assert found.training("keras").batch_size == found.training("dense").batch_size == 16
    assert "batch_size" not in found.training("logistic").model_dump()


def test_a_solver_that_was_ended_resumes_after_the_strengths_that_it_had_solved(data):
    training = params(**VARIANTS).training("logistic")
    learner = families()["logistic"].learner(training, Task("logistic", data, {}))
    states = []

    def end_in_the_second(arrays):
        states.append(arrays())
        if len(states[-1]):
            raise CancelledError

    whole = learner.fit(3, FitCallbacks(lambda _: None, lambda _: None))
    with pytest.raises(CancelledError):
        learner.fit(3, FitCallbacks(lambda _: None, end_in_the_second))
    from hemline.training.resume import TrainingState  # noqa: PLC0415 - beside the one use

    resumed = learner.fit(3, FitCallbacks(lambda _: None, lambda _: None), TrainingState([], states[-1]))
    assert resumed.content() == whole.content()
    assert resumed.notes() == whole.notes()


WRONG = {
    "a family": ({"family": "forest"}, "family must be one of dense, keras, logistic, scikit-learn"),
    "another family's key": ({"build": "a:b"}, "is a key of the family keras, which `family: keras` beside it chooses"),
    "no key": ({"family": "logistic", "hidden": []}, "hidden: is not a known key"),
    "strengths": ({"family": "logistic", "strengths": [1.0, 0.1]}, "strengths: must ascend, each once"),
    "a function": ({"family": "keras", "build": "small_cnn"}, "must be a module and a function"),
    "an estimator": (FOREST | {"estimator": "os.system"}, "must be a classifier of scikit-learn by its full name"),
}


@pytest.mark.parametrize(("variant", "rule"), WRONG.values(), ids=WRONG)
def test_a_mistake_in_a_variant_is_one_line_that_names_it(variant, rule):
    with pytest.raises(InputError) as caught:
        params(mine=variant)
    assert str(caught.value).startswith("params.yaml: variants.mine")
    assert rule in str(caught.value)
    assert "\n" not in str(caught.value)


REFUSED = {
    "no such class": ({"estimator": "sklearn.ensemble.Forest"}, "estimator: must be a classifier of scikit-learn"),
    "a regressor": ({"estimator": "sklearn.ensemble.RandomForestRegressor"}, "estimator: must be a classifier, got"),
    "no probabilities": ({"estimator": "sklearn.svm.LinearSVC"}, "estimator: must give probabilities"),
    "of others": ({"estimator": "sklearn.ensemble.VotingClassifier"}, "must not be made of other estimators"),
    "an unknown argument": ({"settings": {"trees": 3}}, "settings.trees: is no argument of RandomForestClassifier"),
    "a wrong value": ({"settings": {"n_estimators": -1}}, "settings: The 'n_estimators' parameter .* must be an int"),
    "the seed": ({"settings": {"random_state": 0}}, "settings.random_state: is no setting here"),
    "cores": ({"settings": {"n_jobs": 2}}, "settings.n_jobs: is no setting here"),
}


@pytest.mark.parametrize(("changes", "rule"), REFUSED.values(), ids=REFUSED)
def test_what_scikit_learn_cannot_fit_is_refused_before_anything_trains(changes, rule):
    training = params(mine=FOREST | changes).training("mine")
    with pytest.raises(InputError, match=rule):
        families()["scikit-learn"].check(training, images=100)


BUILDERS = """
import keras


def number(shape, classes, settings):
    return 7


def raises(shape, classes, settings):
    raise KeyError("filters")


def scores(shape, classes, settings):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)])


def few(shape, classes, settings):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])


class Own(keras.layers.Layer):
    pass


def own(shape, classes, settings):
    return keras.Sequential([keras.Input(shape), Own(), keras.layers.Flatten(), keras.layers.Dense(classes, "softmax")])


def normed(shape, classes, settings):
    return keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), keras.layers.BatchNormalization(), keras.layers.Dropout(0.2),
        keras.layers.Dense(classes, "softmax", kernel_regularizer="l2"),
    ])
"""


@pytest.fixture
def builder(tmp_path, monkeypatch, request):
    """A repository whose builders/ holds the module above, by a name of its own."""
    name = f"built_{abs(hash(request.node.name))}"
    (tmp_path / "builders").mkdir()
    (tmp_path / "builders" / f"{name}.py").write_text(BUILDERS)
    (tmp_path / "dvc.yaml").write_text("stages: {check: {deps: [builders]}}")
    monkeypatch.setattr(builders, "_top", lambda: tmp_path)
    return name


@pytest.mark.parametrize(
    ("function", "rule"),
    [
        ("number", "must return a keras.Model, got int"),
        ("raises", "raised KeyError: 'filters'"),
        ("scores", "must end with probabilities: give the last layer activation='softmax'"),
        ("few", "must return 3 outputs, one for each class"),
        ("own", "must use Keras's own layers, which saved models can hold, got Own"),
    ],
)
def test_a_function_that_builds_something_else_is_one_line(data, builder, function, rule):
    training = params(mine={"family": "keras", "build": f"{builder}:{function}"}).training("mine")
    with pytest.raises(InputError, match=rf"^build: {builder}:{function}: {rule}"):
        families()["keras"].learner(training, Task("mine", data, data.digests(test_labels=False)))


def test_a_model_with_moving_means_dropout_and_penalties_trains_and_keeps_what_its_layers_keep(data, builder):
    training = params(mine={"family": "keras", "build": f"{builder}:normed", "epochs": 3}).training("mine")
    family = families()["keras"]
    with family.device():
        learner = family.learner(training, Task("mine", data, data.digests(test_labels=False)))
        rows = []
        model = learner.fit(0, FitCallbacks(rows.append, lambda _: None))
        own = model._model
        moving = own.layers[1].moving_mean.numpy()
        images = data.images("test")
        expected = own(images / np.float32(255), training=False).numpy()
        np.testing.assert_allclose(model.predict(images), expected, atol=1e-5)
    assert len(rows) == 3
    assert moving.any()


def test_a_function_is_looked_for_before_anything_trains_and_its_edits_count(builder, tmp_path):
    family = families()["keras"]
    training = params(mine={"family": "keras", "build": f"{builder}:few"}).training("mine")
    family.check(training, images=100)
    before = family.sources(training)
    path = tmp_path / "builders" / f"{builder}.py"
    path.write_text(path.read_text() + "\n# another line\n")
    assert family.sources(training) != before
    for build, rule in (
        ("nowhere:few", "must name a module of the repository"),
        (f"{builder}:nothing", "must name a function"),
    ):
        wrong = params(mine={"family": "keras", "build": build}).training("mine")
        with pytest.raises(InputError, match=rf"^build: {rule}"):
            family.check(wrong, images=100)
    (tmp_path / f"top_{builder}.py").write_text(BUILDERS)
    top = params(mine={"family": "keras", "build": f"top_{builder}:few"}).training("mine")
    with pytest.raises(InputError, match="its edits must train again: move it to builders/"):
        family.check(top, images=100)


def test_families_import_nothing_heavy_before_they_are_used():
    for family in families().values():
        tree = ast.parse(inspect.getsource(inspect.getmodule(type(family))))
        names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
        assert not names & {"numpy", "sklearn", "keras", "tensorflow"}
        assert isinstance(family, Family)


def test_only_families_with_epochs_can_still_improve():
    found = params(**VARIANTS)
    can = {name: family_of(found.training(name)).has_epochs(found.training(name)) for name in VARIANTS}
    assert can == {"dense": True, "keras": True, "logistic": False, "forest": False, "neighbours": False}
