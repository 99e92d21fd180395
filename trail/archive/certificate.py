"""What the archive can say of its own completeness: which UIDs were seen, what became of each, and what is not there.

Comes in: the ledger. Goes out: a Certificate, for the whole archive or for some messages only. It reads, and asks no
server: what it says holds for the last look at each folder, which it names.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from trail.archive.bookmark import read_verified
from trail.archive.ledger import chunk_keys, from_seconds, place_holders
from trail.archive.uids import Gap, Ranges, UidSet, Why, find_gaps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trail.archive.bookmark import Verified
    from trail.archive.ledger import Ledger

State = Literal["present", "older", "gone", "retired"]
"""present: the folder as it is; older: before the server renumbered it; gone: the server has no such folder any more;
retired: UIDs that stand for other messages now, as after a backup was put back on the server."""


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """A folder under one UIDVALIDITY. In the record of some messages only, the sets are theirs, and no gap is named."""

    account: str
    folder: str
    former_names: tuple[str, ...]
    uidvalidity: int
    state: State
    first_seen_at: datetime
    last_seen_at: datetime
    complete: bool
    """Whether every message of the last look has a decision."""
    on_server: int
    """At the last look that came to its end."""
    seen: UidSet
    archived: UidSet
    held: UidSet
    left: UidSet
    failed: UidSet
    forgotten: UidSet
    """Was archived, and taken out of the archive since."""
    gone: UidSet
    """Of all of these, what the server no longer has."""
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingParent:
    """A Message-ID that messages refer to and no message has."""

    message_id: str
    referred_by: int
    """Messages."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the archive can say of itself."""

    made_at: datetime
    messages: int
    epochs: tuple[EpochRecord, ...]
    missing: tuple[MissingParent, ...]
    verified: Verified | None


@dataclass(slots=True)
class _Tally:
    """The UIDs of one epoch by what became of them."""

    sets: dict[str, Ranges] = field(
        default_factory=lambda: {
            name: Ranges()
            for name in ("seen", "archived", "held", "left", "failed", "forgotten", "gone")
        }
    )
    highest: int = 0

    def add(self, uid: int, decision: str, *, gone: bool) -> None:
        self.sets["seen"].add(uid)
        self.sets[decision].add(uid)
        if gone:
            self.sets["gone"].add(uid)
        self.highest = uid


def certify(ledger: Ledger) -> Certificate:
    """The certificate of the whole archive: one pass over the sightings."""
    tallies: dict[int, _Tally] = {}
    epoch, tally = -1, _Tally()
    for number, uid, decision, gone in ledger.execute(
        "SELECT epoch, uid, decision, gone_at IS NOT NULL FROM sighting ORDER BY epoch, uid"
    ):
        if number != epoch:
            epoch, tally = number, tallies.setdefault(number, _Tally())
        tally.add(uid, decision, gone=gone)
    missing = ledger.execute(
        "SELECT r.message_id, count(DISTINCT r.key) FROM reference r WHERE NOT EXISTS"
        " (SELECT 1 FROM envelope e WHERE e.message_id = r.message_id) GROUP BY r.message_id ORDER BY 2 DESC, 1"
    )
    count = ledger.execute("SELECT count(*) FROM message").fetchone()[0]
    return Certificate(
        datetime.now(UTC),
        int(count),
        tuple(_describe_epochs(ledger, tallies, whole=True)),
        tuple(MissingParent(*row) for row in missing),
        read_verified(ledger),
    )


def certify_messages(
    ledger: Ledger,
    keys: Collection[str],
    *,
    places: Collection[tuple[str, str]] | None = None,
    held_by_others: bool = True,
) -> Certificate:
    """A certificate that speaks of these messages only: of others it has neither UID nor count nor Message-ID.

    `places`: the only (account, folder) to name. Without `held_by_others` a Message-ID counts as missing that only
    other messages have: so that what is not listed tells nothing of them.
    """
    rows: list[tuple[int, int, str, int]] = []
    own: set[str] = set()
    referred: Counter[str] = Counter()
    for chunk in chunk_keys(keys):
        marks = place_holders(chunk)
        rows += ledger.execute(
            f"SELECT epoch, uid, decision, gone_at IS NOT NULL FROM sighting WHERE key IN ({marks})",
            chunk,
        ).fetchall()
        own.update(
            row[0]
            for row in ledger.execute(
                f"SELECT message_id FROM envelope WHERE key IN ({marks}) AND message_id IS NOT NULL",
                chunk,
            )
        )
        referred.update(
            row[0]
            for row in ledger.execute(
                f"SELECT DISTINCT message_id, key FROM reference WHERE key IN ({marks})", chunk
            )
        )
    tallies: dict[int, _Tally] = {}
    for epoch, uid, decision, gone in sorted(rows):
        tallies.setdefault(epoch, _Tally()).add(uid, decision, gone=bool(gone))
    absent = referred.keys() - own
    if held_by_others:
        absent -= _find_held(ledger, absent)
    records = _describe_epochs(ledger, tallies, whole=False)
    return Certificate(
        datetime.now(UTC),
        len(keys),
        tuple(r for r in records if places is None or (r.account, r.folder) in places),
        tuple(
            MissingParent(i, referred[i]) for i in sorted(absent, key=lambda i: (-referred[i], i))
        ),
        None,
    )


