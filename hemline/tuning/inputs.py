"""The files that the stage check passes on to later stages: each stage runs only if its own have changed."""

import json
from pathlib import Path
from typing import Any

from hemline.families.registry import family_of
from hemline.params import INPUTS, SOLVE, SPLITS, Params
from hemline.tuning.search import Search, search_path, search_text


def stage_inputs(params: Params) -> dict[Path, str]:
    """Return their contents by path.

    Raises:
        InputError: a search does not suit its variant.
    """
    contents = {
        SOLVE: _json(params.solved_beside()),
        SPLITS: _json(params.seeds if params.normalize.split == "per_seed" else []),
    }
    for variant in params.variants:
        training = params.training(variant)
        sources: dict[str, Any] = dict(family_of(training).sources(training))
        # `seeds` in params.yaml are known to the stage train; those of further searches are not.
        further = {"seeds": params.all_seeds()} if params.searches > 1 else {}
        contents[INPUTS / f"{variant}.json"] = json.dumps(sources | further, indent=2) + "\n"
        contents[search_path(variant)] = search_text(Search.of(params, variant))
    return contents


def _json(value: object) -> str:
    return f"{json.dumps(value)}\n"
