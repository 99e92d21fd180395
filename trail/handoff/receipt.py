"""The receipt of a bundle: one page that its recipient signs, or answers by mail (answers.py reads those).

In: a bundle that was made here. Out: a page, a text, a number that stands for the bundle.
Never: takes a figure from a file of the bundle that is not what was signed.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from trail.errors import FixityMismatch
from trail.handoff import verify
from trail.handoff.answers import LINE
from trail.handoff.fixity import read_info, show
from trail.handoff.language import LANGUAGES
from trail.handoff.papers.letter.template import format_day, read_words
from trail.handoff.plain import one_line, without_overrides
from trail.handoff.sender import introduce
from trail.handoff.tables import read_any_rows
from trail.handoff.texts import say, say_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

START_PAGE = "START-HERE.html"
_LANGUAGE = re.compile(rb'<html lang="(%s)">' % "|".join(LANGUAGES).encode())
_BEGINNING = 200
"""Bytes of the first page in which its language stands."""
_WORDS = Path(__file__).parent / "receipt_words.json"
_STYLE = Path(__file__).parent / "receipt.css"


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """What a receipt says of a bundle. `bytes` are the payload's; None is not known."""

    name: str
    day: str
    digest: str
    """SHA-256 of the tag manifest in hex."""
    key: str
    messages: int
    attachments: int | None
    bytes: int | None
    withheld: dict[str, int] = field(default_factory=dict)
    """Messages by reason; "" where the reasons are not known."""
    sender: str = ""
    """The name under which it was handed over; "" where it tells none."""
    language: str = "en"
    """In which it speaks to its recipient."""

    @property
    def number(self) -> str:
        """What the bundle is called in an answer: the digest's beginning."""
        return name_receipt(self.digest)


def name_receipt(digest: str) -> str:
    """`3f2a 91bc 0d4e 77aa`: 64 bits, to tell the bundles of one sender apart."""
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


def read_facts(root: Path, shown: Path | None = None) -> BundleFacts:
    """Read what the bundle in `root` says, once every file of it is as it was signed. Raises FixityMismatch.

    `shown` is what the user calls it, where that is not `root`.
    """
    shown = shown or root
    check = verify.Check(str(root))
    try:
        check.run()
    except OSError as error:
        check.problems.append(f"{show(str(error.filename))}: cannot be read: {error.strerror}")
    tagmanifest = check.read[verify.TAGMANIFEST]
    wanted = [
        name
        for name in check.read_manifest(verify.TAGMANIFEST)
        if name in ("bag-info.txt", "withheld.csv", START_PAGE)
        or re.fullmatch(r"mailbag(-\d+)?\.csv", name)
    ]
    if check.problems or tagmanifest is None or "bag-info.txt" not in wanted:
        raise FixityMismatch(
            f"{shown}: {_tell_problems(check.problems)}",
            "a receipt is made for a bundle as it was signed: `trail verify` lists all that differs",
        )
    try:
        return _read(root, wanted, tagmanifest, check.key)
    except (ValueError, IndexError):
        raise FixityMismatch(
            f"{shown}: its tables cannot be read", "see what is the matter: `trail verify`"
        ) from None


def _tell_problems(problems: Sequence[str]) -> str:
    if not problems:
        return "is no bundle"
    more = len(problems) - 1
    return problems[0] + (f"; and {more:,} more" if more else "")


def _read(root: Path, wanted: list[str], tagmanifest: bytes, key: str) -> BundleFacts:
    info = dict(read_info(root))
    size, _, _ = info.get("Payload-Oxum", "0.0").partition(".")
    counts = [
        count for name in wanted if name.startswith("mailbag") for count in _count(root / name)
    ]
    withheld = {}
    if "withheld.csv" in wanted:
        with (root / "withheld.csv").open("rb") as stream:
            rows = [row for row, _ in read_any_rows(stream)]
        withheld = {row[0]: int(row[1]) for row in rows[1:]}
    return BundleFacts(
        name=info.get("External-Identifier", root.name),
        day=info.get("Bagging-Date", ""),
        digest=hashlib.sha256(tagmanifest).hexdigest(),
        key=key,
        messages=len(counts),
        attachments=sum(counts),
        bytes=int(size),
        withheld=withheld,
        sender=one_line(without_overrides(info.get("Contact-Name", "")), 100),
        language=_read_language(root / START_PAGE) if START_PAGE in wanted else "en",
    )