def keys_of_client_alone(ledger: Ledger, client: str) -> list[str]:
    """The messages that belong to this client and to no other."""
    rows = ledger.execute(
        "SELECT key FROM attribution a WHERE client = ? AND NOT EXISTS"
        " (SELECT 1 FROM attribution o WHERE o.key = a.key AND o.client <> a.client) ORDER BY key",
        (client,),
    )
    return [row[0] for row in rows]


def _find_held(ledger: Ledger, message_ids: Iterable[str]) -> set[str]:
    held: set[str] = set()
    for chunk in chunk_keys(message_ids):
        held.update(
            row[0]
            for row in ledger.execute(
                f"SELECT message_id FROM envelope WHERE message_id IN ({place_holders(chunk)})",
                chunk,
            )
        )
    return held


def _describe_epochs(
    ledger: Ledger, tallies: dict[int, _Tally], *, whole: bool
) -> list[EpochRecord]:
    """The epochs by account and folder, the present one of a folder first. Not `whole`: only those in `tallies`."""
    former: dict[int, list[str]] = {}
    for epoch, name in ledger.execute("SELECT epoch, folder FROM former_name ORDER BY until"):
        former.setdefault(epoch, []).append(name)
    live = {
        epoch: (count, failed)
        for epoch, count, failed in ledger.execute(
            "SELECT epoch, count(*), count(*) FILTER (WHERE decision = 'failed') FROM sighting WHERE gone_at IS NULL GROUP BY epoch"
        )
    }
    records: list[EpochRecord] = []
    shown: set[tuple[str, str]] = set()
    rows = ledger.execute(
        "SELECT id, account, folder, uidvalidity, first_seen_at, last_seen_at, on_server, uidnext, looked_under, gone_at, retired_at"
        " FROM epoch ORDER BY account, folder, retired_at IS NOT NULL, last_seen_at DESC, id DESC"
    )
    for (
        number,
        account,
        folder,
        uidvalidity,
        first,
        last,
        on_server,
        uidnext,
        under,
        gone,
        retired,
    ) in rows:
        state = _name_state((account, folder) in shown, gone, retired)
        shown.add((account, folder))
        if not whole and number not in tallies:
            continue
        tally = tallies.get(number, _Tally())
        count, failed = live.get(number, (0, 0))
        # a look with a UIDNEXT was complete; without, as where messages failed, the numbers tell
        complete = uidnext is not None or (
            under is not None and gone is None and count == on_server
        )
        sets = {name: ranges.freeze() for name, ranges in tally.sets.items()}
        if not whole and failed:  # nobody's yet, and possibly theirs
            uids = Ranges()
            for row in ledger.execute(
                "SELECT uid FROM sighting WHERE epoch = ? AND decision = 'failed' AND gone_at IS NULL ORDER BY uid",
                (number,),
            ):
                uids.add(row[0])
            sets["failed"] = uids.freeze()
        highest = max(tally.highest, (uidnext or 1) - 1)
        why = _explain(state, complete=complete)
        records.append(
            EpochRecord(
                account,
                folder,
                tuple(name for name in former.get(number, ()) if name != folder),
                uidvalidity,
                state,
                from_seconds(first),
                from_seconds(last),
                complete,
                on_server if whole else 0,
                **sets,
                gaps=find_gaps(sets["seen"].ranges, highest, why)
                if whole and state != "retired"
                else (),
            )
        )
    return records


def _name_state(older: bool, gone: int | None, retired: int | None) -> State:  # noqa: FBT001 - one of three facts
    if retired is not None:
        return "retired"
    if older:
        return "older"
    return "present" if gone is None else "gone"


def _explain(state: State, *, complete: bool) -> Why:
    """Why a UID was never seen. Of a complete look it is certain that the server did not have it then."""
    if complete:
        return "never shown"
    return "undecided" if state == "present" else "lost"
