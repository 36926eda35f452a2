#!/usr/bin/env bash
# Guess: EventAccumulator, with which scripts read TensorBoard's files, gives all values that were logged.
# What happens: at most 10,000 a curve by default, a random choice of them (with a fixed seed, so that it looks
# stable). Of 12,000 steps every sixth or so is missing; the last is always there. size_guidance={"scalars": 0} keeps
# all.
# Versions: tensorboard 2.21.0.
# Why it matters: the best validation accuracy, or the epoch of it, read from such a file may be that of a neighbour;
# two curves have different steps missing, so that subtracting them row by row compares different steps.
# Guard: Hemline reads no event files; curves are CSV in DVC's outputs, with every epoch.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh tensorboard==2.21.0 numpy==2.4.6 setuptools==80.9.0
python - <<'END'
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

writer = EventFileWriter("log")
for step in range(12_000):
    value = Summary.Value(tag="loss", simple_value=1.0)
    writer.add_event(Event(step=step, wall_time=step, summary=Summary(value=[value])))
writer.close()


def steps(**options):
    reader = EventAccumulator("log", **options)
    reader.Reload()
    return [each.step for each in reader.Scalars("loss")]


default, everything = steps(), steps(size_guidance={"scalars": 0})
print(f"logged 12000, read by default {len(default)}, first {default[:8]}, last {default[-1]}; with 0: {len(everything)}")
assert len(default) == 10_000, "changed"
assert default[-1] == 11_999 and default[:100] != list(range(100))
assert everything == list(range(12_000))
END
