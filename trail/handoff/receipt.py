"""The receipt of a bundle: one page that its recipient signs, or answers by mail; and which bundle an answer is about.

In: a bundle that was made here, or an answer of anybody's making. Out: a page, a text, a number that stands for the bundle.
Never: takes a figure from a file of the bundle that is not what was signed.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from trail.errors import FixityMismatch
from trail.handoff import verify
from trail.handoff.fixity import read_info, show
from trail.handoff.plain import count_of, format_size
from trail.handoff.tables import read_any_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NUMBER = re.compile(r"\b(?:[0-9a-f]{4}[ \u00a0-]){3}[0-9a-f]{4}\b", re.IGNORECASE)
_LOOKED_AT = 8 << 20
"""Bytes of an answer in which a number is looked for."""
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b", re.IGNORECASE)


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

    @property
    def number(self) -> str:
        """What the bundle is called in an answer: the digest's beginning."""
        return name_receipt(self.digest)


def name_receipt(digest: str) -> str:
    """`3f2a 91bc 0d4e 77aa`: 64 bits, to tell the bundles of one sender apart."""
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


def read_facts(root: Path, shown: Path | None = None) -> BundleFacts:
    """Read what the bundle in `root` says, from files whose hashes are signed. Raises FixityMismatch.

    `shown` is what the user calls it, where that is not `root`.
    """
    shown = shown or root
    check = verify.Check(str(root))
    tagmanifest = check.read[verify.TAGMANIFEST]
    check.check_signature(check.read[verify.SIGNATURE], tagmanifest)
    listed = check.read_manifest(verify.TAGMANIFEST)
    wanted = [
        name
        for name in listed
        if name in ("bag-info.txt", "withheld.csv") or re.fullmatch(r"mailbag(-\d+)?\.csv", name)
    ]
    wrong = [name for name in wanted if check.hash_file(name, name) != listed[name]]
    problems = [*check.problems, *(f"{name}: was altered" for name in wrong)]
    if problems or tagmanifest is None or "bag-info.txt" not in wanted:
        raise FixityMismatch(
            f"{shown}: {problems[0] if problems else 'is no bundle'}",
            "a receipt is made for a bundle as it was signed: see `trail verify`",
        )
    try:
        return _read(root, wanted, tagmanifest, check.key)
    except (ValueError, IndexError):
        raise FixityMismatch(
            f"{shown}: its tables cannot be read", "see what is the matter: `trail verify`"
        ) from None


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
    )


def _count(path: Path) -> Iterator[int]:
    """The attachments of each message of a table."""
    with path.open("rb") as stream:
        for row, _ in read_any_rows(stream):
            if row[1] != "Mailbag-Message-ID":
                yield int(row[6])


def format_text(facts: BundleFacts, client: str, sender: str) -> str:
    """The receipt for a mail."""
    rows = "\n".join(f"  {name:<12} {value}" for name, value in _rows(facts))
    return f"""RECEIPT

{client} has received from {sender or "the sender"}
the correspondence in the folder {facts.name}:

{rows}

The digest stands for the whole: it is the SHA-256 of tagmanifest-sha256.txt.
verify.py in the folder shows whether everything is as it was signed.

Name, date, signature:


______________________________________________________________

Or answer this mail, and leave the next line in your answer:

{_sentence(facts)}
"""


def format_page(facts: BundleFacts, client: str, sender: str) -> str:
    """The receipt to print and sign: one page of HTML that needs nothing else."""
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in _rows(facts)
    )
    subject, body = quote(f"Receipt for {facts.name}"), quote(_sentence(facts))
    mail = (
        f'<p class="mail">Or <a href="mailto:{quote(sender, safe="@")}?subject={subject}&amp;body={body}">answer by mail</a>: {html.escape(_sentence(facts))}</p>'
        if "@" in sender
        else ""
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Receipt for {html.escape(facts.name)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><style>
@page {{ size: A4; margin: 22mm }}
body {{ font: 12pt/1.5 Georgia, serif; color: #111; background: #fff; max-width: 42em; margin: 2em auto; padding: 0 1em }}
h1 {{ font-size: 1.6em; font-weight: normal; margin: 0 0 1em }}
table {{ border-collapse: collapse; margin: 1.5em 0; width: 100% }}
th {{ text-align: left; font-weight: normal; color: #555; padding: .25em 1.5em .25em 0; vertical-align: top; white-space: nowrap }}
td {{ padding: .25em 0; overflow-wrap: anywhere }}
.line {{ border-top: 1px solid #111; margin-top: 4.5em; padding-top: .3em; color: #555; display: flex; justify-content: space-between }}
.box {{ display: inline-block; width: .8em; height: .8em; border: 1px solid #111; margin-right: .5em }}
.mail, .small {{ font-size: .85em; color: #555 }}
@media print {{ body {{ margin: 0; padding: 0 }} .mail {{ display: none }} }}
</style></head><body>
<h1>Receipt</h1>
<p>{html.escape(client)} has received from {html.escape(sender or "the sender")} the correspondence in the folder <strong>{html.escape(facts.name)}</strong>:</p>
<table>{rows}</table>
<p class="small">The digest stands for the whole: it is the SHA-256 of tagmanifest-sha256.txt. verify.py in the folder shows whether everything is as it was signed.</p>
<p><span class="box"></span>checked with verify.py, and found whole &emsp; <span class="box"></span>not checked</p>
<p class="line"><span>Name</span><span>Date</span><span>Signature</span></p>
{mail}</body></html>
"""


def find_numbers(content: bytes) -> tuple[set[str], set[str]]:
    """The digests and the receipt numbers in an answer: text, or a mail with its texts decoded."""
    content = content[:_LOOKED_AT]
    texts = [content.decode("utf-8", "replace")]
    if re.match(rb"[!-9;-~]+:", content):
        texts += _iter_texts(content)
    joined = "\n".join(re.sub(r"(?m)^[> ]+", "", re.sub("<[^<>]*>", " ", text)) for text in texts)
    numbers = {" ".join(re.findall("[0-9a-f]{4}", n.lower())) for n in _NUMBER.findall(joined)}
    return {digest.lower() for digest in _DIGEST.findall(joined)}, numbers


def _iter_texts(content: bytes) -> Iterator[str]:
    message = email.message_from_bytes(content, policy=email.policy.default)
    for part in message.walk():
        if part.get_content_maintype() == "text":
            try:
                yield str(part.get_content())
            except (LookupError, ValueError, KeyError):
                continue  # a charset nobody knows: the number may stand in another part


def _sentence(facts: BundleFacts) -> str:
    return f"I have received {facts.name}, receipt {facts.number}."


def _rows(facts: BundleFacts) -> list[tuple[str, str]]:
    withheld = sum(facts.withheld.values())
    reasons = ", ".join(f"{number} {reason}" for reason, number in facts.withheld.items() if reason)
    held_back = count_of(withheld, "message") + (f": {show(reasons)}" if reasons else "")
    known = [("messages", f"{facts.messages:,}")]
    if facts.attachments is not None:
        known.append(("attachments", f"{facts.attachments:,}"))
    if facts.bytes is not None:
        known.append(("size", format_size(facts.bytes)))
    return [
        ("made on", facts.day),
        *known,
        ("withheld", held_back if withheld else "nothing"),
        ("signed with", facts.key),
        ("digest", facts.digest),
        ("receipt", facts.number),
    ]
