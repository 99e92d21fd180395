"""What people do with hand-offs comes in, and is in ledger and audit log when it is done: hand-offs made, decisions taken.

Also the other way: the messages somebody has to decide about, as they stand. Beside a sync at work nothing waits for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.archive.store import noting
from trail.handoff.decisions import Doubt, name_reasons
from trail.model import Decided, Envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trail.archive.store import Archive
    from trail.handoff.decisions import Ruling
    from trail.model import Bundle, Client
    from trail.selection import Selection


def list_doubts(archive: Archive, selection: Selection) -> dict[str, Doubt]:
    """The messages of a selection there is something to decide about, by key, in the order of their dates."""
    held = [
        *selection.withheld,
        *(one for one, _ in selection.regretted),
        *selection.released,
    ]
    keys = [one.message.key for one in held]
    envelopes = archive.facts.read_envelopes(keys)
    messages = archive.facts.find_messages(keys)
    decided = archive.handoffs.read_decisions(selection.client.slug)
    for key in selection.void:
        decided.pop(key, None)
    doubts = []
    for one in held:
        key = one.message.key
        envelope = envelopes.get(key, Envelope())
        at = envelope.sent_at or messages[key].received_at
        people = ", ".join(a.name or a.address for a in envelope.recipients)
        sender = envelope.sender
        doubt = Doubt(
            key,
            at.strftime("%Y-%m-%d"),
            (sender.name or sender.address) if sender else "",
            people,
            envelope.subject,
            one.reasons if one.verdict.code != "decided" else (),
            decided.get(key),
        )
        doubts.append((at, key, doubt))
    return {key: doubt for _, key, doubt in sorted(doubts, key=lambda row: row[:2])}


def remember_decisions(
    archive: Archive, client: Client, rulings: Sequence[Ruling], doubts: dict[str, Doubt], by: str
) -> list[Decided]:
    """Enter a set of decisions into ledger and audit log, all or none; what is decided so already is not entered again.

    Returns those that were. Raises ArchiveFull, ArchiveReadOnly.
    """
    at = datetime.now(UTC).replace(microsecond=0)
    new = [
        Decided(r.key, r.gives, name_reasons(doubts[r.key].reasons), r.why, by, at)
        for r in rulings
        if _is_news(r, doubts[r.key].decided)
    ]
    if new:
        with noting(archive.root) as writing:
            writing.handoffs.write_decisions(client.slug, new)
            writing.audit.record(
                datetime.now(UTC),
                "decided",
                client=client.slug,
                by=by,
                given=_list_keys(d for d in new if d.gives),
                kept=_list_keys(d for d in new if not d.gives),
            )
    return new


def _is_news(ruling: Ruling, before: Decided | None) -> bool:
    return before is None or (before.gives, before.why) != (ruling.gives, ruling.why)


def _list_keys(decisions: Iterable[Decided]) -> list[str]:
    return sorted(decision.key for decision in decisions)


def remember_hand_off(
    archive: Archive, selection: Selection, bundle: Bundle, *, at: datetime, by: str, salt: bytes
) -> None:
    """Enter a hand-off into the ledger and the audit log; beside a sync at work, without waiting for it.

    Raises ArchiveFull, ArchiveReadOnly.
    """
    changed = set(bundle.changed)
    change = selection.filters.change
    # A notice gives nothing: the message is offered again, whatever kept it from being redacted.
    partial = dict.fromkeys(bundle.partial, selection.filters.partial_change)
    given = {
        m.key: partial.get(m.key, change) if m.key in changed else ""
        for m in selection.chosen
        if m.key not in bundle.notices
    }
    with noting(archive.root) as writing:
        writing.handoffs.record(
            bundle.client,
            bundle.path.name,
            bundle.digest,
            at,
            by,
            selection.filters.to_data(),
            given,
            len(bundle.withheld),
            selection.continues.number if selection.continues else None,
            salt.hex() if changed else "",
        )
        facts: dict[str, object] = {}
        if selection.continues:
            facts["continues"] = selection.continues.digest
        if changed:
            facts["changed"] = len(changed)
        released = sum(d.gives for d in selection.decisions)
        if selection.decisions:
            facts |= {"released": released, "kept": len(selection.decisions) - released}
        writing.audit.record(
            datetime.now(UTC),
            "handed-over",
            client=bundle.client,
            bundle=bundle.path.name,
            messages=bundle.messages,
            withheld=len(bundle.withheld),
            digest=bundle.digest,
            key=bundle.key,
            stamped=bundle.stamped,
            by=by,
            **facts,
        )
