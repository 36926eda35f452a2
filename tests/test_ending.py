"""Processes that are told to end while their threads compute."""

import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Future
from pathlib import Path
from unittest.mock import Mock

import pytest

from hemline.families.dense import DenseSettings
from hemline.processes.ending import ShutdownRequest
from stages.train import _Run

REPOSITORY = Path(__file__).parent.parent
LIMIT = 120  # seconds; far less than what the threads sleep
INTERRUPTED, TERMINATED = 130, 143
BEGIN = """
    import signal, sys, threading, time
    from concurrent.futures import ThreadPoolExecutor
    from hemline.processes.ending import TERMINATED, asked_to_end, prompt_end
    from hemline.processes.waiting import as_completed, result, wait_for

    def sleep():
        print("begun", flush=True)
        for _ in range(60_000):  # a signal that comes just before a sleep does not end it
            time.sleep(0.01)
"""
TRAINING = """
    with prompt_end():
        with asked_to_end() as asked:
            for future in as_completed([ThreadPoolExecutor(1).submit(sleep)]):
                future.result()
"""
# Whoever is asked has something to save; this one tells so, and ends.
SAVING = """
    with prompt_end():
        ThreadPoolExecutor(1).submit(time.sleep, 600)
        with asked_to_end() as asked:
            print("begun", flush=True)
            while not asked.is_set():
                time.sleep(0.01)
            print("saved", flush=True)
            sys.exit(TERMINATED)
"""
DEAF = """
    with prompt_end():
        with asked_to_end() as asked:
            try:
                sleep()
            except KeyboardInterrupt:
                print("not now", flush=True)
                time.sleep(600)
"""
# As in a callback, whose exceptions are only printed.
LOSING = """
    with prompt_end():
        with asked_to_end() as asked:
            try:
                sleep()
            except KeyboardInterrupt:
                print("lost", flush=True)
            list(as_completed([ThreadPoolExecutor(1).submit(time.sleep, 600)], asked.raise_if_interrupted))
"""
PREPARING = """
    with prompt_end():
        try:
            sleep()
        except BaseException:
            time.sleep(600)
"""
# Half-way in the imports of a module that Python runs by `-m`.
IMPORTING = """
    sys.argv[0] = "-m"
    import stages
    sleep()
"""
IMPORTED = """
    from hemline.errors import one_line_errors
    sys.argv[0] = "-m"
    import stages
    with one_line_errors():
        sleep()
"""
# In the import of a command's module, or in the command.
IMPORTING_COMMAND = """
    import hemline.__main__ as command
    command.import_module = lambda name: sleep()
    command.main(["serve"])
"""
RUNNING_COMMAND = """
    import types
    import hemline.__main__ as command
    command.import_module = lambda name: types.SimpleNamespace(__doc__="It.\\n\\nRun: hemline it", main=sleep)
    command.main(["serve"])
"""
# The system gives the signal to a thread, as it may.
BY_A_THREAD = """
    def take():
        print("begun", flush=True)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        time.sleep(600)

    with prompt_end():
        with asked_to_end() as asked:
            WAIT
"""


def started(code):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BEGIN) + textwrap.dedent(code)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "begun\n"
    return process


def end_of(process, *signals):
    """Return exit status, output and errors."""
    try:
        for number in signals:
            process.send_signal(number)
            time.sleep(0.2)
        while len(signals) > len(set(signals)) and process.poll() is None:
            process.send_signal(number)  # two that come at once are one
            time.sleep(0.2)
        out, errors = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    return process.returncode, out, errors


@pytest.mark.parametrize("code", [TRAINING, PREPARING], ids=["training", "preparing"])
def test_ctrl_c_ends_a_process_whose_threads_compute_and_whose_code_catches_everything(code):
    assert end_of(started(code), signal.SIGINT) == (INTERRUPTED, "", "")


@pytest.mark.parametrize(("importing", "running"), [(IMPORTING, IMPORTED), (IMPORTING_COMMAND, RUNNING_COMMAND)])
def test_ctrl_c_ends_what_is_still_imported_without_a_word_and_what_runs_with_a_status(importing, running):
    assert end_of(started(importing), signal.SIGINT) == (-signal.SIGINT, "", "")
    assert end_of(started(running), signal.SIGINT) == (INTERRUPTED, "", "")


@pytest.mark.parametrize(
    "wait",
    [
        "list(as_completed([ThreadPoolExecutor(1).submit(take)]))",
        "wait_for([ThreadPoolExecutor(1).submit(take)])",
        "result(ThreadPoolExecutor(1).submit(take))",
    ],
)
@pytest.mark.trials(few=2, many=25)
def test_ctrl_c_is_heard_where_another_thread_takes_it(wait, repetition):
    assert end_of(started(BY_A_THREAD.replace("WAIT", wait))) == (INTERRUPTED, "", "")


def test_a_second_ctrl_c_ends_what_does_not_hear_the_first():
    assert end_of(started(DEAF), signal.SIGINT, signal.SIGINT) == (INTERRUPTED, "not now\n", "")


def test_what_hears_no_ctrl_c_is_ended_by_the_system():
    assert end_of(started(DEAF), signal.SIGINT) == (-signal.SIGALRM, "not now\n", "")


def test_a_ctrl_c_that_was_lost_is_found_by_who_waits():
    assert end_of(started(LOSING), signal.SIGINT) == (INTERRUPTED, "lost\n", "")


def test_a_stage_that_waits_for_trainings_finds_a_ctrl_c_that_was_lost():
    spec, trainings = Mock(), Mock()
    spec.settings.training = DenseSettings(hidden=[], epochs=1, batch_size=1, optimizer="sgd", learning_rate=1)
    run = _Run(spec, Mock(), Mock(), Mock())
    run._asked = ShutdownRequest()
    trainings.submit.return_value = Future()  # never done
    trainings.check_alive.side_effect = SystemExit("it went on waiting")
    run._asked._interrupted.set()
    with pytest.raises(KeyboardInterrupt):
        run._do(trainings, [Mock()], Mock())


def test_sigterm_waits_for_what_is_to_be_saved_and_for_no_thread():
    assert end_of(started(SAVING), signal.SIGTERM) == (TERMINATED, "saved\n", "")


def test_sigterm_ends_what_has_nothing_to_save():
    assert end_of(started(PREPARING), signal.SIGTERM) == (-signal.SIGTERM, "", "")


def test_signals_are_answered_as_before_afterwards():
    code = """
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        with prompt_end(), asked_to_end():
            pass
        assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
        print("begun", flush=True)
    """
    assert end_of(started(code)) == (0, "", "")
