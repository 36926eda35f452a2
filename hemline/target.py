"""The one processor target of all computations: x86-64-v3, even if this machine supports more.

TensorFlow, NumPy and their libraries choose code by processor. Other code gives other last bits, which training turns
into a third of a percentage point. x86-64-v3 (AVX2 and FMA: Intel since 2013, AMD since 2015) is the oldest target
that is still fast. ``hemline fingerprint`` checks whether a machine gives the expected bits.

The settings are read when libraries are loaded: ``fix_target`` comes before NumPy and TensorFlow are imported.
"""

import os
import platform
import sys
from pathlib import Path

# XLA compiles for AVX2. Without YNNPACK, which heeds no cap, it calls Eigen for products.
_XLA_FLAGS = {"--xla_cpu_max_isa": "AVX2", "--xla_cpu_experimental_ynn_fusion_type": ""}
_SETTINGS = {
    # Eigen multiplies by its own kernels: oneDNN's, a third faster, add in another order where Eigen's blocks have
    # other sizes, and these follow the processor's caches.
    "TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL": "0",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    # NumPy's and SciPy's products: OpenBLAS's kernels for the first processor with AVX2.
    "OPENBLAS_CORETYPE": "Haswell",
    # ... and of one thread: the number of threads changes bits, too.
    "OPENBLAS_NUM_THREADS": "1",
    # NumPy's own loops, whose exp and log are others with AVX-512. Names that this processor lacks are no error.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
NOT_THE_TARGET = (
    "This machine is no Linux on an x86-64 processor with AVX2: figures will differ from those of the README by "
    "chance, as another seed's would."
)
_NEEDED = {"avx2", "fma", "bmi2", "f16c"}


def fix_target() -> None:
    """Cap what NumPy, TensorFlow and their libraries use of the processor.

    Flags of the user's that say something else about the same are overruled, which one line on standard error tells.
    """
    overruled = [key for key, value in _SETTINGS.items() if os.environ.get(key, value) != value]
    flags = os.environ.get("XLA_FLAGS", "").split()
    ours = [f"{key}={value}" for key, value in _XLA_FLAGS.items()]
    kept = [flag for flag in flags if flag.partition("=")[0] not in _XLA_FLAGS]
    overruled += [flag for flag in flags if flag not in kept and flag not in ours]
    if overruled:
        print(f"{', '.join(overruled)}: overruled, because results are to be equal on every machine", file=sys.stderr)
    os.environ.update(_SETTINGS | {"XLA_FLAGS": " ".join([*kept, *ours])})


def was_fixed_at_start() -> bool:
    """Say whether this process was started with what ``fix_target`` sets, so that whatever it has loaded heeds it."""
    environment = Path("/proc/self/environ")
    if not environment.is_file():
        return True  # no Linux, hence not the target anyway
    started = environment.read_bytes().split(b"\0")
    return all(f"{key}={value}".encode() in started for key, value in _SETTINGS.items())


def is_target() -> bool:
    """Say whether this machine can compute for the target: an x86-64 with AVX2 and FMA, under Linux."""
    if platform.machine() not in {"x86_64", "AMD64"} or sys.platform != "linux":
        return False
    return _processor_flags() >= _NEEDED


def _processor_flags() -> set[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()
