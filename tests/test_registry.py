"""Promotions from a finished workspace into a real MLflow store."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import report_data
import workspace_for_tests as workspace
from sklearn.ensemble import RandomForestClassifier

from commands import promote
from hemline.__main__ import main as hemline
from hemline.comparison.promotion import Candidate
from hemline.data.description import load_dataset
from hemline.data.digests import seen_digests, set_digest
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.scikit_learn import EstimatorModel
from hemline.params import load_params
from hemline.report.results import load_results
from hemline.tracking import registry, served, store
from hemline.tracking.address import tracking_uri
from hemline.tracking.model_card import model_card


@pytest.fixture
def promoted(tmp_path, monkeypatch):
    return workspace.promoted(tmp_path / "copy", monkeypatch)


def versions():
    return store.open_store("tiny").client.search_model_versions("name = 'tiny'")


def retrain(variant, seeds):
    """Replace a variant's models, and evaluate again."""
    workspace.write_models(variant, seeds)
    workspace.score(workspace.USUAL)


@pytest.mark.usefixtures("promoted")
def test_the_first_promotion_says_that_there_was_no_champion_and_keeps_the_evidence():
    champion = registry.find_champion("tiny")
    assert champion.version == "1"
    assert champion.name == "the champion (version 1, three with seed 1)"
    expected = {
        "variant": "three",
        "seed": "1",
        "seeds": "2",
        "validation_accuracy_mean": "0.925000",
        "validation_accuracy": "0.950000",
        "test_accuracy": "1.000000",
        "model_sha256": promote.Trained("three").model_sha256(1),
    }
    assert champion.tags.items() >= expected.items()
    (version,) = versions()
    assert "three is the best of 3 variants: 92.50 % validation accuracy, the mean of 2 seeds" in version.description
    assert "there was no champion; 100.00 % of the test images are right" in version.description


@pytest.mark.usefixtures("promoted")
def test_a_version_has_a_model_card_of_what_is_known():
    (version,) = versions()
    card = version.description.partition("## Model card\n")[2]
    titles = [line.removeprefix("### ") for line in card.splitlines() if line.startswith("### ")]
    assert titles == ["Model", "Intended use", "Data", "Metrics", "By class", "Limits"]
    for known in (
        version.tags["model_sha256"],
        load_dataset("tiny").digest,
        "Licence of the data: CC0. Licence of the model: not stated",
        "percentage points over linear; verdict: better",
        "top: 100.00 % are found",
    ):
        assert known in card


def test_a_model_card_shows_no_interval_that_says_nothing(tmp_path):
    report_data.write_inputs(tmp_path, report_data.Inputs())
    results = load_results(load_params(tmp_path / "params.yaml"), tmp_path)
    results.comparison[["accuracy_low", "accuracy_high", "gain_low", "gain_high"]] = (0.0, 1.0, -1.0, 1.0)
    candidate = Candidate("dense-8", 0, 2, 3, 0.9, 0.9, 0.9, "0" * 64, 0)
    card = model_card(results, candidate, "it is the first")
    assert card.count("[too few to tell]") == 2
    assert "100.00]" not in card


@pytest.mark.usefixtures("promoted")
def test_a_version_leads_to_the_run_of_its_training_whose_end_and_model_stay():
    (version,) = versions()
    run = store.open_store("tiny").client.get_run(version.run_id)
    assert run.data.tags["model_sha256"] == version.tags["model_sha256"]
    assert run.info.status == "FINISHED"
    assert len(run.outputs.model_outputs) == 1


def test_the_registered_model_carries_no_pickle(promoted):
    assert list(promoted.glob("mlartifacts/**/served.py"))
    assert not list(promoted.glob("mlartifacts/**/*.pkl"))


@pytest.mark.usefixtures("promoted")
def test_the_champion_is_loaded_by_its_own_flavor_and_takes_what_an_image_file_gives():
    import mlflow  # noqa: PLC0415 - after the workspace

    pixels, labels = workspace.images(6)
    own = mlflow.keras.load_model(registry.uri("tiny"))
    assert own.predict(pixels, verbose=0).argmax(axis=1).tolist() == labels.tolist()
    checked = mlflow.pyfunc.load_model(registry.uri("tiny"))
    assert [each["class"] for each in checked.predict(list(pixels))] == [workspace.CLASSES[label] for label in labels]


