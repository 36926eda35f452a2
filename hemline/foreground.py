"""A server as this command's only work: it ends with the command, children and all, whatever ends the command."""

import os
import signal
import subprocess
from collections.abc import Mapping
from types import FrameType

_PATIENCE = 10  # seconds that a server has to end by itself


def run_in_foreground(command: list[str], environment: Mapping[str, str]) -> int:
    """Run ``command`` until it ends, or until Ctrl-C or SIGTERM ends both.

    Returns:
        The command's exit status; 0 if it was ended from here.
    """
    ended = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ended
        ended = True
        _signal_group(server, signal.SIGTERM)

    # A group of its own: Ctrl-C reaches it once, from here, and no worker is left behind.
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    former = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        while True:
            try:
                status = server.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                if ended:
                    _signal_group(server, signal.SIGKILL)
                continue
            return 0 if ended else status
    finally:
        _signal_group(server, signal.SIGKILL)
        for each, handler in former.items():
            signal.signal(each, handler)


def _signal_group(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(server.pid, number)
    except ProcessLookupError:
        return
