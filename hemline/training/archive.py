"""Checks that a ``.keras`` archive contains a network of this pipeline, before Keras loads it.

An archive from somebody else may name any class, unpack to any size, or ask for more memory than there is.
"""

import json
import math
import zipfile
from pathlib import Path
from typing import Any

# What `build_model` and `serving_model` use; a network of further layers needs them here.
_CLASSES = {"Sequential", "InputLayer", "Flatten", "Rescaling", "Dense", "Dropout", "DTypePolicy"}
_CLASSES |= {"GlorotUniform", "Zeros"}
_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
_BYTES = 4  # of a weight, float32


def check_archive(path: Path, *, any_layers: bool = False) -> None:
    """Reject archives that ``save_model`` would not have written.

    If ``any_layers``, it may have all of Keras's layers but those that run code of their own.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it is damaged, or no network of this pipeline; the text gives the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != sorted(_MEMBERS):
                raise ValueError(f"must hold {sorted(_MEMBERS)} and nothing else")
            # Stored as they are, they are no larger than the archive.
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ValueError("must not be compressed")
            if archive.testzip() is not None:
                raise ValueError("a checksum does not agree")
            config = json.loads(archive.read("config.json"))
            weights = archive.getinfo("model.weights.h5").file_size
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RecursionError, KeyError) as error:
        raise ValueError(str(error) or type(error).__name__) from None
    _check_classes(config, any_layers=any_layers)
    if not any_layers:
        _check_size(config, weights)


def _check_classes(value: Any, *, any_layers: bool) -> None:
    """Refuse every class but those of a network of this pipeline, however deep it is named."""
    if isinstance(value, dict):
        if "class_name" in value:
            known = (any_layers or value["class_name"] in _CLASSES) and value["class_name"] != "Lambda"
            known = known and str(value.get("module")).split(".")[0] == "keras"
            if not known or value.get("registered_name") is not None:
                raise ValueError(f"names {str(value['class_name'])[:40]!r}, which no network of this pipeline has")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            _check_classes(each, any_layers=any_layers)


def _check_size(config: Any, available: int) -> None:
    """Refuse layers with more weights than the archive has bytes for."""
    try:
        layers = [(each["class_name"], each["config"]) for each in config["config"]["layers"]]
        inputs = math.prod(next(own["batch_shape"] for name, own in layers if name == "InputLayer")[1:])
        weights = 0
        for units in (own["units"] for name, own in layers if name == "Dense"):
            weights, inputs = weights + (inputs + 1) * units, units
    except (TypeError, KeyError, IndexError, AttributeError, StopIteration):
        raise ValueError("its layers are not those of a network of this pipeline") from None
    if _BYTES * weights > available:
        raise ValueError(f"its layers have {weights} weights, for which it has no room")
