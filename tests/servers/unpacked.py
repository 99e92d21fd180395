"""Mail servers of Debian unpacked beside the system, because Dovecot, Cyrus and Courier exclude each other as packages.

In: the folder `unpack.sh` filled, `TRAIL_TEST_SERVERS` or its default. Out: programs in it, with what they need around
them. Nothing of it is installed: no service, no user, no file outside that folder.
"""

from __future__ import annotations

import os
from pathlib import Path

DEFAULT = "/var/tmp/trail-test-servers"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib")


def locate_root() -> Path:
    """Where the packages are, or would be, unpacked; user nobody must be able to enter it."""
    return Path(os.environ.get("TRAIL_TEST_SERVERS", DEFAULT))


def explain_missing_program(program: str) -> str | None:
    """Why a program such as `usr/bin/imapd` cannot be run; None when it can."""
    root = locate_root()
    if not (root / program).exists():
        return f"no {program} in {root} (Debian: run tests/servers/unpack.sh)"
    if root.stat().st_uid not in (0, os.geteuid()):
        return f"{root} belongs to somebody else"
    return None


def make_environment(**more: str) -> dict[str, str]:
    """The environment an unpacked program finds its libraries in."""
    libraries = [str(locate_root() / part) for part in LIBRARIES]
    libraries += [str(locate_root() / part.removeprefix("usr/")) for part in LIBRARIES]
    return {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": ":".join(libraries), **more}
