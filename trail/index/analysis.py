"""Words of a text, the same for what is indexed and for what is asked.

In: any text. Out: folded words; the place of a word in the list is its position in the text.

- Case, accents and widths are folded away (`Größe` and `GROSSE` are one word; so are `ø` and `o`),
  so the exact form finds itself, and so does what a foreign keyboard can type. A word with `ø`, `ö`, `ä`, `ü` or `å`
  is also found spelled out: `lørdag` is in the index as `lordag`, as `loerdag`, and as it stands, for who wants it so.
- Everything that is no letter or digit parts words. `INV-2024/0417` is three words in a row, and asking for
  it asks for exactly that row: whole and parts are found alike.
- Mail addresses are also one word, so that a common domain costs nothing.
- Scripts without spaces (Chinese, Japanese, Korean, Thai …) become overlapping pairs of characters, with the
  last character alone: `見積書` is 見積 積書 書. So every character begins a word, and any part is found.

Must never touch Whoosh, or drop a word of one side only.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

MAX_WORD = 64
"""Characters of a word that count; longer ones (encoded data) are cut on both sides."""

_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_PAIRED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff"  # Thai, Lao, Burmese, Jamo, Khmer
    "\u3005-\u3007\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # Kana
    "\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"  # Bopomofo, Han
    "\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"  # Hangul, more Han
)
# Vowel signs of Indic scripts, Hebrew and Arabic points: part of their words, though not letters.
_SIGNS = "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff"
_ACCENTS = re.compile("[\u0300-\u036f]+")
_PLAIN = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ł": "l"}
    | {"þ": "th", "ŋ": "n", "ŧ": "t", "ĸ": "k"}
    # Invisible: soft hyphens, joiners, marks of direction, variation selectors.
    | dict.fromkeys(map(chr, (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F))))
    | dict.fromkeys(map(chr, (*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF)))
)
_SPELLED = str.maketrans({"ø": "oe", "ö": "oe", "ä": "ae", "ü": "ue", "å": "aa"})
_BEGINNINGS = re.compile(
    r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
    r"|(?<=[A-Z])(?=[A-Z][a-z])"
)
"""Inside a word where another one begins: `Angebot|Acme|2024`, `PDF|Datei`."""
_INVISIBLE = {sign: None for sign, plain in _PLAIN.items() if plain is None}
FORMS = "\x1f"
"""Parts the forms of a word, of which none has it: the folded one first."""
_WITH_AT = re.compile(r"\S*@\S*")
_LOCAL_PART = re.compile(r"[^\W_][\w.+%=-]{0,63}\Z")
_DOMAIN = re.compile(r"(?:[^\W_][\w-]{0,62}\.){1,9}[^\W_](?:[\w-]{0,61}[^\W_])?")


class _Scripts(NamedTuple):
    """Patterns for texts of more than ASCII."""

    words: re.Pattern[str]
    paired_run: re.Pattern[str]
    paired_word: re.Pattern[str]


@lru_cache(maxsize=1)
def _know_scripts() -> _Scripts:
    # Compiled when first needed: it takes longer than all else in this file.
    return _Scripts(
        re.compile(f"(?:[^\\W_]|[{_SIGNS}{_PAIRED}])+"),
        re.compile(f"([{_PAIRED}]+)"),
        re.compile(f"[{_PAIRED}]{{1,2}}"),
    )


def _begins_paired(word: str) -> bool:
    return not word.isascii() and _know_scripts().paired_run.match(word) is not None


def _is_pair(word: str) -> bool:
    """Whether a word is one or two characters of a script without spaces."""
    return not word.isascii() and _know_scripts().paired_word.fullmatch(word) is not None


def fold(text: str) -> str:
    """Return `text` without differences of case, accent, width and invisible characters."""
    if text.isascii():
        return text.lower()
    # The lonely iota, which is an accent, would become a letter.
    text = unicodedata.normalize("NFKC", text).replace("\u0345", "").casefold().translate(_PLAIN)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))


def read_text(text: str) -> tuple[list[str], list[str]]:
    """Return the words of a text in order, each with its forms (see FORMS), and the mail addresses in it."""
    if text.isascii():
        folded = text.lower()
        return split_words(folded), find_addresses(folded)
    addresses = find_addresses(" ".join(map(fold, _WITH_AT.findall(text)))) if "@" in text else []
    return [
        word if word.isascii() else list_forms(word) for word in split_words(fold_lightly(text))
    ], addresses


def fold_lightly(text: str) -> str:
    """Return `text` in lower case, with its accents and without invisible characters."""
    light = unicodedata.normalize("NFKC", text).lower().translate(_INVISIBLE)
    # Those that are no part of a letter.
    return _ACCENTS.sub("", unicodedata.normalize("NFC", light))


@lru_cache(maxsize=1 << 16)
def list_forms(word: str) -> str:
    """Return the forms of a lightly folded word, joined: folded, spelled out, as it stands; each once."""
    forms = (fold(word), fold(word.translate(_SPELLED)), word)
    return FORMS.join(dict.fromkeys(form[:MAX_WORD] for form in forms))


def part_forms(places: dict[str, list[int]]) -> None:
    """Give each form of a word its own places, ascending, where words were counted with their forms joined."""
    for word in [word for word in places if FORMS in word]:
        found = places.pop(word)
        for form in word.split(FORMS):
            places[form] = sorted([*places[form], *found]) if form in places else found


def part_name(name: str) -> str:
    """Return the name of a file with blanks where a new word begins in it (`AngebotAcme2024`); "" where none does."""
    parted = _BEGINNINGS.sub(" ", name)
    return parted if parted != name else ""


def split_words(folded: str) -> list[str]:
    """Return the words of a folded text, in order."""
    if folded.isascii():
        return [word[:MAX_WORD] for word in _ASCII_WORDS.findall(folded)]
    words: list[str] = []
    scripts = _know_scripts()
    for word in scripts.words.findall(folded):
        if word.isascii() or not scripts.paired_run.search(word):
            words.append(word[:MAX_WORD])
            continue
        for run in scripts.paired_run.split(word):
            if scripts.paired_run.match(run):
                words += (run[i : i + 2] for i in range(len(run)))
            elif run:
                words.append(run[:MAX_WORD])
    return words


def find_addresses(folded: str) -> list[str]:
    """Return the mail addresses in a folded text, each as often as it stands there."""
    found = []
    at = folded.find("@")
    while at >= 0:
        local = _LOCAL_PART.search(folded, max(0, at - 64), at)
        domain = _DOMAIN.match(folded, at + 1)
        if local and domain:
            found.append(f"{local[0]}@{domain[0]}")
        at = folded.find("@", at + 1)
    return found


def list_domains(folded_address: str) -> list[str]:
    """Return `@mail.acme.example` and `@acme.example` for an address at mail.acme.example."""
    labels = folded_address.rpartition("@")[2].split(".")[-10:]
    return ["@" + ".".join(labels[i:]) for i in range(max(1, len(labels) - 1))]


def list_asked(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """Return the rows of words of which any answers `text`, and whether the last word of each is only a beginning.

    `lørdag` is answered by that word however it is spelled, `=lørdag` by that very spelling.
    """
    light = fold_lightly(text).strip()
    if light.startswith("=") and (words := split_words(light)):
        return [_open_end(words)]
    rows = [split_asked(text)]
    if not light.isascii() and (spelled := split_asked(light.translate(_SPELLED))) not in rows:
        rows.append(spelled)
    return rows


def split_asked(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the row of words that `text` asks for, and whether the last one is only a beginning.

    `見積` asks for the pair 見積, wherever it stands; `書` for every word that begins with 書.
    """
    folded = fold(text).strip()
    if find_addresses(folded) == [folded]:
        return (folded,), False
    return _open_end(split_words(folded))


