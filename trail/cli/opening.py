"""`trail open`: a message in the desktop's mail program, or in the browser.

What is opened is a copy, in a folder only its owner can read; copies of earlier days go when the next one is made.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import TrailError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KEPT = 86400.0
"""Seconds a copy is kept, at least: a program may read it again."""
_PATIENCE = 3.0
"""Seconds in which an opener says that it cannot; most have left by then."""


@app.command("open")
def open_(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a message, as search prints it.")
    ],
    html: Annotated[
        bool,
        typer.Option("--html", help="As a page in the browser, which then loads nothing."),
    ] = False,
) -> None:
    """Open a message in the mail program, or in the browser."""
    from trail.archive.store import open_archive
    from trail.cli.reading import describe_message, find_message

    session: Session = ctx.obj
    opener = find_opener(session.environ)
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        content = archive.read(archived)
        data, sent_at = describe_message(archive, archived, content)
    path = write_copy(data, sent_at, content, html=html)
    hand_over(path, opener)
    session.emit({"id": data["id"], "path": str(path)}, f"opened {path}")


def write_copy(data: dict[str, Any], sent_at: datetime, content: bytes, *, html: bool) -> Path:
    """Write the copy that is opened. Raises TrailError."""
    import platformdirs

    from trail.cli.saving import name_file

    if html:
        from trail.parse.markup import read_markup
        from trail.webpage import write_page

        when = sent_at.astimezone().strftime("%Y-%m-%d %H:%M %z")
        content = write_page(data, when, read_markup(content)).encode("utf-8", "replace")
    folder = Path(platformdirs.user_cache_dir("trail", appauthor=False)) / "opened"
    name = name_file(data["subject"], sent_at, ".html" if html else ".eml")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_old(folder)
        # a folder of its own each time: nobody else removes it as old, and no program has its file open
        path = Path(tempfile.mkdtemp(prefix=f"{data['id']}-", dir=folder)) / name
        path.write_bytes(content)
        path.chmod(0o600)
    except OSError as error:
        raise TrailError(
            f"{error.filename or folder}: {error.strerror}", "make room there, or `trail save` it"
        ) from error
    return path


def find_opener(environ: Mapping[str, str]) -> str:
    """The program that opens a file with the one that is meant for it. Raises TrailError where there is none."""
    if sys.platform == "win32":
        return ""
    hint = "read it with `trail show ID`, or take it with you with `trail save ID FILE.eml`"
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    found = shutil.which(opener, path=environ.get("PATH"))
    if found is None:
        raise TrailError(f"there is no {opener} on this machine", hint)
    if opener == "xdg-open" and not any(
        environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        raise TrailError("there is no desktop here that could open it", hint)
    return found


def hand_over(path: Path, opener: str) -> None:
    """Have the desktop open a file with the program that is meant for it. Raises TrailError."""
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - that is what opening is there
        return
    opening = subprocess.Popen(  # noqa: S603 - a program of the desktop, and a file of ours
        [opener, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C here is not for it
    )
    try:
        code = opening.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        opening.returncode = 0  # it has become the program that shows the file
        return
    if code:
        raise TrailError(
            f"{Path(opener).name} could not open it (exit code {code})",
            f"is there a program for {path.suffix} files? the copy is {path}",
        )


def _remove_old(folder: Path) -> None:
    """Remove what is old; another trail may be doing the same, so nothing is sure to be there still."""
    for copy in folder.iterdir():
        with contextlib.suppress(OSError):
            if copy.stat().st_mtime < time.time() - _KEPT:
                shutil.rmtree(copy, ignore_errors=True)
