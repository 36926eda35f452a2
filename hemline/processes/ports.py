"""Free ports of the loopback address, which other machines cannot reach."""

import socket

from hemline.errors import InputError

HOST = "127.0.0.1"


def free_port(wanted: int | None, usual: int) -> int:
    """Return a free port of 127.0.0.1: that ``wanted`` by the user, or else the usual one, or any.

    One that is wanted and not free is an ``InputError``.
    """
    for port in [wanted] if wanted is not None else [usual, 0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError) as error:
                if wanted is not None:
                    raise InputError(f"--port: must be a free port of {HOST}, got {wanted}: {error}") from None
                continue
            return int(probe.getsockname()[1])
    raise InputError(f"--port: no free port on {HOST}")
