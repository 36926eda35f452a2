"""The IDX format of the MNIST family: a file, or a byte stream, to an array.

A file is two zero bytes, a type code, the number of dimensions (one byte each), the size of each dimension
(four bytes, big-endian), then the values in row-major order and nothing after them.
"""

import gzip
import math
import os
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError

UINT8 = 0x08
_TYPES = {UINT8: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# Labels have one dimension; images with channels have four: count, height, width, channel.
MAX_RANK = 4
# No data set of this kind comes near; a header that promises more is a mistake.
MAX_BYTES = 2**40
_CHUNK = 2**20


def opened(path: Path) -> IO[bytes]:
    """Open a file to read it, decompressed where its name ends with .gz."""
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def rank_of(path: Path) -> int | None:
    """Return the number of dimensions of an IDX file, by its first bytes; None of what is none, or damaged."""
    try:
        with opened(path) as stream:
            head = stream.read(4)
    except (OSError, EOFError):
        return None
    is_idx = len(head) == 4 and head[:2] == b"\0\0" and head[2] in _TYPES and 1 <= head[3] <= MAX_RANK  # noqa: PLR2004
    return head[3] if is_idx else None


def read_idx(stream: IO[bytes], *, any_type: bool = False) -> NDArray[Any]:
    """Read one array of one to four dimensions from a stream that holds exactly one decompressed IDX file.

    Memory grows with what arrives, never with what the header promises. The array is of uint8, or of ``any_type`` that
    the format has, big-endian.

    Raises:
        InputError: a field of the header breaks the format, or there are fewer or more bytes than it promises.
    """
    shape, dtype = _read_header(stream, any_type=any_type)
    promised = math.prod(shape) * dtype.itemsize
    values = _read_up_to(stream, promised)
    _check_length(shape, dtype, len(values) + len(stream.read(1)))
    return np.frombuffer(values, dtype).reshape(shape)


def open_idx(path: Path, expected: tuple[int, ...] | None = None, *, any_type: bool = False) -> NDArray[Any]:
    """Open an IDX file, of an ``expected`` shape: memory-mapped, or read where its name ends with .gz.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: as ``read_idx``; or another shape.
    """
    with opened(path) as stream:
        if path.suffix.lower() == ".gz":
            return read_idx(stream, any_type=any_type)
        shape, dtype = _read_header(stream, any_type=any_type)
        start = stream.tell()
        found = stream.seek(0, os.SEEK_END) - start
    if expected is not None and shape != expected:
        raise InputError(f"shape: must be {expected}, got {shape}")
    _check_length(shape, dtype, found)
    return np.asarray(np.memmap(path, dtype, "r", start, shape))


def _read_header(stream: IO[bytes], *, any_type: bool) -> tuple[tuple[int, ...], np.dtype[Any]]:
    start = _read_up_to(stream, 4)
    if len(start) < 4:  # noqa: PLR2004 - the header's first four bytes
        raise InputError(f"is truncated: an IDX file starts with 4 bytes, got {len(start)}")
    if start[:2] != b"\0\0":
        raise InputError(f"is no IDX file: it must start with two zero bytes, got {bytes(start)!r}")
    dtype = np.dtype(_TYPES[start[2]]) if start[2] in _TYPES else None
    if dtype is None or (start[2] != UINT8 and not any_type):
        other = dtype.newbyteorder("=").name if dtype else "no type of the format"
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
    return shape, dtype


def _check_length(shape: tuple[int, ...], dtype: np.dtype[Any], held: int) -> None:
    """Refuse another number of bytes than the header promises."""
    values = math.prod(shape)
    if held < values * dtype.itemsize:
        raise InputError(f"is truncated: the IDX header promises {values} values, got {held // dtype.itemsize}")
    if held > values * dtype.itemsize:
        raise InputError(f"goes on after the {values} values that the IDX header promises")


def _read_up_to(stream: IO[bytes], size: int) -> bytearray:
    """Return the next ``size`` bytes, or fewer at the end of the stream."""
    content = bytearray()
    # One chunk at a time: `read(size)` would allocate whatever a wrong header asks for.
    while len(content) < size and (chunk := stream.read(min(_CHUNK, size - len(content)))):
        content += chunk
    return content
