"""Being asked to end, without being cut off."""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue


def stop_on_signals() -> threading.Event:
    """An event that is set once the process is asked to end: SIGTERM, SIGINT (Ctrl-C), SIGHUP (the terminal is gone).

    A signal that was ignored when the process started, as nohup does, stays ignored.
    """
    stop = threading.Event()
    asked: SimpleQueue[None] = SimpleQueue()

    def relay() -> None:
        asked.get()
        stop.set()

    threading.Thread(target=relay, name="signals", daemon=True).start()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            # the handler interrupts whoever waits for the event, perhaps with its lock in hand: it may not set it
            signal.signal(number, lambda *_: asked.put(None))
    return stop