@pytest.mark.slow
@pytest.mark.usefixtures("promoted")
def test_mlflow_evaluates_the_champion_as_the_docs_say(capsys):
    pixels, labels = workspace.images(6)
    page = (Path(__file__).parent.parent / "docs/SERVING.md").read_text()
    code = re.search(r"```python\n(import numpy.*?)```", page, re.DOTALL)[1].replace("labels = ...", "labels")
    code = code.replace("models:/fashion-mnist@champion", registry.uri("tiny"))
    # The page's reader is in a new process, and this one may have had a server that has ended since.
    code = f"import mlflow\nmlflow.set_tracking_uri({tracking_uri()!r})\n{code}"
    exec(code, {"images": pixels, "labels": labels})  # noqa: S102 - of this repository
    assert capsys.readouterr().out.splitlines()[-1] == "1.0"


@pytest.mark.usefixtures("promoted")
def test_a_classifier_of_scikit_learn_can_be_the_champion():
    pixels, labels = workspace.images(30)
    forest = RandomForestClassifier(5, random_state=0).fit(pixels.reshape(30, -1) / 255, labels)
    served = EstimatorModel(forest, "forest", workspace.SHAPE, 3, 255).served()
    facts = {"classes": workspace.CLASSES, "image_shape": list(workspace.SHAPE)}
    registry.promote("tiny", served, facts, {"model_sha256": "f" * 64}, "because")
    champion = registry.load_champion(registry.find_champion("tiny"))
    assert champion.probabilities(pixels).argmax(axis=1).tolist() == labels.tolist()


@pytest.mark.usefixtures("promoted")
def test_the_same_model_is_not_promoted_twice(capsys):
    hemline(["promote"])
    assert "Not promoted: this model is the champion (version 1, three with seed 1) already." in capsys.readouterr().out
    assert len(versions()) == 1


@pytest.mark.usefixtures("promoted")
def test_a_worse_model_is_not_promoted_though_its_validation_accuracy_is_better(capsys):
    retrain("two", [(2, 0.99), (2, 0.98)])
    hemline(["promote"])
    told = capsys.readouterr().out
    assert "two is the best of 3 variants: 98.50 %" in told
    expected = "it is worse than the champion (version 1, three with seed 1) on 60 test images: \N{MINUS SIGN}33.33"
    assert f"Not promoted: {expected}" in told
    assert registry.find_champion("tiny").version == "1"


@pytest.mark.usefixtures("promoted")
def test_an_equal_model_is_not_promoted(capsys):
    retrain("two", [(3, 0.99), (3, 0.98)])
    hemline(["promote"])
    assert "Not promoted: it is not shown to differ from the champion" in capsys.readouterr().out


def test_a_better_model_takes_over_from_a_champion_that_only_the_registry_still_has(tmp_path, monkeypatch, capsys):
    weak = {"linear": [(0, 0.3), (0, 0.3)], "two": [(2, 0.6), (2, 0.65)], "three": [(0, 0.1), (0, 0.1)]}
    workspace.build(tmp_path / "weak", monkeypatch, weak)
    hemline(["promote"])
    shutil.rmtree("models/two")
    workspace.write_models("two", [(1, 0.2), (1, 0.25)])
    retrain("three", [(3, 0.9), (3, 0.95)])
    hemline(["promote"])
    told = capsys.readouterr().out
    assert "Promoted to version 2: it is better than the champion (version 1, two with seed 1) on 60" in told
    champion = registry.find_champion("tiny")
    assert champion.version == "2"
    assert float(champion.tags["gain"]) == pytest.approx(1 / 3, abs=1e-6)
    assert float(champion.tags["gain_low"]) < 1 / 3 < float(champion.tags["gain_high"])
    assert float(champion.tags["p_value"]) < 0.001


@pytest.mark.usefixtures("promoted")
def test_models_that_were_trained_after_the_evaluation_are_refused():
    workspace.write_models("three", [(2, 0.9), (2, 0.95)])
    with pytest.raises(SystemExit, match=r"^error: models/three: was trained again .*; run `dvc repro`$"):
        hemline(["promote"])


