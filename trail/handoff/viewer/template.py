"""The page's template and what ships beside it: plain files with `${name}` gaps, filled piece by piece.

In: a template's name and what goes into its gaps (ready markup, or the path of a file that holds it).
Out: UTF-8 pieces of a page. Never: holds a whole listing in memory, or lets a script run that is not named by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trail.handoff.plain import one_line, without_overrides
from trail.handoff.viewer.chunks import write_json
from trail.handoff.viewer.words import read_strings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCRIPTS = (
    *("words.js", "dates.js", "data.js", "search.js", "parts.js", "letter.js", "message.js"),
    *("timeline.js", "results.js", "tables.js", "memo.js", "keys.js", "start.js"),
)
"""The parts of the program, in the order they are put together."""
LIBRARY = "vendor/minisearch.js"

_GAP = re.compile(r"\$\{(\w+)\}")
_PIECE = 1 << 16
_SPACES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def fill(name: str, gaps: Mapping[str, str | Path]) -> Iterator[bytes]:
    """Yield a page in pieces. A gap without a value is a KeyError."""
    # re.split puts the gaps' names at the odd places.
    for place, part in enumerate(_GAP.split(read_asset(name))):
        value = gaps[part] if place % 2 else part
        if isinstance(value, Path):
            with value.open("rb") as draft:
                while piece := draft.read(_PIECE):
                    yield piece
        else:
            yield value.encode()


def page_gaps(title: str) -> dict[str, str | Path]:
    """Return what every page has: its title, policy, look and program."""
    return {
        "title": escape(title),
        "policy": html.escape(security_policy(), quote=False),
        "style": read_asset("style.css"),
        "library": read_asset(LIBRARY),
        "script": program(),
    }


def security_policy() -> str:
    """Return the Content-Security-Policy: our own scripts and styles by their hash, what these scripts load, pictures of the bundle.

    Attributes may hold styles, for the frame of a letter inherits the page's policy; a letter's own is stricter otherwise.
    """
    scripts = f"{_source(read_asset(LIBRARY))} {_source(program())}"
    styles = f"{_source(read_asset('style.css'))} {_source(read_asset('letter.css'))}"
    return (
        f"default-src 'none'; script-src {scripts} 'strict-dynamic'; style-src-elem {styles}; "
        "style-src-attr 'unsafe-inline'; img-src file: data:; base-uri 'none'; form-action 'none'; "
        "object-src 'none'; connect-src 'none'"
    )


@cache
def program() -> str:
    """Return our script: the parts in one function, with the table of words and the letter's style."""
    strings = write_json(read_strings())
    style = write_json(read_asset("letter.css"))
    parts = "\n".join(read_asset(name) for name in SCRIPTS)
    return (
        f'"use strict";\n(() => {{\nconst STRINGS = {strings};\nconst LETTER_STYLE = {style};\n'
        f"{parts}\n}})();\n"
    )


def escape(text: str, limit: int = 400) -> str:
    """Return one line of text for markup and attributes."""
    return html.escape(one_line(without_overrides(text), limit))


def isolate(text: str, limit: int = 400) -> str:
    """Return one line whose direction marks end with it."""
    return f"<bdi>{escape(text, limit)}</bdi>"


def embed_json(value: Any) -> str:
    """Return JSON that can stand in a page's script element: nothing in it can end that."""
    return re.sub("[<>&]", lambda found: _SPACES[found[0]], write_json(value))


@cache
def read_asset(name: str) -> str:
    """Return a file that ships beside this module."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
