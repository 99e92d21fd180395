"""The value of an address header comes in; names and addresses go out (RFC 5322, section 3.4).

Own code: the standard library drops a whole header for one bad address in it. Must never raise;
an entry without an address is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.parse.headers import decode_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 1 << 20
_PIECE = re.compile(
    r"(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,500}\?=)"
    r'|"(?P<quoted>(?:[^"\\]|\\.){0,250})"'
    r"|<(?P<angle>[^<>]{0,500})>"
    r"|\((?P<comment>(?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,100}\)){0,250})\)"
    r"|(?P<mark>[,;:])"
    r"|(?P<atom>(?:(?!=\?)[^\s\"<>(),;:])+|[^\s,;:])",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPACES = re.compile(r"\s+")


def read_addresses(value: str) -> Iterator[tuple[str, str]]:
    """Give (name, address) for every address in an unfolded `value`, addresses in lower case.

    Groups are taken apart; commas or semicolons separate; a comma may be missing.
    """
    yield from _read_list(value[:_LIMIT], again=True)


def _read_list(value: str, *, again: bool) -> Iterator[tuple[str, str]]:
    words: list[str] = []
    comment = angle = ""
    end = 0
    for found in _PIECE.finditer(value):
        kind, said = found.lastgroup, found[found.lastgroup or 0]
        if kind == "mark" and said == ":" and not angle:
            words, comment = [], ""
        elif kind == "mark" or (kind == "angle" and angle):
            yield from _finish(words, comment, angle, again=again)
            words, comment = [], ""
            angle = said if kind == "angle" else ""
        elif kind == "angle":
            angle = said
        elif kind == "comment":
            comment = said
        elif kind == "quoted":
            words.append(_ESCAPED.sub(r"\1", said))
        elif words and said.startswith("@") and found.start() == end:
            words[-1] += said
        else:
            words.append(said)
        end = found.end()
    yield from _finish(words, comment, angle, again=again)


def _finish(
    words: list[str], comment: str, angle: str, *, again: bool
) -> Iterator[tuple[str, str]]:
    address = _tidy(angle)
    if not address:
        at = next((i for i, word in enumerate(words) if "@" in word), None)
        if at is not None and words[at] == "@":
            address, words = _tidy("".join(words)), []
        elif at is not None:
            address, words = _tidy(words[at]), words[:at] + words[at + 1 :]
        elif len(words) == 1 and not words[0].startswith("=?"):
            # A local user, such as root or MAILER-DAEMON.
            address, words = _tidy(words[0]), []
    name = decode_words(" ".join(words)) or decode_words(comment)
    if address and address != "@":
        yield name, address
    elif again and "@" in name:
        # Some senders put the address itself into an encoded word.
        yield from _read_list(name, again=False)


def _tidy(address: str) -> str:
    address = _SPACES.sub("", address).removeprefix("mailto:")
    if address.startswith("@"):
        # A source route (RFC 5322, section 4.4).
        address = address.rpartition(":")[2]
    return address.strip("'\",;").lower()
