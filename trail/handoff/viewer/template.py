"""Page templates: plain files with `${name}` gaps, filled piece by piece.

In: a template's name and what goes into its gaps (ready markup, or the path of a file that holds it).
Out: UTF-8 pieces of a page. Never: escapes (that is `markup`'s), or holds a whole page in memory.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT_MARK = "\0"
"""Stands in spooled markup for the way to the bundle's root, which depends on the page it ends up in."""

_GAP = re.compile(r"\$\{(\w+)\}")
_PIECE = 1 << 16


def fill(name: str, gaps: Mapping[str, str | Path], root: str) -> Iterator[bytes]:
    """Yield a page in pieces; `root` is "" or "../". A gap without a value is a KeyError."""
    # re.split puts the gaps' names at the odd places.
    for place, part in enumerate(_GAP.split(read_asset(name))):
        value = gaps[part] if place % 2 else part
        if isinstance(value, Path):
            with value.open("rb") as spool:
                while piece := spool.read(_PIECE):
                    yield piece.replace(ROOT_MARK.encode(), root.encode())
        else:
            yield value.replace(ROOT_MARK, root).encode()


def security_policy() -> str:
    """Return the Content-Security-Policy: nothing but our own style and script, both by their hash."""
    style, script = (_source(read_asset(name)) for name in ("style.css", "filter.js"))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def read_asset(name: str) -> str:
    """Return a file that ships beside this module."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
