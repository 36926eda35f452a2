"""A server as this command's only work: it ends with the command, children and all, whatever ends the command."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from types import FrameType

from hemline.processes.ports import HOST

_PATIENCE = 10  # seconds that a server has to end by itself
_POLL = 0.1  # seconds


def run_in_foreground(command: list[str], environment: Mapping[str, str], port: int, text: str) -> int:
    """Run a server until it ends, or until Ctrl-C or SIGTERM ends both; return its status, 0 if it was ended from here.

    ``text`` says how it is used; it is printed once the port answers, because who follows a link sooner is refused.
    """
    ended = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ended
        ended = True
        _signal_group(server, signal.SIGTERM)

    # A group of its own: Ctrl-C reaches it once, from here, and no worker is left behind.
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    threading.Thread(target=_print_when_open, args=(server, port, text), daemon=True).start()
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


def _print_when_open(server: subprocess.Popen[bytes], port: int, text: str) -> None:
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                print(text, flush=True)
                return
        time.sleep(_POLL)


def _signal_group(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(server.pid, number)
    except ProcessLookupError:
        return
