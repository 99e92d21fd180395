"""What tests need of the machine: where it is, why it is missing, and what then.

A test without what it needs is skipped and says why; where CI=true it fails, because there a skipped test is one
nobody runs.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """Where a Chromium is, if anywhere."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def explain_missing(needed: str) -> str | None:
    """Why what a marker asks for is not here; None when it is."""
    if needed == "dovecot":
        from servers.dovecot import DovecotServer  # noqa: PLC0415 - few tests need it

        return DovecotServer.available()
    if needed == "cyrus":
        from servers.cyrus import CyrusServer  # noqa: PLC0415 - few tests need it

        return CyrusServer.available()
    if needed == "courier":
        from servers.courier import CourierServer  # noqa: PLC0415 - few tests need it

        return CourierServer.available()
    return None if find_chromium() else f"no Chromium on this machine (looked for {CHROMIUMS})"


def give_up(reason: str) -> NoReturn:
    """Skip the test, or fail it where every test must run."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be skipped: {reason}", pytrace=False)
    pytest.skip(reason)
