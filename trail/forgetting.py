"""The corridor to nowhere: what the law or a contract asks after a hand-off.

    ledger --whose--> plan --a word from the user--> tombstones, and every fact gone     one transaction
                                                        |
      Maildir, caches, registers, index, configuration <+--> the ledger written anew     again and again, until done

Comes in: an open archive, the configuration, a client. Goes out: what was forgotten. From the transaction on a message is
gone for whoever asks; what is left of it on the disk is found by what the ledger no longer has, so whoever comes next goes
on where this was cut. What must never happen: that a message goes without a tombstone, that one goes which is another
client's too, or that anything goes under a hold.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from trail.archive.erasing import (
    carry_over,
    erase_client,
    erase_messages,
    erase_names,
    wipe,
)
from trail.archive.forgettable import (
    list_own,
    list_shared,
)
from trail.archive.ledger import chunk_keys
from trail.archive.leftovers import (
    clean_registers,
    remove_caches,
    remove_messages,
)
from trail.archive.tombstones import EVENT
from trail.attribute.rules import fingerprint_rules
from trail.catchup import index_pending
from trail.config import parse_config, read_config_text
from trail.config.edit import write_config
from trail.config.removal import remove_client
from trail.errors import IndexUnavailable, OnHold, TrailError
from trail.hearing import mend_book
from trail.model import Client
from trail.parting import name_places, name_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.parting import Plan

    Progress = Callable[[str, int, int], None]

PENDING = "forgetting"
"""The value in `meta` that tells what is still to be done."""
_WIPING = "wiping"
_KEYS_AT_ONCE = 1000
"""Messages an audit event tells of: a line of the log stays of decent length."""
_FEW = 2000
"""Messages that are indexed again at once; of more the next round sees to it."""


def carry_out(
    archive: Archive,
    config: Config,
    plan: Plan,
    *,
    by: str,
    now: datetime,
    progress: Progress = lambda *_: None,
) -> Config:
    """Forget what a plan says. Only the writer may call this. Returns the configuration as it is then.

    Raises OnHold, and TrailError when the plan is no longer what it was; then nothing was done. Raises ArchiveFull,
    ArchiveReadOnly, ArchiveLocked and ConfigError when it could not be finished: `finish` goes on.
    """
    client, reason = plan.client, "forgotten" if plan.whole else "retention"
    keys = [message.key for message in plan.going]
    archive.ledger.execute("PRAGMA secure_delete = ON")
    with archive.ledger.transaction():
        _check_unchanged(archive, plan, now)
        archive.tombstones.place(keys, now, reason)
        erase_messages(archive.ledger, keys)
        told: dict[str, Any] = {}
        if plan.whole:
            erase_client(archive.ledger, client.slug)
            others = [one for one in config.clients if one.slug != client.slug]
            rules = fingerprint_rules(config.clients), fingerprint_rules(others)
            carry_over(archive.ledger, *rules)
            erase_names(archive.ledger, name_places(client, config), now)
            told = {"client": asdict(client), "registers": [p.name for p in plan.registers]}
        for chunk in list(chunk_keys(keys, _KEYS_AT_ONCE)) or [[]]:
            archive.audit.record(
                now,
                EVENT,
                keys=chunk,
                messages=len(keys),
                shared=len(plan.shared),
                reason=reason,
                plan=plan.digest,
                by=by,
            )
        archive.ledger.write_meta(PENDING, json.dumps(told))
    return finish(archive, config, progress)


def _check_unchanged(archive: Archive, plan: Plan, now: datetime) -> None:
    """Raises OnHold, and TrailError where other mail would go than was shown."""
    if holds := archive.holds.list_active(plan.client.slug, now):
        raise OnHold(
            f"{plan.client.name} is on hold until {holds[-1].until:%Y-%m-%d}: nothing was forgotten",
            f"`trail hold --list` says why; `trail hold {plan.client.slug} --release` ends it",
        )
    own = {message.key for message in list_own(archive.ledger, plan.client.slug)}
    same = all(message.key in own for message in plan.going)
    if plan.whole:
        shared = list_shared(archive.ledger, plan.client.slug)
        same = same and len(own) == len(plan.going) and shared.keys() == plan.shared.keys()
    if not same:
        raise TrailError(
            f"the mail of {plan.client.name} has changed since the plan was made: nothing was forgotten",
            "run the command again, and look at the new plan",
        )


def is_pending(archive: Archive) -> bool:
    """Whether something that was forgotten is still to be taken from the disk."""
    return bool(archive.ledger.read_meta(PENDING))


def finish(archive: Archive, config: Config, progress: Progress = lambda *_: None) -> Config:
    """Take from the disk what was forgotten; nothing is done where that is done. Only the writer may call this.

    Returns the configuration as it is then. Raises as `carry_out`; it may be called again.
    """
    told = archive.ledger.read_meta(PENDING)
    if not told:
        return config
    archive.ledger.execute("PRAGMA secure_delete = ON")
    if told != _WIPING:
        left: dict[str, Any] = json.loads(told)
        progress("forgetting", 0, 0)
        remove_messages(archive)
        remove_caches(archive)
        client = _read_client(left)
        if client:
            own = [archive.root / "handoffs" / name for name in left["registers"]]
            clean_registers(archive, own, name_texts(client))
        mend_book(archive)
        _clean_index(archive, progress)
        if client:
            config = _take_out(config, client.slug)
        with archive.ledger.transaction():
            archive.ledger.write_meta(PENDING, _WIPING)
    if wipe(archive.ledger):  # else the next writer does it: somebody reads an earlier state
        # whoever read it, as a hand-off does, may have kept something of it
        remove_caches(archive)
        with archive.ledger.transaction():
            archive.ledger.write_meta(PENDING, "")
    return config


def _read_client(left: dict[str, Any]) -> Client | None:
    told: dict[str, Any] | None = left.get("client")
    if told is None:
        return None
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in told.items()
    }
    return Client(**values)


def _take_out(config: Config, slug: str) -> Config:
    if config.path.exists():
        text = read_config_text(config.path)
        without = remove_client(text, config.path, slug)
        if without != text:
            write_config(config.path, without)
            return parse_config(without, config.path)
    return replace(config, clients=tuple(c for c in config.clients if c.slug != slug))


def _clean_index(archive: Archive, progress: Progress) -> None:
    """Take out of the index what the archive no longer has, or has otherwise, so that no file of it is left that had it."""
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - a round that has nothing to finish need not load the engine
    from trail.settling import hold_rebuilding, settle_index  # noqa: PLC0415 - the same

    place = archive.root / "index"
    if not place.exists():
        return
    try:
        with hold_rebuilding(archive.root):
            with archive.ledger.transaction():
                archive.building.forget()  # what is being built is begun anew
            index = settle_index(archive.root)
            try:
                index.remove(index.read_keys() - archive.facts.list_indexed(index.generation))
                index.purge()
            finally:
                index.close()
    except IndexUnavailable:  # damaged: none is better than one that has what was forgotten
        shutil.rmtree(place, ignore_errors=True)
        WhooshIndex.begin(place)
    index = settle_index(archive.root)
    try:
        if archive.facts.count_unindexed(index.generation) <= _FEW:
            index_pending(archive, index, progress=progress)
    finally:
        index.close()


def count_lag(archive: Archive) -> int:
    """Messages that stayed and that a search finds only after the next round: they were too many to be indexed again at once."""
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - see _clean_index

    try:
        index = WhooshIndex.open(archive.root / "index")
    except IndexUnavailable:
        return 0
    try:
        return archive.facts.count_unindexed(index.generation)
    finally:
        index.close()
