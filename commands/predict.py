"""Classify a photo, with the champion or, if there is none, with the best model of the workspace.

Run: hemline predict photo.png --top 5
"""

from argparse import BooleanOptionalAction
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from PIL import Image

from hemline.comparison.promotion import choose
from hemline.data.description import CollectedDataset, Resize, load_dataset
from hemline.data.pixels import Pixels
from hemline.data.scaling import from_screen, to_screen
from hemline.errors import InputError
from hemline.jobs.trained import Trained
from hemline.params import load_params
from hemline.photo.framing import SAMPLE, Framed, Framing, frame, measure
from hemline.photo.photo import read_photo
from hemline.photo.terminal import shades
from hemline.report.results import load_results
from hemline.terminal.arguments import option


class Classifier(NamedTuple):
    """A model that takes raw pixels, and what is needed to use it."""

    name: str  # its name in a sentence
    classes: list[str]
    image_shape: tuple[int, ...]
    pixels: Pixels
    framing: Framing
    resize: Resize | None  # how the data set's images were resized, if they were
    probabilities: Callable[[NDArray[Any]], NDArray[Any]]  # images (n, *image_shape) of raw pixels -> (n, classes)


@option("photo", type=Path, help="a picture file of any size, grey or colour")
@option(
    "--invert",
    action=BooleanOptionalAction,
    help="invert the image; by default, where the border's brightness shows that it is needed",
)
@option("--top", type=int, default=3, help="how many classes to print (default: 3)")
@option("--save", type=Path, help="also write what the model sees, as a picture file")
def main(photo: Path, invert: bool | None, top: int, save: Path | None) -> None:
    """Read the photo, bring it into the data set's frame, and print the model's prediction."""
    # Before the seconds that TensorFlow takes; the model's own number of channels is not known yet.
    read_photo(photo, channels=1)
    classifier = _classifier(load_params().dataset)
    shape = classifier.image_shape
    channels = shape[2] if len(shape) > 2 else 1  # noqa: PLR2004 - h, w, channels
    pixels = read_photo(photo, channels, classifier.pixels)
    framed = frame(pixels, shape, classifier.framing, invert=invert, resize=classifier.resize)
    if save:
        _save(framed, save)
    print(f"{_described(framed, invert)} What {classifier.name} sees:\n\n{shades(framed.pixels)}\n")
    (row,) = classifier.probabilities(from_screen(framed.pixels[None], classifier.pixels))
    for place in row.argsort()[::-1][: max(1, top)]:
        print(f"{100 * row[place]:6.2f} %  {classifier.classes[place]}")


def _classifier(dataset: str) -> Classifier:
    from hemline.tracking.registry import find_champion, load_champion  # noqa: PLC0415 - slow; the photo is read first

    champion = find_champion(dataset)
    if champion is None:
        return _best_of_workspace()
    served = load_champion(champion)
    facts = served.facts
    framing = Framing(**facts["framing"])
    # Champions of old versions all take bytes.
    pixels = Pixels(**facts.get("pixels", {}))
    shape = tuple(facts["image_shape"])
    resize = Resize(**facts["resize"]) if facts.get("resize") else None
    return Classifier(champion.name, facts["classes"], shape, pixels, framing, resize, served.probabilities)


def _best_of_workspace() -> Classifier:
    results = load_results(load_params())
    best = choose(results.runs)
    from hemline.training.model import load_model, predict, serving_model  # noqa: PLC0415 - imports TensorFlow

    trained = Trained(best.variant)
    scale, pixels = trained.settings().normalize.scale, results.source.pixels
    model = serving_model(load_model(trained.model_path(best.seed)), scale)
    return Classifier(
        name=f"the best model of the workspace by validation ({best.variant} with seed {best.seed}; no champion yet)",
        classes=load_dataset(results.params.dataset).classes,
        image_shape=tuple(results.source.image_shape),
        pixels=pixels,
        framing=measure(to_screen(results.train.images[:SAMPLE], pixels)),
        resize=results.source.resize if isinstance(results.source, CollectedDataset) else None,
        probabilities=lambda images: predict(model, images),
    )


def _described(framed: Framed, invert: bool | None) -> str:
    if invert is not None:
        return "The image was inverted, as told." if invert else "The image was not inverted, as told."
    background = "Light" if framed.border > 127.5 else "Dark"  # noqa: PLR2004 - the middle of 0 to 255
    if framed.inverted:
        return f"{background} background, unlike the training data: the image was inverted (--no-invert leaves it)."
    return f"{background} background: the image was not inverted (--invert does that)."


def _save(framed: Framed, path: Path) -> None:
    pixels = framed.pixels
    try:
        Image.fromarray(pixels.squeeze(axis=-1) if pixels.shape[2:] == (1,) else pixels).save(path)
    except (OSError, ValueError) as error:
        raise InputError(f"--save: must be a picture file that can be written, got {str(path)!r}: {error}") from None
