"""Networks that are larger than the memory."""

import pytest

from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.training import memory
from hemline.training.memory import check_memory, needed_bytes
from hemline.training.optimizers import OPTIMIZERS


@pytest.fixture
def free(monkeypatch):
    """Let two cores and so many bytes be free."""
    monkeypatch.setattr(memory, "devices", lambda: ["one", "two"])
    return lambda size: monkeypatch.setattr(memory, "available_bytes", lambda: size)


def check(hidden, n_seeds=4):
    check_memory("wide", DenseSettings(hidden=hidden), (28, 28), 10, n_seeds)


def test_a_network_that_no_memory_holds_is_one_line_with_variant_sizes_and_remedy(free):
    free(20e9)
    with pytest.raises(InputError) as error:
        check([100_000_000])
    # 795 weights a unit; of each, 17 copies of 4 bytes.
    assert str(error.value) == (
        "variants.wide.hidden: 2 trainings at once need at least 5,406.0 GB of memory, but 20.0 GB are free, "
        "got [100000000]; take fewer units"
    )


def test_what_one_training_at_a_time_has_room_for_is_told(free):
    free(4 * 79_510 * 9)
    with pytest.raises(InputError, match=r"; one at a time, by `taskset -c 0 dvc repro`, may do$"):
        check([100])
    check([100], n_seeds=1)
    free(4 * 79_510 * 17)
    check([100])


def test_every_layer_and_what_its_optimizer_keeps_is_counted():
    sizes = {name: needed_bytes(DenseSettings(hidden=[3, 2], optimizer=name), 5, 4, 1) for name in OPTIMIZERS}
    weights = 5 * 3 + 3 + 3 * 2 + 2 + 2 * 4 + 4
    assert sizes == {
        name: 4 * weights * (1 + 1 + 2 * (1 + optimizer.slots) + 1) for name, optimizer in OPTIMIZERS.items()
    }
