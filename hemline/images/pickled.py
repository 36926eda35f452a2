"""Pickles of numbers: dictionaries, lists and NumPy's arrays, as CIFAR's are; whatever else one asks for is refused.

A pickle is a program that may call any function. Here it can call two, which make arrays of bytes, as NumPy would.
"""

import pickle
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError

_ARRAYS = {(f"{module}.multiarray", "_reconstruct") for module in ("numpy.core", "numpy._core")}


class _Type:
    """A stand-in for a type of NumPy's during reading: its name alone."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name = name.decode() if isinstance(name, bytes) else str(name)

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode() if isinstance(state[1], bytes) else str(state[1])
        self.name = order.replace("|", "") + self.name


class _Array:
    """A stand-in for an array during reading."""

    array: NDArray[Any]

    def __init__(self, *_: Any) -> None:
        """Ignore the arguments, which are a class, an empty shape and a letter."""

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, in_columns, content = state
        dtype = np.dtype(kind.name)
        if dtype.hasobject or not isinstance(content, bytes | str):
            raise InputError("must hold arrays of numbers alone")
        raw = content if isinstance(content, bytes) else content.encode("latin1")
        self.array = np.frombuffer(raw, dtype).reshape(shape, order="F" if in_columns else "C")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for the few names that arrays need."""
        if (module, name) in _ARRAYS or (module, name) == ("numpy", "ndarray"):
            return _Array
        if (module, name) == ("numpy", "dtype"):
            return _Type
        if (module, name) == ("_codecs", "encode"):
            return _encode
        raise InputError(
            f"must be a pickle of arrays and lists alone; it asks for {module}.{name}, which may do anything"
        )


def load_pickle(stream: IO[bytes]) -> Any:
    """Return what a pickle of dictionaries, lists, texts, numbers and arrays holds; of any other, an ``InputError``."""
    try:
        return _plain(_Unpickler(stream, encoding="bytes").load())
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged pickle raises anything
        raise InputError(f"cannot be read: {' '.join(str(error).split())[:200]}") from None


def _encode(text: str, encoding: str) -> bytes:
    return text.encode("latin1" if encoding == "latin1" else "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.array if isinstance(value, _Array) else value
