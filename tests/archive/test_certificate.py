"""The certificate: every UID accounted for, every gap explained, and nothing of anybody else."""

from __future__ import annotations

import pytest
from archive.archiving import ACME, AT, BOLT, clients_of, key_of, letter, put
from hypothesis import given
from hypothesis import strategies as st

from trail.archive.certificate import (
    certify,
    certify_messages,
    keys_of_client_alone,
)
from trail.archive.store import writing_archive
from trail.archive.uids import Gap, Ranges, UidSet, find_gaps
from trail.model import RemoteRef, Sighting


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path / "archive") as opened:
        yield opened


def decide(archive, decision, *uids, folder="INBOX", validity=7):
    with archive.ledger.transaction():
        epoch = archive.sightings.open_epoch("work", folder, validity, AT)
        sightings = [
            Sighting(RemoteRef("work", folder, validity, uid), None, decision, AT) for uid in uids
        ]
        archive.sightings.record(epoch, sightings, "u")


def close(archive, on_server, uidnext, folder="INBOX", validity=7):
    epoch = archive.sightings.find_epoch("work", folder, validity)
    with archive.ledger.transaction():
        archive.sightings.close_round(epoch, on_server=on_server, uidnext=uidnext, under="u", at=AT)
    return epoch


@given(st.sets(st.integers(1, 60)), st.integers(0, 70))
def test_ranges_and_gaps_together_are_every_uid_once(uids, beyond):
    ranges = Ranges()
    for uid in sorted(uids):
        ranges.add(uid)
    seen = ranges.freeze()
    highest = max([*uids, beyond])
    gaps = find_gaps(seen.ranges, highest, "lost")
    listed = [u for first, last in seen.ranges for u in range(first, last + 1)]
    missed = [u for gap in gaps for u in range(gap.first, gap.last + 1)]
    assert listed == sorted(uids)
    assert seen.count == len(uids)
    assert sorted(listed + missed) == list(range(1, highest + 1))
    assert all(a[1] + 1 < b[0] for a, b in zip(seen.ranges, seen.ranges[1:], strict=False))


def test_a_set_of_uids_reads_as_in_imap():
    assert str(UidSet(((1, 1), (3, 5), (9, 10)))) == "1,3:5,9:10"
    assert str(UidSet()) == ""


def test_every_uid_is_under_what_became_of_it(archive):
    put(archive, letter("a"), letter("b"), letter("c"), start=3)
    put(archive, letter("b"), start=8)
    decide(archive, "left", 9, 10, 11)
    decide(archive, "failed", 12)
    epoch = close(archive, 8, None)
    with archive.ledger.transaction():
        archive.sightings.mark_gone(epoch, [4, 10], AT)
    close(archive, 6, None)
    (record,) = certify(archive.ledger).epochs
    told = {
        name: str(getattr(record, name))
        for name in ("seen", "archived", "held", "left", "failed", "gone")
    }
    assert told == {
        "seen": "3:5,8:12", "archived": "3:5", "held": "8", "left": "9:11", "failed": "12", "gone": "4,10",
    }  # fmt: skip
    assert record.complete
    assert record.gaps == (Gap(1, 2, "never shown"), Gap(6, 7, "never shown"))


def test_a_gap_before_uidnext_is_a_gap(archive):
    put(archive, letter("a"), start=2)
    close(archive, 1, 6)
    (record,) = certify(archive.ledger).epochs
    assert record.gaps == (Gap(1, 1, "never shown"), Gap(3, 5, "never shown"))


def test_a_gap_of_a_look_that_was_cut_short_is_not_called_expunged(archive):
    put(archive, letter("a"), start=2)
    (record,) = certify(archive.ledger).epochs
    assert (record.complete, record.gaps) == (False, (Gap(1, 1, "undecided"),))
    put(archive, letter("b"), start=4)
    close(archive, 5, None)
    (record,) = certify(archive.ledger).epochs
    assert [gap.why for gap in record.gaps] == ["undecided", "undecided"]


