"""Inspect labelled images, write their description, and report suspicious images and suitable settings.

Reads:  the images; params.yaml
Writes: data/<name>.yaml
Run:    hemline describe ~/flowers --name flowers --resize 64x64
        hemline describe irises.csv --name irises --option label=species

Where the format cannot tell by itself, --format names it, and --option what else it must know: --option label=species.
"""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hemline.data.description import Dataset, Part, Split
from hemline.data.imbalance import IMBALANCED
from hemline.data.labels import Labels
from hemline.describe import screen
from hemline.describe.account import account
from hemline.describe.description import describe_images
from hemline.describe.duration import pipeline_seconds
from hemline.describe.files import link, total_bytes
from hemline.describe.find import Data, find_data
from hemline.describe.findings import findings
from hemline.describe.fit import Fit, changed, changes, fit
from hemline.describe.form import Wanted
from hemline.describe.survey import Survey, survey
from hemline.describe.write import check_name, description_text, write_description
from hemline.errors import InputError
from hemline.jobs.agreement import check_agreement
from hemline.params import parse_params
from hemline.schema import read_yaml
from hemline.terminal.arguments import option
from hemline.terminal.bar import bar

PARAMS = Path("params.yaml")
_TEST_SHARE = 0.2
# Plain text without a terminal; the terminal wraps long lines, so that they can be copied.
_CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)


@option("path", type=Path, help="a folder of class folders, arrays, a table, or IDX files")
@option("--name", help="name of the data set: small letters, digits and hyphens")
@option("--resize", metavar="HEIGHTxWIDTH", help="resize all images to this size")
@option("--grey", group="colours", dest="colour", action="store_false", default=None, help="make all images grey")
@option("--colour", group="colours", dest="colour", action="store_true", default=None, help="make all images coloured")
@option("--test-share", metavar="SHARE", help=f"share of images for the test set (default: {_TEST_SHARE})")
@option("--format", dest="form", help="format of the images, if several can read them")
@option("--option", dest="options", action="append", default=[], metavar="KEY=VALUE", help="option of the format")
@option("--json", dest="for_programs", action="store_true", help="print all findings, for programs")
@option("--force", action="store_true", help="replace the description of this name")
def main(
    *,
    path: Path,
    name: str | None,
    resize: str | None,
    colour: bool | None,
    test_share: str | None,
    form: str | None,
    options: list[str],
    for_programs: bool,
    force: bool,
) -> None:
    """Inspect the images, write the description, and report."""
    name = check_name(name, force=force)
    share, wanted = _share(test_share), Wanted(_size(resize), colour)
    data = find_data(path.expanduser(), form, dict(map(_option, options)))
    parts = data.source.parts()
    split = _split(parts, share)
    fitting = fit(parts, next(iter(parts.values())).values, split)
    seen = _look(data, parts)
    with bar("checksums", total_bytes([file.path for file in data.found.files]), "bytes") as advance:
        described = describe_images(name, data, seen, wanted=wanted, split=split, advance=advance)
    new = changes(name, described.pixels, fitting, seen.levels)
    found = findings(seen, data.source, fitting, dict(new)["normalize.scale"])
    files = account(data)
    lines = [*data.found.told, *screen.account_lines(files)]
    dataset = write_description(name, description_text(described.values, lines))
    linked = link(data, name)
    if for_programs:
        print(json.dumps(screen.as_json(data, seen, described, files=files, found=found, new=new)))
        return
    _tell(screen.overview(name, data, seen, described, fitting))
    _tell(["How it was read:", *(f"  {line}" for line in lines)])
    _tell(screen.found_lines(found, seen.images))
    if linked:
        _tell([f"The link {linked}, which git ignores, leads to the images; data/{name}.yaml contains no local path."])
    _tell_settings(dataset, new, fitting)


def _look(data: Data, parts: dict[Part, Labels]) -> Survey:
    """Inspect every image; reject unreadable ones, as the pipeline would."""
    with bar("looking", sum(len(labels.codes) for labels in parts.values()), "images") as advance:
        seen = survey(data.source, parts, advance)
    bad = seen.unreadable
    if bad.count:
        more = f"; and {bad.count - len(bad.first):,} more" if bad.count > len(bad.first) else ""
        rule = f"{bad.count:,} of {seen.images:,} images cannot be read; remove or replace them, and run this again"
        raise InputError(f"{data.path}: {rule}: {'; '.join(bad.first)}{more}")
    return seen


def _tell_settings(dataset: Dataset, new: Sequence[tuple[str, Any]], fitting: Fit) -> None:
    """Print the settings, whether they are valid with the others of params.yaml, and what to run."""
    _tell(["Settings that fit, for params.yaml:", *screen.settings_lines(new)])
    if fitting.imbalanced:
        rule = f"the largest class of the test images has more than {IMBALANCED:g} times as many as the smallest"
        _tell([f"Balanced accuracy decides, because {rule}; `metric: accuracy` counts each image the same."])
    params = parse_params(changed(read_yaml(PARAMS), new), PARAMS)
    seconds = pipeline_seconds(params, dataset.image_shape, len(dataset.classes), fitting.training_images)
    written = f"Written: data/{dataset.name}.yaml, whose comments explain possible changes."
    _tell([f"{written} With these settings the pipeline takes {screen.duration(seconds)}:", screen.command(new)])
    try:
        check_agreement(params, dataset)
    except InputError as error:
        _tell([f"! First: {error}"])


def _tell(lines: Sequence[str]) -> None:
    _CONSOLE.print("\n".join(lines), end="\n\n")


def _split(parts: dict[Part, Labels], share: float | None) -> Split | None:
    if "all" in parts:
        return Split(test=_TEST_SHARE if share is None else share)
    if share is not None:
        raise InputError(f"--test-share: a test set is given, so none can be taken; leave it out, got {share:g}")
    return None


def _share(text: str | None) -> float | None:
    try:
        share = None if text is None else float(text)
    except ValueError:
        share = math.nan
    if share is not None and not 0 < share < 1:
        raise InputError(f"--test-share: must be between 0 and 1, as in 0.2, got {text!r}")
    return share


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})", text)
    if match is None:
        raise InputError(f"--resize: must be height x width, as in 48x64, got {text!r}")
    return int(match[1]), int(match[2])


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    try:
        parsed = YAML(typ="safe", pure=True).load(value)
    except YAMLError:
        parsed = value
    if not key or not equals:
        raise InputError(f"--option: must be key=value, as in label=species, got {text!r}")
    return key, parsed