def test_without_validation_nothing_is_promoted(tmp_path, monkeypatch):
    workspace.build(tmp_path, monkeypatch, validation_split=0)
    with pytest.raises(SystemExit, match=r"^error: normalize\.validation_split: must be above 0"):
        hemline(["promote"])
    assert not (tmp_path / "mlflow.db").exists()


def test_a_champion_of_other_classes_is_not_compared(promoted):
    workspace.write_models("three", [(2, 0.9), (3, 0.99)])
    classes = workspace.CLASSES
    description = (promoted / "data" / "tiny.yaml").read_text()
    (promoted / "data" / "tiny.yaml").write_text(description.replace(classes[0], "other"))
    results = promote.load_results(promote.load_params())
    results.runs["model_sha256"] = "of nothing in the workspace"
    with pytest.raises(InputError, match="is for other classes or another image shape"):
        promote._champion_probabilities(results, registry.find_champion("tiny"))


def forget(folder):
    """Delete the store; MLflow keeps one open that it has once opened, so this comes first."""
    for path in folder.glob("mlflow.db*"):
        path.unlink()


def test_a_champion_whose_store_is_gone_is_registered_again_with_its_evidence(promoted, capsys):
    forget(promoted)
    found = registry.find_champion("tiny")
    assert found.name == "the champion (version 1, three with seed 1)"
    assert found.tags.keys() >= {"seeds", "validation_accuracy_mean", "test_accuracy", "model_sha256"}
    assert "Promoted because there was no champion; 100.00 %" in versions()[0].description
    told = "tiny: the champion (version 1, three with seed 1) is registered again, from what its promotion left"
    assert capsys.readouterr().out.startswith(told)
    facts = registry.load_champion(found).facts
    assert facts["classes"] == workspace.CLASSES
    assert (facts["pixels"]["lowest"], facts["pixels"]["highest"]) == (0, 255)
    # A second time, there is nothing to do or to say.
    assert registry.find_champion("tiny") == found
    assert capsys.readouterr().out == ""


def test_sync_brings_back_the_champion_of_a_store_that_was_deleted(promoted, capsys):
    forget(promoted)
    hemline(["sync"])
    told = capsys.readouterr().out
    assert "mlflow.db: rebuilt from the current workspace" in told
    assert "tiny: the champion (version 1, three with seed 1) is registered again" in told
    assert [version.version for version in versions()] == [1]


def test_the_last_of_several_promotions_is_registered_again(promoted):
    (left,) = promoted.glob("mlartifacts/tiny/models/*/artifacts/artifacts/evidence.json")
    older = promoted / "mlartifacts/tiny/models/m-older/artifacts"
    shutil.copytree(left.parent.parent, older)
    evidence = json.loads(left.read_text())
    (older / "artifacts/evidence.json").write_text(
        json.dumps(evidence | {"at": evidence["at"] - 1, "tags": {"variant": "older"}})
    )
    broken = promoted / "mlartifacts/tiny/models/m-broken/artifacts/artifacts"
    broken.mkdir(parents=True)
    (broken / "evidence.json").write_text('{"at": ')
    forget(promoted)
    assert registry.find_champion("tiny").tags["variant"] == "three"


@pytest.mark.usefixtures("promoted")
@pytest.mark.parametrize("how", ["version", "model", "alias"])
def test_a_champion_that_somebody_deleted_stays_deleted(how):
    client = store.open_store("tiny").client
    if how == "version":
        client.delete_model_version("tiny", "1")
    elif how == "model":
        client.delete_registered_model("tiny")
    else:
        client.delete_registered_model_alias("tiny", registry.ALIAS)
    assert registry.find_champion("tiny") is None


def test_a_champion_whose_files_are_gone_is_reported_in_one_line(promoted):
    for file in list(promoted.glob("mlartifacts/**/served.py")):
        shutil.rmtree(file.parent)
    with pytest.raises(InputError, match=r"the champion \(version 1.*cannot be loaded: .*run `make promote`") as caught:
        registry.load_champion(registry.find_champion("tiny"))
    assert "\n" not in str(caught.value)


