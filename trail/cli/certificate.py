"""What `trail status --certificate` tells: the archive's own account of its completeness, as data and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.archive.certificate import certify, certify_messages, keys_of_client_alone
from trail.archive.erasing import NAMELESS
from trail.archive.store import open_archive
from trail.config import find_client
from trail.terminal import clean_text, wrap_text

if TYPE_CHECKING:
    from trail.archive.bookmark import Verified
    from trail.archive.certificate import Certificate, EpochRecord
    from trail.archive.uids import UidSet
    from trail.config import Config

SHOWN = 10
"""Gaps and Message-IDs that are listed; JSON has all."""
WIDTH = 120
"""Columns where there is no terminal."""
LINES = 10
"""Lines of a list of UIDs, unless all are wanted."""
WHY = {
    "never shown": "never shown by the server: expunged, or moved away, before trail saw it",
    "undecided": "not looked at yet, or expunged before trail saw it: the last look did not come to its end",
    "lost": "expunged before trail saw it, or not looked at while the server had it",
}
STATES = {
    "present": "",
    "older": "before the server renumbered the folder",
    "gone": "no longer on the server",
    "retired": "UIDs that stand for other messages now",
}
OF_NOBODY = "a folder of a client who was forgotten"
_SETS = {
    "archived": "archived",
    "held": "already held",
    "left": "left there",
    "failed": "failed",
    "forgotten": "forgotten",
    "gone": "gone since",
}


def read_certificate(config: Config, client: str | None) -> dict[str, Any]:
    """The certificate as JSON-ready data; with `client` what concerns only them. Raises UnknownClient."""
    whose = find_client(config, client) if client else None
    with open_archive(config.archive) as archive, archive.ledger.reading():
        if whose:
            keys = keys_of_client_alone(archive.ledger, whose.slug)
            certificate = certify_messages(archive.ledger, keys)
        else:
            certificate = certify(archive.ledger)
        return _data(certificate, str(archive.root), whose.slug if whose else None)


def verified_data(verified: Verified | None) -> dict[str, Any] | None:
    """How the archive's last whole verification ended; None: there was none."""
    if verified is None:
        return None
    return {
        "at": render.format_time(verified.at),
        "messages": verified.messages,
        "problems": verified.problems,
    }


def _data(certificate: Certificate, root: str, client: str | None) -> dict[str, Any]:
    return {
        "archive": root,
        "client": client,
        "made_at": render.format_time(certificate.made_at),
        "messages": certificate.messages,
        "verified": verified_data(certificate.verified),
        "epochs": [_epoch(epoch, client) for epoch in certificate.epochs],
        "missing": [
            {"message_id": m.message_id, "referred_by": m.referred_by} for m in certificate.missing
        ],
    }


def _epoch(epoch: EpochRecord, client: str | None) -> dict[str, Any]:
    return {
        "account": epoch.account,
        "folder": epoch.folder,
        "former_names": list(epoch.former_names),
        "uidvalidity": epoch.uidvalidity,
        "state": epoch.state,
        "complete": epoch.complete,
        "first_seen_at": render.format_time(epoch.first_seen_at),
        "last_seen_at": render.format_time(epoch.last_seen_at),
        # how much there is beside a client's is nothing of theirs
        "on_server": None if client else epoch.on_server,
        "seen": _uids(epoch.seen),
        "archived": _uids(epoch.archived),
        "held": _uids(epoch.held),
        "left": _uids(epoch.left),
        "failed": _uids(epoch.failed),
        "forgotten": _uids(epoch.forgotten),
        "gone": _uids(epoch.gone),
        "gaps": [{"first": g.first, "last": g.last, "why": g.why} for g in epoch.gaps],
    }


def _uids(uids: UidSet) -> dict[str, Any]:
    return {"count": uids.count, "uids": str(uids)}


def certificate_text(
    data: dict[str, Any], *, width: int | None = None, everything: bool = False
) -> str:
    """A block for each folder under one UIDVALIDITY, then what threads refer to and nobody holds.

    Lists of UIDs go on in the next line, up to `LINES` of them, or to their end with `everything`.
    """
    width = width or WIDTH
    count = render.count_of(data["messages"], "message")
    if data["client"]:
        lines = [
            f"the mail of {data['client']}, as of {data['made_at']}: {count} that concern nobody else",
            f"archive: {data['archive']}",
        ]
    else:
        lines = [
            f"completeness of {data['archive']}: {count}, as of {data['made_at']}",
            _describe_verified(data["verified"]),
        ]
    for epoch in data["epochs"]:
        lines += ["", *_describe_epoch(epoch, width, everything=everything)]
    lines += ["", *_describe_missing(data["missing"])]
    return "\n".join(lines)


def _describe_verified(verified: dict[str, Any] | None) -> str:
    if verified is None:
        return "not verified yet: `trail verify`"
    problems = (
        render.count_of(verified["problems"], "problem") if verified["problems"] else "all well"
    )
    return (
        f"verified {verified['at']}: {render.count_of(verified['messages'], 'message')}, {problems}"
    )


def _describe_epoch(epoch: dict[str, Any], width: int, *, everything: bool) -> list[str]:
    looked = "looked at to the end" if epoch["complete"] else "not looked at to the end, last"
    words = [
        f"{clean_text(epoch['account'])}: {clean_text(epoch['folder'])}, UIDVALIDITY {epoch['uidvalidity']}",
        STATES[epoch["state"]] if epoch["folder"] != NAMELESS else OF_NOBODY,
        f"formerly {clean_text(', '.join(epoch['former_names']))}" if epoch["former_names"] else "",
        f"{looked} {epoch['last_seen_at']}" if epoch["state"] != "retired" else "",
    ]
    lines = [", ".join(word for word in words if word)]
    if epoch["on_server"] is not None:
        lines += _row("seen", epoch["seen"], width, everything=everything)
    for name, label in _SETS.items():
        if epoch[name]["count"]:
            lines += _row(label, epoch[name], width, everything=everything)
    for gap in epoch["gaps"][:SHOWN]:
        uids = str(gap["first"]) if gap["first"] == gap["last"] else f"{gap['first']}:{gap['last']}"
        lines.append(f"  gap           {uids}: {WHY[gap['why']]}")
    if len(epoch["gaps"]) > SHOWN:
        lines.append(f"  … and {len(epoch['gaps']) - SHOWN:,} more gaps (--json lists all)")
    return lines


def _row(label: str, uids: dict[str, Any], width: int, *, everything: bool) -> list[str]:
    head = f"  {label:<12}{uids['count']:>8,}  "
    rows = wrap_text(head + uids["uids"], width, indent=" " * len(head), at=",")
    if everything or len(rows) <= LINES:
        return rows
    return [*rows[:LINES], f"{' ' * len(head)}… (-v and --json list all)"]


def _describe_missing(missing: list[dict[str, Any]]) -> list[str]:
    if not missing:
        return ["every message that another refers to is held"]
    lines = [
        f"{render.count_of(len(missing), 'message')} that others refer to, and nobody holds:",
        *(
            f"  <{clean_text(m['message_id'])}>, referred to by {render.count_of(m['referred_by'], 'message')}"
            for m in missing[:SHOWN]
        ),
    ]
    if len(missing) > SHOWN:
        lines.append(f"  … and {len(missing) - SHOWN:,} more (--json lists all)")
    return lines