def test_older_gone_and_retired_epochs_are_named_as_such(archive):
    put(archive, letter("a"), start=2)
    put(archive, letter("a"), start=1, validity=8)
    close(archive, 1, 2, validity=8)
    put(archive, letter("b"), folder="Old")
    put(archive, letter("c"), letter("d"), folder="Back")
    with archive.ledger.transaction():
        archive.epochs.mark_gone([archive.sightings.find_epoch("work", "Old", 7).id], AT)
        archive.epochs.retire(archive.sightings.find_epoch("work", "Back", 7).id, [2], AT)
    records = {(r.folder, r.uidvalidity, r.state): r for r in certify(archive.ledger).epochs}
    assert set(records) == {
        ("INBOX", 8, "present"), ("INBOX", 7, "older"), ("Old", 7, "gone"),
        ("Back", 7, "present"), ("Back", 7, "retired"),
    }  # fmt: skip
    assert records["INBOX", 7, "older"].gaps == (Gap(1, 1, "lost"),)
    assert str(records["Back", 7, "retired"].seen) == "2"
    assert str(records["Back", 7, "present"].seen) == "1"


def test_a_folder_that_was_renamed_has_its_former_names(archive):
    put(archive, letter("a"), folder="Old")
    with archive.ledger.transaction():
        epoch = archive.sightings.find_epoch("work", "Old", 7)
        archive.epochs.rename(epoch.id, "New", AT, mailboxid=None, whole=True)
    (record,) = certify(archive.ledger).epochs
    assert (record.folder, record.former_names) == ("New", ("Old",))


def test_message_ids_that_others_refer_to_and_nobody_holds(archive):
    put(
        archive,
        letter("a", refs=("lost", "b")),
        letter("b", refs=("lost",)),
        letter("c", refs=("other",)),
    )
    clients_of(archive, ACME)
    missing = certify(archive.ledger).missing
    assert [(m.message_id, m.referred_by) for m in missing] == [("lost@x", 2), ("other@x", 1)]


@pytest.fixture
def shared(archive):
    """Acme's mail, Bolt's, one of both, one of nobody, one that failed; in one folder and in Bolt's own."""
    bolt = "bob@bolt.example"
    put(archive, letter("acme-1", refs=("gone", "both-1", "bolt-1")), letter("acme-2"))
    put(archive, letter("bolt-1", sender=bolt, refs=("secret",)), start=3)
    put(archive, letter("both-1", to=bolt, refs=("joint",)), start=4)
    put(archive, letter("none-1", sender="x@else.example"), start=5)
    decide(archive, "left", 6)
    decide(archive, "failed", 7)
    put(archive, letter("bolt-2", sender=bolt), folder="Clients/Bolt")
    close(archive, 7, None)
    clients_of(archive, ACME, BOLT)
    return archive


def test_the_certificate_of_a_client_has_nothing_of_others(shared):
    keys = keys_of_client_alone(shared.ledger, "acme")
    # the other one answers Bolt's mail, so it is theirs as well
    assert keys == [key_of(letter("acme-2"))]
    certificate = certify_messages(shared.ledger, keys)
    text = repr(certificate).lower()
    assert "bolt" not in text
    assert "secret" not in text
    assert "joint" not in text
    (record,) = certificate.epochs
    assert record.folder == "INBOX"
    assert (str(record.failed), record.on_server, record.gaps) == ("7", 0, ())
    assert not record.left.count


def test_what_others_hold_is_missing_from_a_bundle_and_not_from_the_archive(shared):
    keys = [key_of(letter("acme-1", refs=("gone", "both-1", "bolt-1"))), key_of(letter("acme-2"))]
    in_archive = certify_messages(shared.ledger, keys)
    assert [m.message_id for m in in_archive.missing] == ["gone@x"]
    in_bundle = certify_messages(shared.ledger, keys, held_by_others=False)
    # all three stand in a header of a message that is handed over; to leave one out would tell that it is held
    assert [m.message_id for m in in_bundle.missing] == ["bolt-1@x", "both-1@x", "gone@x"]


def test_only_the_places_that_may_be_named_are(shared):
    put(shared, letter("acme-2"), folder="Bolt against Acme")
    keys = [key_of(letter("acme-2"))]
    assert len(certify_messages(shared.ledger, keys).epochs) == 2
    places = {("work", "INBOX")}
    (record,) = certify_messages(shared.ledger, keys, places=places).epochs
    assert record.folder == "INBOX"
