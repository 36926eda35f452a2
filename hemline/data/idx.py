"""The IDX format of the MNIST family: a byte stream to a uint8 array.

A file is two zero bytes, a type code, the number of dimensions (one byte each), the size of each dimension
(four bytes, big-endian), then the values in row-major order and nothing after them.
"""

import math
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError

UINT8 = 0x08
OTHER_TYPES = {0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
# Labels have one dimension; images with channels have four: count, height, width, channel.
MAX_RANK = 4
# No data set of this kind comes near; a header that promises more is a mistake.
MAX_BYTES = 2**40
_CHUNK = 2**20


def read_idx(stream: BinaryIO) -> NDArray[np.uint8]:
    """Read one array, uint8 of one to four dimensions, from a stream that holds exactly one decompressed IDX file.

    Memory grows with what arrives, never with what the header promises.

    Raises:
        InputError: a field of the header breaks the format, or there are fewer or more bytes than it promises.
    """
    shape = _read_shape(stream)
    expected = math.prod(shape)
    values = _read_up_to(stream, expected)
    if len(values) < expected:
        raise InputError(f"is truncated: the IDX header promises {expected} values, got {len(values)}")
    if stream.read(1):
        raise InputError(f"goes on after the {expected} values that the IDX header promises")
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _read_shape(stream: BinaryIO) -> tuple[int, ...]:
    """Read the header alone."""
    start = _read_up_to(stream, 4)
    if len(start) < 4:  # noqa: PLR2004 - the header's first four bytes
        raise InputError(f"is truncated: an IDX file starts with 4 bytes, got {len(start)}")
    if start[:2] != b"\0\0":
        raise InputError(f"is no IDX file: it must start with two zero bytes, got {bytes(start)!r}")
    if start[2] != UINT8:
        other = OTHER_TYPES.get(start[2], "no type of the format")
        raise InputError(f"type code: only 0x08 (uint8) is read, got 0x{start[2]:02x} ({other})")
    rank = start[3]
    if not 1 <= rank <= MAX_RANK:
        raise InputError(f"number of dimensions: must be 1 to {MAX_RANK}, got {rank}")
    sizes = _read_up_to(stream, 4 * rank)
    if len(sizes) < 4 * rank:
        raise InputError(f"is truncated: {rank} dimensions take {4 * rank} bytes of header, got {len(sizes)}")
    shape = tuple(int(size) for size in np.frombuffer(sizes, dtype=">u4"))
    if 0 in shape:
        raise InputError(f"dimensions: must be at least 1 each, got {shape}")
    if math.prod(shape) > MAX_BYTES:
        raise InputError(f"dimensions: {shape} make {math.prod(shape)} bytes, more than any data set has")
    return shape


def open_idx(path: Path, expected: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    """Open a decompressed IDX file, memory-mapped: uint8 of one to four dimensions, of an ``expected`` shape.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: as ``read_idx``; or another shape.
    """
    with path.open("rb") as stream:
        shape = _read_shape(stream)
        start = stream.tell()
        found = stream.seek(0, os.SEEK_END) - start
    if expected is not None and shape != expected:
        raise InputError(f"shape: must be {expected}, got {shape}")
    promised = math.prod(shape)
    if found < promised:
        raise InputError(f"is truncated: the IDX header promises {promised} values, got {found}")
    if found > promised:
        raise InputError(f"goes on after the {promised} values that the IDX header promises")
    return np.asarray(np.memmap(path, np.uint8, "r", start, shape))


def _read_up_to(stream: BinaryIO, size: int) -> bytearray:
    """Return the next ``size`` bytes, or fewer at the end of the stream."""
    content = bytearray()
    while len(content) < size:
        # One chunk at a time: `read(size)` would allocate whatever a wrong header asks for.
        chunk = stream.read(min(_CHUNK, size - len(content)))
        if not chunk:
            break
        content += chunk
    return content
