"""Make the best model the one that is served, if it is better than the present one.

Reads params.yaml, data/, models/ and reports/evaluation/; writes a version, with its evidence, to MLflow's registry.

Run: python -m commands.promote
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.promotion import Candidate, challenge, choose, describe_challenge
from hemline.comparison.statistics import Row
from hemline.data.description import CollectedDataset
from hemline.data.scaling import to_screen
from hemline.errors import InputError, one_line_errors
from hemline.families.registry import family_of
from hemline.jobs.trained import Trained
from hemline.params import load_params
from hemline.photo.framing import SAMPLE, measure
from hemline.report.results import Results, load_results
from hemline.terminal.arguments import parser
from hemline.tracking.model_card import model_card
from hemline.tracking.publish import publish
from hemline.tracking.registry import Champion, find_champion, load_champion, promote


def main() -> None:
    """Choose the candidate, test it against the champion, promote it or say why not."""
    with one_line_errors():
        results = load_results(load_params())
        candidate = choose(results.runs)
        _check_current(candidate)
        print(f"{results.params.dataset}: {candidate.describe()}.")
        champion = find_champion(results.params.dataset)
        if champion is not None and champion.tags.get("model_sha256") == candidate.model_sha256:
            print(f"Not promoted: this model is {champion.name} already.")
            return
        row = None if champion is None else _challenge(results, candidate, champion)
        if champion is None or row is None:
            reason = f"there was no champion; {100 * candidate.test_accuracy:.2f} % of the test images are right"
        else:
            reason = describe_challenge(row, champion.name)
            if row.verdict != "better":
                print(f"Not promoted: {reason}.")
                return
        # The version is to lead to the run of its training.
        if not publish(list(results.params.variants)):
            sys.exit(1)
        print(f"Promoted to version {_promote(results, candidate, row, reason)}: {reason}.")


def _check_current(candidate: Candidate) -> None:
    """Refuse models that have been trained since they were evaluated."""
    if Trained(candidate.variant).model_sha256(candidate.seed) != candidate.model_sha256:
        raise InputError(
            f"models/{candidate.variant}: was trained again after reports/evaluation was written; run `dvc repro`"
        )


def _challenge(results: Results, candidate: Candidate, champion: Champion) -> Row:
    labels = results.test.labels
    own = results.probabilities(candidate.variant)[candidate.place]
    champions = _champion_probabilities(results, champion)
    return challenge(own.argmax(axis=1) == labels, champions.argmax(axis=1) == labels, results.groups)


def _champion_probabilities(results: Results, champion: Champion) -> NDArray[Any]:
    """Return the champion's probabilities on the test images: those of the workspace if it is there, or new ones."""
    runs = results.runs
    for variant, group in runs[runs["model_sha256"].isin([champion.tags.get("model_sha256")])].groupby("variant"):
        place = runs[runs["variant"] == variant].index.get_loc(group.index[0])
        return np.asarray(results.probabilities(str(variant))[place])
    loaded = load_champion(champion)
    if loaded.facts["classes"] != results.source.classes or loaded.facts["image_shape"] != results.source.image_shape:
        raise InputError(
            f"{champion.name} is for other classes or another image shape than data/{champion.dataset}.yaml describes; "
            f"give this data set another name, or delete that version in the MLflow UI"
        )
    return loaded.probabilities(results.test.images)


def _promote(results: Results, candidate: Candidate, row: Row | None, reason: str) -> str:
    trained = Trained(candidate.variant)
    settings = trained.settings()
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
    }
    description = f"{candidate.describe()}. Promoted because {reason}.\n\n{model_card(results, candidate, reason)}"
    return promote(results.params.dataset, model, facts, _evidence(candidate, row), description)


def _evidence(candidate: Candidate, row: Row | None) -> dict[str, str]:
    """Return the version's tags."""
    figures: dict[str, Any] = {
        "variant": candidate.variant,
        "seed": candidate.seed,
        "seeds": candidate.seeds,
        "validation_accuracy_mean": f"{candidate.validation_accuracy:.6f}",
        "validation_accuracy": f"{candidate.own_validation_accuracy:.6f}",
        "test_accuracy": f"{candidate.test_accuracy:.6f}",
        "model_sha256": candidate.model_sha256,
    }
    if row is not None and row.comparison is not None:
        gain = row.comparison
        figures |= {"gain": f"{gain.gain:.6f}", "gain_low": f"{gain.low:.6f}", "gain_high": f"{gain.high:.6f}"}
        figures |= {"p_value": f"{row.p_value:.3g}", "test_images": row.images}
    return {key: str(value) for key, value in figures.items()}


if __name__ == "__main__":
    parser(__doc__, "python -m commands.promote").parse_args()
    main()
