"""What is computed is computed for one processor, whatever more this one can do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hemline import target

REPOSITORY = Path(__file__).parent.parent
IN_STAGE = """
import json, os, stages.train, numpy
from numpy._core._multiarray_umath import __cpu_dispatch__
from numpy._core._multiarray_umath import __cpu_features__ as features
wanted = {name: os.environ[name] for name in ("XLA_FLAGS", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE")}
print(json.dumps(wanted | {"numpy": [name for name in __cpu_dispatch__ if features[name]]}))
"""


def run(code, **environment):
    command = [sys.executable, "-c", code]
    clean = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=REPOSITORY, env=clean | environment, capture_output=True, text=True, check=True, timeout=120
    )


def test_importing_a_stage_caps_xla_onednn_openblas_and_numpy_before_any_of_them_is_loaded():
    # A flag of the user that contradicts nothing is kept without a word.
    done = run(IN_STAGE, XLA_FLAGS="--xla_dump_to=/nowhere")
    found = json.loads(done.stdout)
    assert done.stderr == ""
    flags = {"--xla_dump_to=/nowhere", "--xla_cpu_max_isa=AVX2", "--xla_cpu_experimental_ynn_fusion_type="}
    assert set(found["XLA_FLAGS"].split()) >= flags
    assert (found["ONEDNN_MAX_CPU_ISA"], found["OPENBLAS_CORETYPE"]) == ("AVX2", "Haswell")
    assert set(found["numpy"]) <= {"X86_V3"}


@pytest.mark.parametrize("module", ["stages.evaluate", "hemline.training.tensorflow"])
def test_importing_a_stage_or_the_trainer_leaves_openblas_one_kernel_and_one_thread(module):
    code = f"import {module}, json, threadpoolctl, numpy; print(json.dumps(threadpoolctl.threadpool_info()))"
    found = [library for library in json.loads(run(code).stdout) if library["internal_api"] == "openblas"]
    assert found
    assert {(library["architecture"], library["num_threads"]) for library in found} == {("Haswell", 1)}


def test_settings_of_the_user_that_would_change_results_are_overruled_in_one_line():
    own = {
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX512",
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "OPENBLAS_CORETYPE": "SkylakeX",
    }
    done = run(IN_STAGE, **own)
    assert not [name for name, value in own.items() if value in json.loads(done.stdout)[name].split()]
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("ONEDNN_MAX_CPU_ISA, OPENBLAS_CORETYPE, --xla_cpu_max_isa=AVX512: overruled")


def test_a_helper_process_which_inherits_the_settings_says_nothing():
    helper = "subprocess.run([sys.executable, '-c', 'import stages.train'], check=True)"
    assert run(f"import subprocess, sys, stages.train; {helper}").stderr == ""


@pytest.mark.parametrize(
    ("machine", "system", "flags", "expected"),
    [
        ("x86_64", "linux", "fpu avx avx2 fma bmi1 bmi2 f16c", True),
        ("x86_64", "linux", "fpu avx", False),
        ("aarch64", "linux", "", False),
        ("x86_64", "darwin", "fpu avx avx2 fma bmi2 f16c", False),
    ],
)
def test_the_target_is_linux_on_x86_64_with_avx2(monkeypatch, machine, system, flags, expected):
    monkeypatch.setattr(target.platform, "machine", lambda: machine)
    monkeypatch.setattr(target.sys, "platform", system)
    monkeypatch.setattr(target, "_processor_flags", lambda: set(flags.split()))
    assert target.is_target() is expected
