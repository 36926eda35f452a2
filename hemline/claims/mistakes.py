"""Settings that the pipeline refuses on purpose: the mistake is made, and its error is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hemline.errors import InputError
from hemline.params import parse_params


def refusal(values: Mapping[str, Any], variant: Mapping[str, Any]) -> str | None:
    """Return the error that a variant is refused with beside valid parameters, or None where it is accepted."""
    mistaken = {**values, "variants": values["variants"] | {"mistake": dict(variant)}}
    try:
        parse_params(mistaken, Path("params.yaml"))
    except InputError as error:
        return str(error)
    return None
