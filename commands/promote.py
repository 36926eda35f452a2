"""Promote the best model if it beats the current champion.

Reads params.yaml, data/, models/ and reports/evaluation/; writes a version, with its evidence, to MLflow's registry.

Run: hemline promote [--calibrated]
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.calibration import scaled, temperature
from hemline.comparison.metrics import decision_of
from hemline.comparison.promotion import Candidate, challenge, choose, describe_challenge
from hemline.comparison.statistics import Row
from hemline.data.description import CollectedDataset
from hemline.data.digests import image_digests, seen_digests, set_digest
from hemline.data.normalized import Normalized
from hemline.data.scaling import to_screen
from hemline.errors import InputError
from hemline.families.registry import family_of
from hemline.jobs.trained import Trained
from hemline.params import load_params
from hemline.photo.framing import SAMPLE, measure
from hemline.report.results import Results, load_results
from hemline.terminal.arguments import option
from hemline.tracking.model_card import model_card
from hemline.tracking.publish import publish
from hemline.tracking.registry import Champion, find_champion, load_champion, promote
from hemline.words import percent

# The tag of the images that a champion was trained on or chosen by.
_TRAINING = "training_digest"
# The tag, and the fact, of a champion whose probabilities are scaled.
_TEMPERATURE = "temperature"
# Fewer test images show almost nothing.
_FEWEST = 30


@option("--calibrated", action="store_true", help="serve its probabilities after temperature scaling")
def main(calibrated: bool) -> None:
    """Choose the candidate, test it against the champion, and promote it or give the reason."""
    results = load_results(load_params())
    candidate = choose(results.runs, results.metric, results.selection)
    _check_current(candidate)
    print(f"{results.params.dataset}: {candidate.describe()}.")
    champion = find_champion(results.params.dataset)
    own = _temperature(candidate) if calibrated else None
    if champion is not None and champion.tags.get("model_sha256") == candidate.model_sha256:
        if own is None or champion.tags.get(_TEMPERATURE) == str(own):
            print(f"Not promoted: this model is {champion.name} already.")
            return
        row, reason = None, f"it is {champion.name} with another temperature: the same answers"
    else:
        row, reason = _test(results, candidate, champion, own)
    if row is not None and row.verdict != "better":
        print(f"Not promoted: {reason}.")
        return
    # The version should link to the run of its training.
    if not publish(list(results.params.variants)):
        sys.exit(1)
    print(f"Promoted to version {_promote(results, candidate, row, reason, own)}: {reason}.")


def _check_current(candidate: Candidate) -> None:
    """Refuse models that have been trained since they were evaluated."""
    if Trained(candidate.variant).model_sha256(candidate.seed) != candidate.model_sha256:
        raise InputError(
            f"models/{candidate.variant}: was trained again after reports/evaluation was written; run `dvc repro`"
        )


def _temperature(candidate: Candidate) -> float:
    """Return the temperature of the candidate, fitted on its validation images."""
    labels = Normalized().of_seed(candidate.seed).labels("validation")
    if not len(labels):
        raise InputError("--calibrated: needs validation images, and normalize.validation_split is 0")
    found = Trained(candidate.variant).probabilities("validation")[candidate.place, : len(labels)]
    return temperature(found, labels)


def _test(
    results: Results, candidate: Candidate, champion: Champion | None, own: float | None
) -> tuple[Row | None, str]:
    """Test the candidate, with its temperature, against the champion, or the baseline's best model."""
    probabilities = results.probabilities(candidate.variant)[candidate.place]
    if own is not None:
        probabilities = scaled(probabilities[None], [own])[0]
    if champion is not None:
        champions, unseen = _champion_probabilities(results, champion)
        row = _challenge(results, probabilities, champions, unseen)
        return row, _left_out(unseen) + describe_challenge(row, champion.name, results.metric)
    reason = f"there was no champion; {percent(candidate.test_accuracy)} % of the test images are right"
    baseline = results.params.baseline
    if candidate.variant == baseline:
        return None, f"{reason}, and it is of the baseline"
    other = choose(results.runs[results.runs["variant"] == baseline], results.metric)
    everything = np.ones(len(results.test.labels), np.bool_)
    row = _challenge(results, probabilities, results.probabilities(baseline)[other.place], everything)
    name = f"the baseline {baseline} with seed {other.seed}"
    return row, f"{reason}; {describe_challenge(row, name, results.metric)}"


def _left_out(unseen: NDArray[np.bool_]) -> str:
    count = int((~unseen).sum())
    return f"without the {count:,} test images that one of them was trained on, " if count else ""