def test_looking_for_a_champion_creates_no_store(tmp_path, monkeypatch):
    workspace.enter(tmp_path, monkeypatch)
    assert registry.find_champion("tiny") is None
    assert not list(tmp_path.iterdir())


def test_a_store_out_of_reach_is_one_line(tmp_path, monkeypatch):
    workspace.enter(tmp_path, monkeypatch)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError, match=r"^MLflow at http://user:…@127\.0\.0\.1:9: ") as caught:
        registry.find_champion("tiny")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def of_another_split(monkeypatch, seen):
    """Let the champion be one of another split, whose training images had these digests; return the results."""
    results = promote.load_results(promote.load_params())
    results.runs["model_sha256"] = "of nothing in the workspace"
    champion = registry.load_champion(registry.find_champion("tiny"))
    champion.seen = seen
    monkeypatch.setattr(promote, "load_champion", lambda _: champion)
    monkeypatch.setattr(promote, "seen_digests", lambda _: np.array([7], np.uint64))
    monkeypatch.setattr(promote, "image_digests", lambda images: np.arange(100, 100 + len(images), dtype=np.uint64))
    return results


@pytest.mark.usefixtures("promoted")
def test_a_champion_is_compared_on_the_test_images_that_neither_was_trained_on(monkeypatch):
    results = of_another_split(monkeypatch, np.arange(90, 110, dtype=np.uint64))
    probabilities, unseen = promote._champion_probabilities(results, registry.find_champion("tiny"))
    assert len(probabilities) == len(unseen) == 60
    assert unseen.tolist() == [False] * 10 + [True] * 50
    row = promote._challenge(results, probabilities, probabilities, unseen)
    assert row.images == 50
    assert promote._left_out(unseen) == "without the 10 test images that one of them was trained on, "


@pytest.mark.usefixtures("promoted")
def test_a_champion_that_was_trained_on_the_test_images_or_does_not_say_is_refused(monkeypatch):
    champion = registry.find_champion("tiny")
    with pytest.raises(InputError, match=r"was trained on 60 of the current 60 test images.*restore the split"):
        promote._champion_probabilities(of_another_split(monkeypatch, np.arange(200, dtype=np.uint64)), champion)
    with pytest.raises(InputError, match="does not say which images it was trained on"):
        promote._champion_probabilities(of_another_split(monkeypatch, None), champion)


@pytest.mark.usefixtures("promoted")
def test_a_champion_keeps_the_digests_of_its_images(promoted):
    champion, seen = registry.find_champion("tiny"), seen_digests(Normalized())
    assert champion.tags["training_digest"] == set_digest(seen) == set_digest(seen[::-1])
    assert registry.load_champion(champion).seen.tolist() == seen.tolist()
    assert len(champion.tags["test_digest"]) == 64
    assert promoted.is_dir()


def test_the_first_champion_must_be_better_than_the_baseline(tmp_path, monkeypatch, capsys):
    alike = {"linear": [(2, 0.8), (2, 0.81)], "two": [(2, 0.9), (2, 0.95)], "three": [(2, 0.1), (2, 0.1)]}
    workspace.build(tmp_path, monkeypatch, alike)
    hemline(["promote"])
    told = capsys.readouterr().out
    assert "Not promoted: there was no champion; " in told
    assert "it is not shown to differ from the baseline linear with seed 1 on 60 test images" in told
    assert registry.find_champion("tiny") is None


def test_a_champion_may_be_served_with_a_temperature(promoted, capsys):
    hemline(["promote", "--calibrated"])
    assert "with another temperature: the same answers" in capsys.readouterr().out
    first, second = sorted(versions(), key=lambda each: int(each.version))
    assert "temperature" not in first.tags
    pixels, _ = workspace.images(6)
    plain, warm = (
        registry.load_champion(registry.Champion("tiny", each.version, each.tags)) for each in (first, second)
    )
    assert warm.facts["temperature"] == float(second.tags["temperature"])
    expected = served.scaled(plain.probabilities(pixels), warm.facts["temperature"])
    np.testing.assert_allclose(warm.probabilities(pixels), expected, rtol=1e-6)
    for again in (["promote", "--calibrated"], ["promote"]):
        hemline(again)
        assert "Not promoted: this model is the champion (version 2" in capsys.readouterr().out
