"""CPU seconds are divided among the trainings that run."""

import pytest

from hemline.jobs import cpu


@pytest.fixture
def clock(monkeypatch):
    times = [0.0]
    monkeypatch.setattr(cpu.time, "process_time", lambda: times[0])

    def use(seconds):
        times[0] += seconds

    return cpu.CpuShare(), use


def test_a_training_alone_has_all_that_the_process_uses_meanwhile(clock):
    share, use = clock
    use(7)
    with share.running():
        use(2)
        assert share.read() == 2
    use(5)
    assert share.read() == 2


def test_trainings_side_by_side_have_equal_shares(clock):
    share, use = clock
    with share.running():
        use(1)
        with share.running():
            start = share.read()
            use(4)
            assert share.read() - start == 2
        use(1)
    assert share.read() == 1 + 2 + 1
