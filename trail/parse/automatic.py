"""The headers of a message come in; why nobody waits for an answer to it goes out. Must never raise.

A list's mail, a newsletter, an automatic answer (RFC 3834), a report on a delivery, an invitation of a calendar.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.parse.sentences import has_any

if TYPE_CHECKING:
    from trail.parse.headers import Field

_AUTOMATIC_ANSWER = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|autosvar|automatisk svar|ikke på kontoret"
    r"|automatische antwort|abwesenheit\w*|réponse automatique|absence du bureau)\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:i am|i'm|i will be) (?:currently |now )?(?:out of (?:the )?office|on (?:annual |parental )?leave|away from (?:the|my) (?:office|desk))"
    r"|\bjeg er (?:ikke på kontoret|på ferie|bortrejst)|\bich bin (?:derzeit |zurzeit |momentan )?(?:nicht im (?:büro|haus)|außer haus|im urlaub)"
    r"|\bje suis (?:actuellement )?(?:absente?|en congés?)",
    re.IGNORECASE,
)
_AWAY_WORDS = (
    *("office", "leave", "away from", "kontoret", "på ferie", "bortrejst", "büro", "haus", "urlaub", "absent", "congé"),
)  # fmt: skip
_HEAD = 250
"""Characters at the beginning in which an automatic answer says what it is."""
_NO_REPLY = re.compile(
    r"(?:no-?_?reply|do-?not-?reply|[\w-]*daemon|postmaster|notif\w*|bounces?|alerts?|newsletters?|rss\w*)@",
    re.IGNORECASE,
)
_LEAVE = re.compile(
    r"\bunsubscribe\b|\bopt[- ]out\b|remove(?:d)? from (?:our|this|the) (?:mailing )?list|newsletter ab(?:bestellen|melden)|vom newsletter ab"
    r"|afmeld(?:e)? (?:dig )?(?:nyhedsbrev|vores)|frameld|se désinscrire|désabonner",
    re.IGNORECASE,
)
_LEAVE_WORDS = (
    *("unsubscribe", "opt-out", "opt out", "removed from", "remove from", "newsletter ab", "afmeld", "frameld"),
    *("désinscrire", "désabonner"),
)  # fmt: skip
_TAIL = 2500
"""Characters at the end of a text in which a newsletter says how to leave it."""


def explain_automatic(fields: list[Field], subject: str, text: str = "") -> str:
    """Say it in a few words; "" where a person wrote to people."""
    values: dict[str, str] = {}
    for name, value in fields:
        values.setdefault(name, value[:2000].decode("ascii", "replace").strip().lower())
    kind = values.get("content-type", "")
    precedence = values.get("precedence", "")
    is_list = "list-id" in values or "list-post" in values or precedence == "list"
    is_mass = "list-unsubscribe" in values or precedence in ("bulk", "junk")
    told = (
        ("report on a delivery", kind.startswith("multipart/report")),
        ("calendar", kind.startswith("text/calendar") or "method=request" in kind),
        ("automatic answer", _is_automatic_answer(values, subject) or _is_away(text[:_HEAD])),
        ("mailing list", is_list),
        ("newsletter", is_mass),
        ("newsletter", "in-reply-to" not in values and _can_be_left(text[-_TAIL:])),
        ("sent by a program", _NO_REPLY.search(values.get("from", ""))),
    )
    return next((why for why, is_so in told if is_so), "")


def _is_away(head: str) -> bool:
    return has_any(head, _AWAY_WORDS) and _AWAY.search(head) is not None


def _can_be_left(tail: str) -> bool:
    return has_any(tail, _LEAVE_WORDS) and _LEAVE.search(tail) is not None


def _is_automatic_answer(values: dict[str, str], subject: str) -> bool:
    answered = values.get("auto-submitted", "no").split(";")[0].strip()
    return bool(
        answered not in ("no", "")
        or values.get("precedence") == "auto_reply"
        or "x-autoreply" in values
        or "x-autorespond" in values
        or _AUTOMATIC_ANSWER.search(subject)
    )