def _challenge(results: Results, candidate: NDArray[Any], champion: NDArray[Any], chosen: NDArray[np.bool_]) -> Row:
    """Compare the probabilities of two models on the chosen test images."""
    labels, groups = results.test.labels[chosen], results.groups
    own, other = (results.decision.scores(each[chosen], labels) for each in (candidate, champion))
    groups = None if groups is None else groups[chosen]
    return challenge(own, other, groups, labels if results.decision.by_class else None)


def _champion_probabilities(results: Results, champion: Champion) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the champion's probabilities on the test images, and which of these it can be judged by.

    The probabilities are those of the workspace if it is there, or new ones. A champion of another split may have been
    trained on some of the test images.
    """
    runs, test = results.runs, results.test.images
    everything = np.ones(len(test), np.bool_)
    same = runs["model_sha256"].isin([champion.tags.get("model_sha256")]) & (_TEMPERATURE not in champion.tags)
    for variant, group in runs[same].groupby("variant"):
        place = runs[runs["variant"] == variant].index.get_loc(group.index[0])
        return np.asarray(results.probabilities(str(variant))[place]), everything
    loaded = load_champion(champion)
    if loaded.facts["classes"] != results.source.classes or loaded.facts["image_shape"] != results.source.image_shape:
        raise InputError(
            f"{champion.name} is for other classes or another image shape than data/{champion.dataset}.yaml describes; "
            f"give this data set another name, or delete that version in the MLflow UI"
        )
    own, known = seen_digests(Normalized()), loaded.seen
    if known is None:
        raise InputError(
            f"{champion.name} does not say which images it was trained on, and may know the current test images; "
            "delete that version in the MLflow UI, and run `make promote`"
        )
    if champion.tags.get(_TRAINING) == set_digest(own):
        return loaded.probabilities(test), everything
    unseen = ~np.isin(image_digests(test), np.union1d(known, own))
    if unseen.sum() < _FEWEST:
        raise InputError(
            f"{champion.name} was trained on {(~unseen).sum():,} of the current {len(test):,} test images, so too few "
            f"are left to compare: restore the split that it was trained with in data/{champion.dataset}.yaml, or "
            "delete that version in the MLflow UI"
        )
    return loaded.probabilities(test), unseen


def _promote(results: Results, candidate: Candidate, row: Row | None, reason: str, own: float | None) -> str:
    trained = Trained(candidate.variant)
    settings = trained.settings(candidate.seed)
    model = family_of(settings.training).serve(trained.model_path(candidate.seed), settings.normalize.scale)
    pixels = results.source.pixels
    sample = results.train.images[:SAMPLE]
    resize = results.source.resize if isinstance(results.source, CollectedDataset) else None
    facts = {
        "dataset": results.params.dataset,
        "variant": candidate.variant,
        "seed": candidate.seed,
        "classes": results.source.classes,
        "image_shape": results.source.image_shape,
        "pixels": pixels.model_dump(),
        "framing": measure(to_screen(sample, pixels))._asdict(),
        "resize": resize.model_dump() if resize else None,
        _TEMPERATURE: own,
    }
    description = f"{candidate.describe()}. Promoted because {reason}.\n\n{model_card(results, candidate, reason)}"
    seen = seen_digests(Normalized())
    tags = _evidence(candidate, row) | {_TRAINING: set_digest(seen)}
    tags["test_digest"] = set_digest(image_digests(results.test.images))
    if own is not None:
        tags[_TEMPERATURE] = str(own)
    return promote(results.params.dataset, model, facts, tags, description, seen=seen)


def _evidence(candidate: Candidate, row: Row | None) -> dict[str, str]:
    """Return the version's tags."""
    figures: dict[str, Any] = {
        "variant": candidate.variant,
        "seed": candidate.seed,
        "seeds": candidate.seeds,
        "metric": decision_of(candidate.metric).name,
        f"validation_{candidate.metric.key}_mean": f"{candidate.validation:.6f}",
        f"validation_{candidate.metric.key}": f"{candidate.own_validation:.6f}",
        "test_accuracy": f"{candidate.test_accuracy:.6f}",
        "model_sha256": candidate.model_sha256,
    }
    if row is not None and row.comparison is not None:
        gain = row.comparison
        figures |= {"gain": f"{gain.gain:.6f}", "gain_low": f"{gain.low:.6f}", "gain_high": f"{gain.high:.6f}"}
        figures |= {"p_value": f"{row.p_value:.3g}", "test_images": row.images}
    return {key: str(value) for key, value in figures.items()}
