"""A text in the user's editor: in a file of its own, in a folder that only its owner can read.

In: the archive's folder, the environment, a text. Out: the text as it was left. The folder lies in the archive's cache, on
the same disk, and goes with everything an editor puts beside the file, such as copies of what was not saved yet.
"""

from __future__ import annotations

import secrets
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from trail.archive.disk import translate_disk_errors
from trail.errors import TrailError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

FOLDER = "cache/drafts"
_EDITORS = ("editor", "nano", "vi", "notepad")
"""What is tried where nobody said which."""


class Draft:
    """A file to be edited."""

    def __init__(self, root: Path, environ: Mapping[str, str], text: str) -> None:
        self._environ = environ
        self._root = root
        self._folder = root / FOLDER / secrets.token_hex(8)
        self._text = text
        self._keep = False
        self.path = self._folder / "note.md"

    def __enter__(self) -> Self:
        with translate_disk_errors(self._root):
            self._folder.mkdir(mode=0o700, parents=True)
            self.path.touch(mode=0o600)
            self.path.write_text(self._text + "\n" if self._text else "", encoding="utf-8")
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._keep:
            shutil.rmtree(self._folder, ignore_errors=True)

    def keep(self) -> None:
        """Let the file stay when this is over."""
        self._keep = True

    def open(self) -> None:
        """Wait for the editor. Raises TrailError when there is none, or it failed."""
        command = find_editor(self._environ)
        try:
            done = subprocess.run([*command, str(self.path)], check=False, env=dict(self._environ))  # noqa: S603 - the user's own editor
        except OSError as error:
            raise TrailError(
                f"the editor {command[0]} cannot be run: {error.strerror}",
                "set VISUAL or EDITOR, or give the text on the command line",
            ) from error
        if done.returncode:
            raise TrailError(
                f"the editor ended with exit code {done.returncode}: nothing was noted",
                "run the command again",
            )

    def read(self) -> str:
        """The text as it was left. Raises TrailError."""
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise TrailError(
                "the editor left no text: nothing was noted", "save it as UTF-8"
            ) from error


def find_editor(environ: Mapping[str, str]) -> list[str]:
    """The command that opens an editor. Raises TrailError."""
    for name in ("VISUAL", "EDITOR"):
        if words := shlex.split(environ.get(name, "")):
            return words
    for name in _EDITORS:
        if found := shutil.which(name, path=environ.get("PATH")):
            return [found]
    raise TrailError(
        "there is no editor", "set VISUAL or EDITOR, or give the text on the command line"
    )