def _read_language(page: Path) -> str:
    with page.open("rb") as file:
        found = _LANGUAGE.search(file.read(_BEGINNING))
    return found[1].decode() if found else "en"


def _count(path: Path) -> Iterator[int]:
    """The attachments of each message of a table."""
    with path.open("rb") as stream:
        for row, _ in read_any_rows(stream):
            if row[1] != "Mailbag-Message-ID":
                yield int(row[6])


def format_text(facts: BundleFacts, client: str, sender: str, language: str = "") -> str:
    """The receipt for a mail, in the language of the bundle unless another is given; "" for a client or sender nobody knows.

    `sender` is their address.
    """
    said = partial(say, _WORDS, language or facts.language)
    rows = _rows(facts, language or facts.language)
    width = max(len(name) for name, _ in rows)
    table = "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)
    received = said(
        "received",
        client=client or said("client"),
        sender=introduce(facts.sender, [sender] if sender else []) or said("sender"),
        bundle=facts.name,
    )
    return f"""{said("head")}

{received}

{table}

{said("digest")}

{said("sign")}


{LINE}

{said("leave")}

{_sentence(facts, said)}
"""


def format_page(facts: BundleFacts, client: str, sender: str, language: str = "") -> str:
    """The receipt to print and sign, as `format_text` says it: one page of HTML that needs nothing else."""
    language = language or facts.language
    said = partial(say, _WORDS, language)
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in _rows(facts, language)
    )
    received = said(
        "received",
        client=html.escape(client or said("client")),
        sender=html.escape(introduce(facts.sender, [sender] if sender else []) or said("sender")),
        bundle=f"<strong>{html.escape(facts.name)}</strong>",
    )
    sentence = _sentence(facts, said)
    mail = ""
    if "@" in sender:
        subject, body = quote(said("subject", bundle=facts.name)), quote(sentence)
        link = f'<a href="mailto:{quote(sender, safe="@")}?subject={subject}&amp;body={body}">{said("byMail")}</a>'
        mail = f'<p class="mail">{said("mail", link=link)} {html.escape(sentence)}</p>\n'
    title = html.escape(said("subject", bundle=facts.name))
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><style>
{_STYLE.read_text("utf-8")}</style></head><body>
<h1>{said("title")}</h1>
<p>{received}</p>
<table>{rows}</table>
<p class="small">{said("digest")}</p>
<p><span class="box"></span>{said("checked")} &emsp; <span class="box"></span>{said("unchecked")}</p>
<p class="line"><span>{said("name")}</span><span>{said("date")}</span><span>{said("signature")}</span></p>
{mail}</body></html>
"""


def _sentence(facts: BundleFacts, said: Callable[..., str]) -> str:
    return said("sentence", bundle=facts.name, number=facts.number)


def _say_day(day: str, language: str) -> str:
    """The day of a bag-info.txt in words; as it stands there, when it is none."""
    try:
        return format_day(date.fromisoformat(day), read_words(language))
    except ValueError:
        return day


def _rows(facts: BundleFacts, language: str) -> list[tuple[str, str]]:
    said = partial(say, _WORDS, language)
    withheld = sum(facts.withheld.values())
    told = read_words(language)["reasons"]
    reasons = ", ".join(
        f"{number} {told.get(why, why)}" for why, number in facts.withheld.items() if why
    )
    held_back = said("messages", n=withheld) + (f": {show(reasons)}" if reasons else "")
    values = {
        "made": _say_day(facts.day, language),
        "messages": _say_number(facts.messages, language),
        "attachments": _say_number(facts.attachments, language),
        "size": "" if facts.bytes is None else say_size(language, facts.bytes),
        "withheld": held_back if withheld else said("nothing"),
        "key": facts.key,
        "digest": facts.digest,
        "receipt": facts.number,
    }
    return [(said(f"row.{name}"), value) for name, value in values.items() if value]


def _say_number(number: int | None, language: str) -> str:
    return "" if number is None else say(_WORDS, language, "{n}", n=number)
