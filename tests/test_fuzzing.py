"""Valid files with anything done to them: read, or refused by the project's own error in one line, and nothing else.

By seeds, so that a failure names the input that made it: `mutated(content, words, np.random.default_rng(seed))`.
"""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from datasets_for_tests import DESCRIPTION, publish, write_idx
from hypothesis import given
from hypothesis import strategies as st
from pipelines_for_tests import PARAMS
from ruamel.yaml import YAML

from hemline.data.description import load_dataset
from hemline.data.raw import read_file
from hemline.errors import InputError
from hemline.params import load_params, parse_params

# What stands at places of a header: sizes at the edges of their types.
IDX_WORDS = [b"\0\0\x08\x01", b"\0\0\x08\x03", b"\0\0\x08\x04", b"\0\0\x0d\x01", b"\xff\xff\xff\xff", b"\x80\0\0\0"]
IDX_WORDS += [b"\0\0\0\0", b"\0\0\0\1", b"\x1f\x8b", b"\0\1\0\0", b"\x08", b"<html>"]
# What YAML has beside texts and numbers, and what Python reads otherwise than YAML.
YAML_WORDS = rb"""
[ ] { } , : - ? | > & * ! % @ ` ' " # ~ --- ... << <<: &a *a &a[*a] {a: *a} !!int !!float !!bool !!null !!str !!binary
!!set !!omap !!pairs !!timestamp !!seq !!map !!python/object:os.system !x null true false yes no on off .inf -.inf .nan
1e400 -1e400 1e-400 0x1F 0o17 0b101 1_000 1:30 0 -0 -1 0.0 -0.0 4294967296 9223372036854775808 2026-01-01
2026-13-45 2026-01-01T00:00:00Z 2026-01-01T25:61:61 12:30:45 = "" '' \ "\x00" "\ud800" "\U00110000" "\x" %YAML
"""
WHITE = [b"\n", b"\r", b"\r\n", b"\t", b" ", b"  ", b"\n\n", b"\xe2\x80\xa8", b"\xc2\x85", b"\xef\xbb\xbf"]
NO_TEXT = [b"\0", b"\xff", b"\xed\xa0\x80", "é".encode(), "\N{GRINNING FACE}".encode()]
LONG = [b"9" * 5000, b"0x" + b"F" * 5000, b"[" * 500, b"- " * 500]
LINES = [b"\n---\n", b"\n...\n", b"\n%YAML 1.1\n---\n", b"\nepochs: 1\n", b"\n? ", b"\nclasses: !!set {a, b}\n"]
YAML_WORDS = [*YAML_WORDS.split(), *WHITE, *NO_TEXT, *LONG, *LINES]
LONGEST = 600  # characters of a line that is still read


def mutated(content, words, random):
    """Return ``content`` after one to four changes: bytes, words, parts taken out, repeated or moved."""
    content = bytearray(content)
    for _ in range(random.integers(1, 5)):
        start, end = sorted(random.integers(0, len(content) + 1, 2).tolist())
        end = min(end, start + 40)
        match random.integers(8):
            case 0 if content:
                content[min(start, len(content) - 1)] = random.integers(256)
            case 1:
                content[start:start] = random.bytes(random.integers(1, 5))
            case 2:
                content[start:start] = words[random.integers(len(words))]
            case 3:
                word = words[random.integers(len(words))]
                content[start : start + len(word)] = word
            case 4:
                del content[start:end]
            case 5:
                del content[start:]
            case 6:
                content[start:start] = content[start:end]
            case 7:
                content[end:end] = content[start:end]
                del content[start:end]
    return bytes(content)


def outcome(read, seed):
    """Say whether ``read`` accepts; anything but a line of the project's own error fails the test."""
    try:
        with warnings.catch_warnings(action="error"):
            read()
    except InputError as error:
        line = str(error)
        assert len(line.splitlines()) == 1, (seed, line)
        assert len(line) < LONGEST, (seed, line)
        return False
    except BaseException as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return True


def idx(shape, random):
    stream = io.BytesIO()
    write_idx(random.integers(0, 256, shape, np.uint8), stream)
    return stream.getvalue()


@pytest.mark.trials(few=300, many=20_000)
def test_a_raw_file_with_anything_done_to_it_is_refused_in_one_line(tmp_path, repetitions):
    dataset, _ = publish(tmp_path)
    path = tmp_path / "changed"
    for seed in range(repetitions):
        file = dataset.files.in_order()[seed % 4]
        valid = (tmp_path / "published" / file.name).read_bytes()
        content = mutated(valid, IDX_WORDS, np.random.default_rng(seed))
        path.write_bytes(content)
        assert outcome(lambda file=file: read_file(dataset, file, path), seed) == (content == valid)


def text(values):
    stream = io.BytesIO()
    YAML().dump(values, stream)
    return stream.getvalue()


@pytest.mark.trials(few=300, many=50_000)
def test_a_file_of_parameters_with_anything_done_to_it_is_read_or_refused_in_one_line(tmp_path, repetitions):
    fuzz_yaml(text(PARAMS), tmp_path / "params.yaml", load_params, repetitions)


@pytest.mark.trials(few=300, many=50_000)
def test_a_description_with_anything_done_to_it_is_read_or_refused_in_one_line(tmp_path, repetitions):
    values = DESCRIPTION | {"sources": ["https://example.org/", "apt:tiny", "npm:tiny@1.0"]}
    fuzz_yaml(text(values), tmp_path / "tiny.yaml", lambda path: load_dataset("tiny", path.parent), repetitions)


def fuzz_yaml(valid, path, load, repetitions):
    read = 0
    for seed in range(repetitions):
        path.write_bytes(mutated(valid, YAML_WORDS, np.random.default_rng(seed)))
        read += outcome(lambda: load(path), seed)
    assert 0 < read < repetitions / 2


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
scalars |= st.dates() | st.datetimes() | st.integers(2**31 - 2, 2**64) | st.sampled_from(["a" * 5000, 10**4000, 1e308])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.integers() | st.none(), inner, max_size=3)
        | st.frozensets(st.text(max_size=3), max_size=2)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


def places(value):
    """Return all paths of keys and indices in ``value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *rest) for key, inner in items for rest in places(inner))]


def replaced(value, place, new):
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], new)
    return copy


@given(st.sampled_from(places(PARAMS)), values)
def test_anything_at_any_place_of_the_parameters_is_accepted_or_refused_in_one_line(place, value):
    outcome(lambda: parse_params(replaced(PARAMS, place, value), Path("params.yaml")), (place, value))
