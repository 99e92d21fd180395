"""What to say to a query that cannot be read: the nearest name, and what there is.

Imported when something is wrong, never by a search that goes well.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from trail.index.analysis import fold
from trail.index.operators import BY_NAME, OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterable

HAS_KINDS: Final = (
    *("pdf", "image", "document", "spreadsheet", "presentation", "archive"),
    *("audio", "video", "calendar", "contact", "mail"),
)
"""What `has:` knows beside `attachment`; `type:` takes any kind."""
HAS_OTHERS: Final = {
    "star": "write is:flagged",
    "flag": "write is:flagged",
    "yellow-star": "write is:flagged",
    "userlabels": "write in: and the label",
    "drive": "has: knows files in the message only",
}
_INSTEAD: Final = {
    "size": "write larger: or smaller:",
    "day": "write date:",
    "year": "write date:2024",
    "month": "write date:2024-03",
    "deliveredto": "write to: or with:",
    "path": "write in:",
    "flag": "write is:flagged",
    "category": "trail knows folders and labels: in:",
    "tid": "write thread: and the id of one of its messages",
    "property": "",
    "query": "",
}
_IN_INSTEAD: Final = {
    "sent": "is:sent",
    "drafts": "is:draft",
    "draft": "is:draft",
    "unread": "is:unread",
    "read": "is:read",
    "starred": "is:flagged",
    "flagged": "is:flagged",
    "replied": "is:answered",
    "attachment": "has:attachment",
}
_LANGUAGES: Final = {
    "danish": "da", "dansk": "da", "german": "de", "deutsch": "de", "english": "en", "french": "fr", "francais": "fr",
    "japanese": "ja", "日本語": "ja", "chinese": "zh", "中文": "zh", "swedish": "sv", "svenska": "sv",
    "norwegian": "no", "norsk": "no", "dutch": "nl", "nederlands": "nl", "spanish": "es", "espanol": "es",
    "italian": "it", "italiano": "it", "portuguese": "pt", "portugues": "pt", "finnish": "fi", "polish": "pl",
    "polski": "pl", "russian": "ru", "korean": "ko", "czech": "cs", "turkish": "tr", "hebrew": "he", "arabic": "ar", "thai": "th", "ukrainian": "uk", "greek": "el",
}  # fmt: skip


def find_near(word: str, known: Iterable[str]) -> str | None:
    """Return the name most like `word`, if any is like it."""
    return next(iter(get_close_matches(word, list(known), n=1)), None)


def advise_operator(name: str, value: str) -> str:
    """Return the hint for an operator that nobody knows."""
    if instead := _INSTEAD.get(name):
        return instead
    if near := find_near(name, BY_NAME):
        return f'did you mean "{near}:"? Quotes make it plain text'
    if name.isascii() and value[:1].isalnum():
        return f"there are {': '.join(operator.name for operator in OPERATORS)}: (quotes make it plain text)"
    return "quotes make it plain text"


def advise_kind(value: str, known: Iterable[str]) -> str:
    """Return the hint for a kind of attachment that nobody knows."""
    main, slash, _ = value.partition("/")
    if slash and main in ("image", "audio", "video"):
        return f"write type:{main}"
    if near := find_near(value, HAS_KINDS) or find_near(value, known):
        return f'did you mean "{near}"?'
    return f"there are {' '.join(HAS_KINDS)}, endings such as docx, media types such as text/csv"


def advise_language(value: str, known: Iterable[str]) -> str:
    """Return the hint for a language that no message is known to be in."""
    if near := find_near(value, (*_LANGUAGES, *known)):
        return f'did you mean "{_LANGUAGES.get(near, near)}"?'
    return f"there are {' '.join(sorted({*_LANGUAGES.values(), *known}))}"


def advise_name(what: str, value: str, known: Iterable[str]) -> str:
    """Return the hint for a client, account or folder that nobody knows."""
    names = {fold(name): name for name in known}
    near = [names[name] for name in get_close_matches(value, list(names), n=3)]
    near += [name for folded, name in names.items() if value in folded and name not in near][:2]
    instead = [_IN_INSTEAD[value]] if what == "folder" and value in _IN_INSTEAD else []
    quoted = [f'"{name}"' for name in near[:3]] + instead
    if quoted:
        return f"did you mean {' or '.join(quoted)}?"
    shown = sorted(names.values())[:10]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"there are {', '.join(shown)}{more}"


def is_language(code: str) -> bool:
    """Whether trail knows a language by this code."""
    return code in _LANGUAGES.values()


def list_languages() -> list[tuple[str, str]]:
    """Return the codes of languages, each with its name in English."""
    names: dict[str, str] = {}
    for name, code in _LANGUAGES.items():
        names.setdefault(code, name)
    return sorted(names.items())


def find_language(name: str) -> str | None:
    """Return the code of a language by its folded name."""
    return _LANGUAGES.get(name)
