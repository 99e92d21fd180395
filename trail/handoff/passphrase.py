"""A passphrase that can be read over the phone: words of five letters that can be spoken in any language.

Each is a proquint (Wilkerson 2009): consonant, vowel, consonant, vowel, consonant; 16 bits.
"""

from __future__ import annotations

import secrets

SHORTEST = 12
"""Characters of a passphrase somebody brings along; ours have far more."""
WORDS = 7
"""Makes 112 bits: no guessing, however many machines."""
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"


def make_passphrase() -> str:
    """Return a new one, such as `lusab-babad-gutih-tugad-mudof-sakat-fapin`."""
    return "-".join(_make_word() for _ in range(WORDS))


def is_usable(words: str) -> bool:
    """Whether a passphrase somebody brings along will do: long enough, and of signs that every machine encodes alike."""
    return len(words) >= SHORTEST and words.isascii() and words.isprintable()


def _make_word() -> str:
    return "".join(
        secrets.choice(letters)
        for letters in (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
    )
