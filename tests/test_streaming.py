import threading

import numpy as np
import pytest
from sets_for_tests import write_sets

from hemline.data.normalized import Labelled, Normalized
from hemline.families.dense import DenseSettings
from hemline.training import streaming
from hemline.training.dense import blocks
from hemline.training.mapped import Mapped
from hemline.training.streaming import Parts, Resident, Streamed, hold, resident_or_streamed
from hemline.training.trainer import Trainer

IMAGE_BYTES = 4 * 4 * 3
SETTINGS = DenseSettings(hidden=[6], epochs=2, batch_size=8)


def labelled(n_images=37):
    generator = np.random.default_rng(0)
    return Labelled(generator.random((n_images, 4, 3), np.float32), generator.integers(0, 3, n_images))


@pytest.fixture
def small_memory(monkeypatch):
    """No images fit into memory, and two batches of eight into a chunk."""
    monkeypatch.setattr(streaming, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 2 * 8 * IMAGE_BYTES)


def train(data, **settings):
    history = []
    trainer = Trainer("tiny", DenseSettings(hidden=[6], epochs=3, batch_size=8, **settings), 3, data)
    model = trainer.fit(4, history.append)
    return trainer, model.get_weights(), history


def orders(n_images, batch_size):
    order = np.zeros(-(-n_images // batch_size) * batch_size, np.int32)
    order[:n_images] = np.random.default_rng(1).permutation(n_images)
    return order.reshape(-1, batch_size)


# A last chunk of one image, of a batch, of more; less than one chunk.
@pytest.mark.parametrize(
    ("n_images", "settings"), [(33, {"dropout": 0.4}), (40, {"optimizer": "sgd"}), (37, {}), (8, {})]
)
def test_streamed_trainings_equal_those_in_memory_bit_for_bit(n_images, settings, monkeypatch):
    check_streamed(labelled(n_images), settings, monkeypatch)


@pytest.mark.trials(few=1, many=40)
def test_streamed_trainings_equal_those_in_memory_whatever_their_settings(repetition, monkeypatch):
    generator = np.random.default_rng(repetition)
    settings = {"dropout": generator.choice([0, 0.4]), "optimizer": str(generator.choice(["adam", "rmsprop", "sgd"]))}
    check_streamed(labelled(int(generator.integers(8, 70))), settings, monkeypatch)


def check_streamed(data, settings, monkeypatch):
    _, expected, expected_history = train(data, **settings)
    monkeypatch.setattr(streaming, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 2 * 8 * IMAGE_BYTES)
    _, weights, history = train(data, **settings)
    assert history == expected_history
    assert all(np.array_equal(mine, theirs) for mine, theirs in zip(weights, expected, strict=True))


@pytest.mark.usefixtures("small_memory")
def test_all_chunks_share_one_program():
    trainer, _, _ = train(labelled(37))
    assert trainer.compilations == 1


@pytest.mark.usefixtures("small_memory")
def test_memory_mapped_files_are_streamed_and_scaled_as_if_they_had_been_before(tmp_path):
    raw = np.random.default_rng(2).integers(0, 256, (37, 4, 3)).astype(np.uint8)
    scaled = Labelled(raw / np.float32(255), labelled().labels)
    write_sets({"train": scaled}, ["a", "b", "c"], 255, folder=tmp_path)
    mapped = Normalized(tmp_path).read("train")
    assert isinstance(mapped.images.base, np.memmap)
    assert mapped.images.dtype == np.uint8
    _, expected, _ = train(scaled)
    _, weights, _ = train(mapped)
    assert all(np.array_equal(mine, theirs) for mine, theirs in zip(weights, expected, strict=True))


@pytest.mark.parametrize("chunk_batches", [1, 2, 3, 100])
@pytest.mark.parametrize("n_images", [1, 8, 17, 40])
def test_the_chunks_together_hold_each_image_once_in_order(n_images, chunk_batches, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK_BYTES", chunk_batches * 8 * IMAGE_BYTES)
    data, order = labelled(n_images), orders(n_images, 8)
    images, labels = [], []
    for chunk in Streamed(data, 8).chunks(order):
        places = chunk.order.numpy().ravel()[: chunk.n_images]
        flat = np.concatenate([block.numpy() for block in chunk.images.blocks], axis=1)
        images.append(flat.reshape(-1, *data.images.shape[1:])[places])
        labels.append(chunk.labels.numpy()[places])
    np.testing.assert_array_equal(np.concatenate(images), data.images[order.ravel()[:n_images]])
    np.testing.assert_array_equal(np.concatenate(labels), data.labels[order.ravel()[:n_images]])


def test_a_chunk_holds_a_batch_even_where_that_is_larger_than_the_limit(monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 1)
    chunks = list(Streamed(labelled(17), 8).chunks(orders(17, 8)))
    assert [int(chunk.n_images) for chunk in chunks] == [8, 8, 1]


def test_what_fits_is_held_in_memory_and_what_is_larger_is_streamed(monkeypatch):
    monkeypatch.setattr(streaming, "RESIDENT_BYTES", 10 * IMAGE_BYTES)
    assert isinstance(resident_or_streamed(labelled(10), 8), Resident)
    assert isinstance(resident_or_streamed(labelled(11), 8), Streamed)


@pytest.mark.usefixtures("small_memory")
def test_a_training_that_is_ended_leaves_no_thread():
    def fail(_):
        raise OSError("disk full")

    trainer = Trainer("tiny", DenseSettings(hidden=[6], epochs=3, batch_size=8), 3, labelled())
    with pytest.raises(OSError, match="disk full"):
        trainer.fit(0, fail)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("streaming")]


def test_a_training_set_in_memory_is_held_once(monkeypatch):
    copies = []
    copy = np.array

    def spy(*arguments, **options):
        copies.append(copy(*arguments, **options))
        return copies[-1]

    data = labelled(37)
    monkeypatch.setattr("hemline.training.streaming.np.array", spy)
    (chunk,) = Resident(hold(data)).chunks(np.zeros((1, 1), np.int32))
    # `numpy()` would copy.
    for block in chunk.images.blocks:
        assert any(np.shares_memory(each, block._numpy()) for each in copies)
    assert sum(each.size for each in copies) == data.images.size


@pytest.mark.parametrize("n_images", [1, 512, 1024, 1025])
def test_figures_of_a_watched_set_that_is_read_part_by_part_equal_those_in_memory_bit_for_bit(n_images, monkeypatch):
    def watch():
        history = []
        trainer = Trainer("tiny", SETTINGS, 3, labelled(16), {"val": labelled(n_images)}, source=lambda *_: held)
        trainer.fit(0, history.append)
        return history, trainer.compilations

    held = Resident(hold(labelled(16)))
    expected, _ = watch()
    monkeypatch.setattr(streaming, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 512 * IMAGE_BYTES)
    history, compilations = watch()
    assert history == expected
    # One for training; one for all parts but the last, and one for the last where that is larger.
    assert compilations == 2 + (n_images > 1024 and n_images % 512 > 0)


def test_a_watched_set_that_is_too_large_is_never_in_memory_as_a_whole(monkeypatch):
    read = []
    monkeypatch.setattr(streaming, "hold", lambda part: read.append(len(part.labels)) or hold(part))
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 4 * IMAGE_BYTES)
    monkeypatch.setattr(streaming, "RESIDENT_BYTES", 37 * IMAGE_BYTES)
    parts = Parts(labelled(37), 4, streaming.hold)
    assert read == [37]  # once: it fits
    assert [len(labels) for _, labels in parts] == [37] == read
    monkeypatch.setattr(streaming, "RESIDENT_BYTES", 37 * IMAGE_BYTES - 1)
    read.clear()
    parts = Parts(labelled(37), 4, streaming.hold)
    assert not read
    assert [len(labels) for _, labels in parts] == [4] * 8 + [5] == read
    assert [len(labels) for _, labels in parts.of_each_size()] == [4, 5]
    np.testing.assert_array_equal(np.concatenate([labels.numpy() for _, labels in parts]), labelled(37).labels)


def test_a_chunk_is_read_a_few_images_at_a_time(monkeypatch):
    class Watched(np.ndarray):
        def __getitem__(self, place):
            if isinstance(place, np.ndarray):
                reads.append(len(place))
            return super().__getitem__(place)

    reads = []
    data = labelled(37)
    monkeypatch.setattr(streaming, "_READ_BYTES", 3 * IMAGE_BYTES)
    list(Streamed(data._replace(images=data.images.view(Watched)), 8).chunks(orders(37, 8)))
    assert max(reads) == 3
    assert sum(reads) == 40  # five batches, the last one padded


def test_of_a_file_that_is_larger_than_memory_only_the_images_of_a_chunk_are_asked_for(tmp_path, monkeypatch):
    write_sets({"train": labelled(37)}, ["a", "b", "c"], 255, folder=tmp_path)
    mapped = Normalized(tmp_path).read("train")
    asked = []
    ask_for = Mapped.ask_for
    monkeypatch.setattr(Mapped, "ask_for", lambda self, places: asked.extend(places) or ask_for(self, places))
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 2 * 8 * mapped.images[0].nbytes)
    monkeypatch.setattr(streaming, "_SHARE", 1000)  # the same chunks whatever is free
    order = orders(37, 8)

    def read(available):
        monkeypatch.setattr(streaming, "available_bytes", lambda: available)
        chunks = list(Streamed(mapped, 8).chunks(order))
        return [[block.numpy().tolist() for block in chunk.images.blocks] for chunk in chunks]

    expected = read(10**9)
    assert not asked
    assert read(mapped.images.nbytes - 1) == expected
    assert sorted(asked) == sorted(order.ravel())


