"""Ids of the book: six characters that are easy to read aloud and to type, without i, l, o and u (Crockford's base 32)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

LENGTH = 6
SHORTEST = 3
"""Characters that are enough to name an entry, where no other id begins so."""
_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
_ID = re.compile(rf"[{_SIGNS}]{{{LENGTH}}}")
_SLIPS = str.maketrans("ilo", "110")


def make_id(taken: Container[str]) -> str:
    """Return an id that nothing has yet."""
    import secrets  # noqa: PLC0415 - lists of what there is start faster without it

    while (made := "".join(secrets.choice(_SIGNS) for _ in range(LENGTH))) in taken:
        pass
    return made


def derive_id(*parts: str) -> str:
    """Return the id of what these texts describe: the same every time."""
    import hashlib  # noqa: PLC0415 - as above

    number = int.from_bytes(
        hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).digest()[:8]
    )
    return "".join(_SIGNS[number >> 5 * place & 31] for place in range(LENGTH))


def is_id(text: object) -> bool:
    """Whether it can be an id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def read_prefix(text: str) -> str:
    """Return what a person typed as it stands in an id: slips such as l for 1 are mended. "" for what is none."""
    prefix = text.strip().lower().translate(_SLIPS)
    plain = SHORTEST <= len(prefix) <= LENGTH and all(sign in _SIGNS for sign in prefix)
    return prefix if plain else ""
