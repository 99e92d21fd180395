"""Made-up letters on which a template is tried: one in which nothing was found, and one that has some of everything."""

from __future__ import annotations

from datetime import UTC, date, datetime

from trail.handoff.papers.letter.values import (
    Circumstances,
    Contact,
    Item,
    Letter,
    Listed,
    Matter,
    Plan,
    Side,
    Source,
    Waiting,
)

_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
_SOURCE = Source("Jane Doe", _AT, "Quote", "data/eml/INBOX/x.eml", "START-HERE.html#x")
_NOBODY = Side((), 0)


def make_specimens() -> tuple[Letter, Letter]:
    """Return the empty letter and the full one."""
    item = Item("Could you send it by 12 March?", _SOURCE, date(2026, 3, 12), "INV-1")
    waiting = (
        Waiting("answer", ("Could you?",), _SOURCE),
        Waiting("promise", ("I will.",), _SOURCE, date(2026, 3, 12)),
    )
    some = Listed((item,), 2)
    people = Side((Contact("Jane Doe", "jane@acme.example", "", _AT, _AT, 2, _SOURCE),), 2)
    common = {
        "client": "Acme Ltd",
        "sender": "Freja Holm",
        "senders": ("me@studio.example",),
        "date": _AT,
        "mbox": "data/mbox/acme.mbox",
        "version": "1",
    }
    empty = Letter(
        **common,  # type: ignore[arg-type]
        first=None, last=None, messages=0, attachments=0, circumstances=Circumstances(),
        matters=(), conversations=0, ahead=(), passed=(), on_us=(), on_them=(), on_others=(), more_on_us=0, more_on_them=0, more_on_others=0, old=0,
        agreements=Listed((), 0), invoices=Listed((), 0), theirs=_NOBODY, ours=_NOBODY, others=_NOBODY,
        tasks=0, pdfs=False, withheld=(), completeness="", fingerprint="",
    )  # fmt: skip
    full = Letter(
        **common,  # type: ignore[arg-type]
        first=_AT, last=_AT, messages=2, attachments=1,
        circumstances=Circumstances(_AT, _AT, "Hanami", "pdf", 1, 1, ((_AT, "acme-1", 2, "3f2a91bc"),), ((2, True, "Mira", "2026-03-01"), (1, False, "Mira", "2026-03-01"))),
        matters=(Matter("Quote", _AT, _SOURCE, 2, "awaits us"),), conversations=3, ahead=(item,), passed=(item,),
        on_us=waiting, on_them=waiting, on_others=waiting, more_on_us=1, more_on_them=2, more_on_others=1, old=3,
        agreements=some, invoices=some, theirs=people, ours=people, others=people,
        tasks=2, pdfs=True, withheld=(("concerning others as well", 2),), completeness="completeness.txt", fingerprint="1234 5678",
        planned=(Plan("Send the files", _AT.date(), _SOURCE), Plan("Call")),
    )  # fmt: skip
    return empty, full
