"""Being asked to end, without being cut off."""

from __future__ import annotations

import os
import signal
import threading


def stop_on_signals() -> threading.Event:
    """An event that is set once the process is asked to end: SIGTERM, SIGINT (Ctrl-C), SIGHUP (the terminal is gone).

    A signal that was ignored when the process started, as nohup does, stays ignored. Call it in the main thread.
    """
    stop = threading.Event()
    asked, wakeup = os.pipe()
    os.set_blocking(wakeup, False)

    def relay() -> None:
        os.read(asked, 1)
        stop.set()

    threading.Thread(target=relay, name="signals", daemon=True).start()
    # The system may hand a signal to any thread; Python's own handlers run in the main one, when that next wakes up,
    # and interrupt it perhaps with the event's lock in hand. The descriptor is written to at once.
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    return stop
