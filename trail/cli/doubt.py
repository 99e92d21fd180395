"""An index in doubt, and what is done about it: told in one line, and made anew in the background.

Comes in: an index, or the error that there is none to read. Goes out: a line, data for programs, perhaps a process that
rebuilds. A search starts one only where a person sees it do so: a script, or a container, gets no process it did not ask for.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trail.errors import ArchiveLocked, IndexUnavailable, TrailError
from trail.locks import is_held
from trail.render import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trail.cli.app import Session
    from trail.index.failures import Doubt

AGAIN = 3600.0
"""Seconds after a rebuild was begun in which a search begins no other: it went wrong, and would again."""
_RUN = "trail reindex"


def doubt_data(root: Path, doubt: Doubt | None) -> dict[str, Any]:
    """What a program is told with an answer that may be incomplete; nothing where all is well."""
    if doubt is None:
        return {}
    seen_to = is_rebuilding(root) or is_held(root / "daemon.lock")
    told = {"why": doubt.why, "missing": doubt.missing, "rebuilding": seen_to}
    return {"incomplete": told | {"run": None if seen_to else _RUN}}


def tell_doubt(session: Session, doubt: Doubt | None) -> None:
    """Say on stderr that an answer may be incomplete, and what is done about it."""
    if doubt is None:
        return
    if doubt.why == "older":
        what = "the index was made by an older trail, which looked for less"
    elif doubt.missing:
        what = f"part of the index is damaged: {count_of(doubt.missing, 'message')} cannot be found"
    else:
        what = "part of the index is damaged: some messages cannot be found"
    session.tell(f"{what}; {see_to_rebuild(session)}")


@contextmanager
def explaining_absence(session: Session) -> Iterator[None]:
    """Where there is no index to read, have one made, and say so in the hint."""
    try:
        yield
    except IndexUnavailable as error:
        raise IndexUnavailable(error.message, see_to_rebuild(session)) from error


def see_to_rebuild(session: Session) -> str:
    """Have the index made anew if nobody is about to; returns what becomes of it."""
    root = session.config.archive
    if is_rebuilding(root):
        return "it is being rebuilt (`trail status` shows how far it is)"
    if is_held(root / "daemon.lock"):
        return "the daemon rebuilds it with its next round"
    if is_held(root / "lock"):
        return "another trail is at work, which may rebuild it (`trail status` shows it)"
    if _is_wanted(session, root) and _start(session):
        return "it is being rebuilt in the background (`trail status` shows how far it is)"
    return "the next `trail sync` or `trail reindex` rebuilds it"


def is_rebuilding(root: Path) -> bool:
    """Whether a process is about it now."""
    return is_held(root / "index" / "rebuilding")


def rebuild_in_doubt(session: Session, progress: Callable[[str, int, int], None]) -> None:
    """After a round, which is done and durable: make the index anew if it is in doubt. What goes wrong is a warning."""
    from trail.archive.store import open_archive
    from trail.rebuilding import needs_rebuild, rebuild_index

    root = session.config.archive
    with open_archive(root) as archive:
        wanted = needs_rebuild(archive)
    if not wanted:
        return
    session.note(
        "the index is in doubt, or its rebuild was cut short: rebuilding it; the old one serves meanwhile"
    )
    try:
        rebuild_index(root, progress=progress)
    except ArchiveLocked as error:
        session.note(f"{error.message}: it is left to that")
    except TrailError as error:
        session.warn(f"{error.message}; {error.hint}")


def _is_wanted(session: Session, root: Path) -> bool:
    """Whether a person sees what is done, it was not tried just now, and the archive can be written."""
    if session.quiet or not sys.stderr.isatty() or not os.access(root, os.W_OK):
        return False
    try:
        tried_at = (root / "index" / "rebuilding").stat().st_mtime
    except OSError:
        return True
    return time.time() - tried_at > AGAIN


def _start(session: Session) -> bool:
    """Start `trail reindex` as a process of its own, which gives way to others; whether it could be started."""
    import shutil
    import subprocess

    config = str(session.config_path.absolute())
    command = [sys.executable, "-P", "-m", "trail", "--config", config, "--quiet", "reindex"]
    if nice := shutil.which("nice"):
        command = [nice, *command]
    try:
        subprocess.Popen(  # noqa: S603 - ourselves
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=session.config.archive,
        )
    except OSError:
        return False
    return True
