"""What `trail forget` would do, and what it leaves: as JSON-ready data, and in words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail import render
from trail.terminal import clean_text, wrap_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.config.spans import Span
    from trail.parting import Plan

SHOWN = 10
"""Messages and folders that are listed; JSON has all."""


def plan_data(archive: Archive, plan: Plan, span: Span | None) -> dict[str, Any]:
    """For programs: the keys of everything that goes, and of what stays and why."""
    last = plan.handed[-1] if plan.handed else None
    return {
        "client": plan.client.slug,
        "older_than": str(span) if span else None,
        "messages": len(plan.going),
        "bytes": sum(message.size for message in plan.going),
        "plan": plan.digest,
        "going": [message.key for message in plan.going],
        "staying": [
            *(
                {"key": key, "why": "shared", "with": list(others)}
                for key, others in plan.shared.items()
            ),
            *({"key": key, "why": "conversation", "with": []} for key in sorted(plan.ongoing)),
        ],
        "holds": [
            {"until": render.format_time(hold.until), "why": hold.why, "by": hold.by}
            for hold in plan.holds
        ],
        "handed_over_at": render.format_time(last.at) if last else None,
        "book": count_book(archive, plan),
        "newer": plan.newer,
        "never_given": len(plan.never_given),
        "never_given_ids": list(plan.never_given),
        "registers": [str(path.relative_to(archive.root)) for path in plan.registers],
        "on_servers": [
            {"account": account, "folder": folder, "messages": count}
            for (account, folder), count in sorted(plan.on_servers.items())
        ],
    }


def plan_text(
    archive: Archive,
    config: Config,
    plan: Plan,
    span: Span | None,
    width: int | None,
    *,
    verbose: bool = False,
) -> str:
    """For people: what stops it, what goes, what stays, what was given, what to mind. `verbose` names every message never given."""
    lines = [
        *_list_holds(plan),
        _first_line(plan, span),
        *_list_going(config, plan, count_book(archive, plan)),
        *_list_staying(archive, plan),
        *_tell_hand_offs(archive, plan, verbose=verbose),
    ]
    return "\n".join(part for line in lines for part in wrap_text(line, width, indent="    "))


def _first_line(plan: Plan, span: Span | None) -> str:
    name = clean_text(plan.client.name)
    older = f" older than {span}" if span else ""
    if not plan.going:
        return f"{name}: no message{older} is theirs alone"
    size = render.format_size(sum(message.size for message in plan.going))
    first, last = (render.format_day(f(m.at for m in plan.going)) for f in (min, max))
    count = render.count_of(len(plan.going), "message")
    return f"{name}: {count}{older}, {size}, {first} to {last}, would be forgotten"


def count_book(archive: Archive, plan: Plan) -> int:
    """Entries of the client's book that go along."""
    return archive.book.count(plan.client.slug) if plan.whole else 0


def _list_going(config: Config, plan: Plan, booked: int) -> Iterator[str]:
    if plan.going:
        yield "  with their entries in ledger and index, and the texts of their attachments"
    if plan.whole:
        folders = dict.fromkeys(p.folder for p in plan.places)
        yield f'  and the client "{plan.client.slug}" in {config.path.name}, with all rules'
        if booked:
            entries = "1 entry" if booked == 1 else f"{booked:,} entries"
            yield f"  and {entries} of their book: notes, next actions, agreements, change requests"
        if plan.registers:
            count = render.count_of(len(plan.registers), "register")
            yield f"  and {count} of what hand-offs to them withheld"
        if folders:
            yield f"  and the names of folders, where nothing is held of them: {_name_some(folders)}"


def _list_staying(archive: Archive, plan: Plan) -> Iterator[str]:
    for others, count in Counter(plan.shared.values()).most_common():
        which = ", ".join(others)
        short = [k for k, o in plan.shared.items() if o == others][:SHOWN]
        ids = ", ".join(archive.facts.shorten_keys(short))
        more = f" and {count - SHOWN:,} more" if count > SHOWN else ""
        yield f"stays: {render.count_of(count, 'message')} also of {which}, which lose the mark of {plan.client.slug} only ({ids}{more})"
    if plan.ongoing:
        older = render.count_of(len(plan.ongoing), "older message")
        yield f"stays: {older} in conversations that went on since"
    if plan.on_servers and plan.going:
        places = [
            f"{account}: {folder} {count:,}"
            for (account, folder), count in sorted(plan.on_servers.items())
        ]
        yield f"stays: what is on the server, where trail deletes nothing ({_name_some(places)})"
    if plan.whole:
        yield f"stays: lines of audit.jsonl, which is only added to; of {plan.client.slug} they have the slug, names of folders and hashes of messages"
    if plan.going and (receipts := sum(len(one.receipts) for one in plan.handed)):
        yield f"stays: {render.count_of(receipts, 'receipt')} of theirs, in handoffs/receipts: your proof of what was given"


def _list_holds(plan: Plan) -> Iterator[str]:
    for hold in plan.holds:
        yield f"ON HOLD up to {render.format_day(hold.last_moment)}: {clean_text(hold.why)} (by {clean_text(hold.by)}): nothing goes until then"


def _tell_hand_offs(archive: Archive, plan: Plan, *, verbose: bool) -> Iterator[str]:
    if not plan.going:
        return
    if not plan.handed:
        yield f"MIND: nothing was ever handed over to {plan.client.name} (`trail handoff {plan.client.slug}`)"
        return
    last = plan.handed[-1]
    ago = render.format_ago(last.at, datetime.now(UTC))
    yield f"last hand-off: {last.bundle}, {render.count_of(last.messages, 'message')}, {ago}"
    if keys := plan.never_given:
        count = render.count_of(len(keys), "message")
        since = f", {plan.newer:,} of which came after the last one" if plan.newer else ""
        was = "were" if len(keys) > 1 else "was"
        told = f"MIND: {count} {was} in no hand-off (withheld, or new){since}"
        if verbose or len(keys) <= SHOWN:
            yield f"{told}: {', '.join(archive.facts.shorten_keys(keys))}"
        else:
            yield f"{told}; -v lists them"


def _name_some(names: Any) -> str:
    listed = [clean_text(name) for name in names]
    more = f" and {len(listed) - SHOWN:,} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def find_left(config_path: Path, plan: Plan) -> Iterator[str]:
    """Lines of the configuration that still name the client: a person wrote them for another reason."""
    from trail.config import read_config_text
    from trail.config.removal import find_mentions

    client = plan.client
    words = (client.slug, client.name, *client.addresses, *client.domains)
    if config_path.exists():
        for number in find_mentions(read_config_text(config_path), words):
            yield f"{config_path}:{number} still names the client; it was written for another reason, so look at it"