def _open_end(words: list[str]) -> tuple[tuple[str, ...], bool]:
    if not words or not _begins_paired(words[-1]) or len(words[-1]) > 1:
        return tuple(words), False
    if len(words) > 1 and len(words[-2]) > 1 and _is_pair(words[-2]):
        return tuple(words[:-1]), False
    return tuple(words), True


_SPELLED_OUT = re.compile("(?<=[aou])e|(?<=a)a")


def find_row(terms: tuple[str, ...], *, prefix: bool) -> str:
    """Return a pattern that finds a row of words in a folded text."""
    terms = tuple(fold(term) for term in terms)
    row = r"[\W_]*".join(_allow_spelled(_unpair(terms, i)) for i in range(len(terms)))
    before = "" if _begins_paired(terms[0]) else r"(?<![^\W_])"
    after = "" if prefix or _begins_paired(terms[-1]) else r"(?![^\W_])"
    return before + row + after


def find_lead(terms: tuple[str, ...]) -> str:
    """Return with what every row begins that `find_row` finds: one character at least."""
    first = _unpair(tuple(fold(term) for term in terms), 0)
    dropped = _SPELLED_OUT.search(first)
    return first[: dropped.start()] if dropped else first


def _allow_spelled(term: str) -> str:
    """What was asked as `loerdag` may stand there as `lørdag`, which is folded without the `e`."""
    return _SPELLED_OUT.sub(lambda found: f"{found[0]}?", re.escape(term))


def _unpair(terms: tuple[str, ...], i: int) -> str:
    """Only the first character of a pair that overlaps with the next word."""
    paired = _is_pair(terms[i]) and len(terms[i]) > 1 and i + 1 < len(terms)
    return terms[i][0] if paired else terms[i]
