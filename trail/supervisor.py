"""What a service manager is told of a daemon, and in which words: sd_notify(3), without a library.

Comes in: the values of NOTIFY_SOCKET and WATCHDOG_USEC, as whoever starts us set them. Goes out: datagrams. Without a
socket nothing happens; a manager that does not listen is no fault of ours, and nothing is ever waited for.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WAITING = "waiting for the next round"
SHOWN = 3
"""Folders in which we listen that are named."""


class Supervisor:
    """A service manager, or none. `address` is a path, or a name in Linux's abstract namespace with `@` before it."""

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        if address[:1] not in ("@", "/") or not hasattr(socket, "AF_UNIX"):
            self._address = ""
        self._interval = watchdog / 4
        """Seconds between two pings: well before the manager gets impatient; 0: it does not wait for any."""
        self._pinged_at = 0.0

    def ready(self) -> None:
        """We are up: whoever waits for us may go on."""
        self._send("READY=1")

    def tell(self, doing: str) -> None:
        """What we do, for `systemctl status`."""
        self._send(f"STATUS={' '.join(doing.split())}")

    def ping(self) -> None:
        """We are alive. May be called at any rate."""
        now = time.monotonic()
        if self._interval and now - self._pinged_at >= self._interval:
            self._pinged_at = now
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """We are on our way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(message.encode(), self._address)


def describe_waiting(listening: Mapping[str, Sequence[str]]) -> str:
    """Where we hear of new mail at once; elsewhere the next round finds it."""
    places = [(name, folder) for name, folders in sorted(listening.items()) for folder in folders]
    if not places:
        return WAITING
    if len(places) > SHOWN:
        accounts = f"{len(listening)} account{'' if len(listening) == 1 else 's'}"
        return f"listening to {len(places)} folders of {accounts}"
    if len(listening) == 1:
        return f"listening to {', '.join(folder for _, folder in places)}"
    return f"listening to {', '.join(f'{folder} of {name}' for name, folder in places)}"
