"""Which index serves: the folder of an index may hold several, each in a folder of its own, and names one of them.

In: the folder. Out: the index in it that serves, and a new one in its place, in one step. A search that has the old one open goes
on with it, and takes the new one at its next question. A folder that names none is the one index itself.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from trail.errors import IndexUnavailable
from trail.index.failures import MARK, REBUILD
from trail.index.generations import NAME, write_durably
from trail.index.schema import READABLE_SINCE, SCHEMA_VERSION
from trail.index.segment import WAITING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

SERVING = "serving"
"""The file with the name of the folder of the index that serves."""
ABOUT = "trail.json"
_GENERATION = re.compile(r"[0-9a-f]{32}")
_OWN = (f"{NAME}_", f"_{NAME}_", f"{WAITING}{NAME}_", ABOUT, MARK)
"""How the files of an index begin."""


class About(NamedTuple):
    """What an index says of itself."""

    schema: int
    generation: str

    @property
    def is_older(self) -> bool:
        """Whether an earlier trail made it: what it has is right, and it lacks what this trail would have put in."""
        return self.schema < SCHEMA_VERSION


def find_serving(place: Path) -> Path:
    """Return the folder of the index that serves. Raises OSError, and ValueError where its name cannot be read."""
    try:
        name = (place / SERVING).read_text("ascii").strip()
    except FileNotFoundError:
        return place
    if not _GENERATION.fullmatch(name):
        raise ValueError(name)
    return place / name


def serve(place: Path, generation: str) -> None:
    """Have the index of that generation, which is complete and on the disk, serve from now on."""
    write_durably(place / SERVING, f"{generation}\n".encode())


def read_about(folder: Path) -> About:
    """What the index in `folder` says of itself. Raises IndexUnavailable when there is none that this trail can use."""
    try:
        state = json.loads((folder / ABOUT).read_bytes())
        about = About(int(state["schema"]), str(state["generation"]))
    except FileNotFoundError as error:
        raise IndexUnavailable("there is no search index yet", REBUILD) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnavailable("the search index cannot be read", REBUILD) from error
    if not READABLE_SINCE <= about.schema <= SCHEMA_VERSION:
        raise IndexUnavailable("the search index is of another version of trail", REBUILD)
    return about


def write_about(folder: Path, about: About) -> None:
    """Have the index in `folder` say so."""
    write_durably(folder / ABOUT, json.dumps(about._asdict()).encode())


def clear_others(place: Path, list_kept: Callable[[], Iterable[str]]) -> None:
    """Remove every index in `place` but the one that serves and those of the generations to be kept.

    These are asked for when the folder was read: one that is begun just now is not in what was read, or else among them.
    """
    serving = find_serving(place)
    paths = list(place.iterdir())
    names = {serving.name, *list_kept()}
    for path in paths:
        if _GENERATION.fullmatch(path.name) and path.name not in names:
            remove_index(path)
        elif serving != place and path.name.startswith(_OWN):  # of an index that lay here itself
            path.unlink(missing_ok=True)


def remove_index(folder: Path) -> None:
    """Remove an index that does not serve; what somebody still reads may be left to the next time."""
    with suppress(OSError):
        # first what names the segments, so that nobody who comes just now takes one that is gone for damage
        for path in folder.glob(f"_{NAME}_*.toc"):
            path.unlink()
    import shutil  # noqa: PLC0415 - a search, which never removes one, starts faster without it

    shutil.rmtree(folder, ignore_errors=True)