def test_chunks_of_all_trainings_together_take_a_share_of_what_is_free(monkeypatch):
    monkeypatch.setattr(streaming, "devices", lambda: ["one", "two"])
    # Two trainings, three chunks each, of four batches of eight.
    monkeypatch.setattr(streaming, "available_bytes", lambda: 4 * 2 * 3 * 4 * 8 * IMAGE_BYTES)
    first = next(Streamed(labelled(100), 8).chunks(orders(100, 8)))
    assert len(first.labels) == 4 * 8


# Pixels that make one block, two, and blocks that end between registers.
@pytest.mark.parametrize("n_pixels", [3, 288, 289, 785])
@pytest.mark.parametrize("size", [1, 5, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_blocks_of_a_chunk_lie_in_one_piece_of_memory_and_do_not_overlap(n_pixels, size, dtype):
    made = streaming._empty_blocks(size, n_pixels, np.dtype(dtype))
    assert [each.shape[1] for each in made] == [block.stop - block.start for block in blocks(n_pixels)]
    for number, each in enumerate(made, start=1):
        assert not each.any()
        each[:] = number
        assert (each.ctypes.data - made[0].ctypes.data) % 64 == 0
    assert [set(each.ravel()) for each in made] == [{number} for number in range(1, len(made) + 1)]
    assert len({id(each.base) for each in made}) == 1


def test_on_a_small_machine_less_is_held_in_memory(monkeypatch):
    monkeypatch.setattr(streaming, "available_bytes", lambda: 4 * 10 * IMAGE_BYTES)
    assert isinstance(resident_or_streamed(labelled(10), 8), Resident)
    assert isinstance(resident_or_streamed(labelled(11), 8), Streamed)
