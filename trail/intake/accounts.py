"""One round over the accounts: an account, a folder, a line that fails never stops the others.

Comes in: a round and its accounts. Goes out: a SyncReport.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.attribute.rules import find_idle_rules
from trail.errors import (
    ConfigError,
    LoginRejected,
    SecretUnavailable,
    ServerUnreachable,
    TrailError,
)
from trail.fetch.plan import choose_folders
from trail.fetch.source import FolderUnavailable
from trail.intake.folder import FolderRound
from trail.intake.line import ATTEMPTS, Line
from trail.intake.renames import follow_renames, note_missing
from trail.model import AccountReport, FolderReport, RenamedFolder, SyncReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.archive.sightings import Place
    from trail.intake.round import Round
    from trail.model import Account


def fetch_accounts(round_: Round, accounts: Sequence[Account]) -> SyncReport:
    """One look at the accounts; an account that fails does not stop the others.

    Raises ArchiveFull and ArchiveReadOnly, after which the next round goes on where this one stopped.
    """
    reports = [sync_account(round_, account) for account in accounts]
    # A reply may have been left before its parent turned out to be a client's; look again until that settles:
    # each pass takes a chain of replies one further, and no message is looked at again twice.
    while not (round_.dry_run or round_.stopping()) and _reopen_replies(round_):
        reports = [
            _merge_reports(report, sync_account(round_, account))
            for report, account in zip(reports, accounts, strict=True)
        ]
    if round_.waiting and not (round_.dry_run or round_.stopping() or round_.problems):
        with round_.archive.ledger.transaction():
            round_.archive.sightings.settle_left(round_.waiting, round_.under_waiting, round_.under)
    if not round_.only:
        _warn_of_idle_rules(round_)
    troubles = (f"{p.message}; {p.hint}" if p.hint else p.message for p in round_.problems.values())
    return SyncReport(tuple(reports), (*round_.warnings, *troubles))


def _warn_of_idle_rules(round_: Round) -> None:
    """A folder rule that no folder fits is a slip that loses mail; told once every account was listed, by whatever round."""
    listed = round_.archive.rounds.read_listed() | round_.folder_names
    accounts = [account.name for account in round_.config.accounts]
    round_.warnings += find_idle_rules(round_.config.clients, accounts, listed)


def sync_account(round_: Round, account: Account) -> AccountReport:
    """One round over one account. What went wrong is in the report, and in the archive's record of rounds."""
    unrecorded = round_.dry_run or round_.only
    number = None if unrecorded else round_.archive.rounds.begin(account.name, datetime.now(UTC))
    folders: list[FolderReport] = []
    error = ""
    warned = len(round_.warnings)
    try:
        _sync_folders(round_, account, folders)
    except (ConfigError, LoginRejected, SecretUnavailable, ServerUnreachable) as problem:
        error = problem.message
        round_.problems[account.name] = problem
    except TrailError as problem:  # a full disk, for one
        error = problem.message
        raise
    except BaseException:
        error = "interrupted"
        raise
    finally:
        # one that was told to stop is neither done nor failed: it stays like one that was killed
        if number is not None and (error or not round_.stopping()):
            round_.archive.rounds.end(
                number,
                datetime.now(UTC),
                archived=sum(f.archived for f in folders),
                error=error,
                warnings=round_.warnings[warned:],
            )
    renamed = round_.renamed[account.name].items()
    return AccountReport(
        account.name, tuple(folders), error, tuple(RenamedFolder(*names) for names in renamed)
    )


def _sync_folders(round_: Round, account: Account, done: list[FolderReport]) -> None:
    line = Line(round_, account)
    try:
        folders = line.open(lambda source: source.list_folders())
        round_.folder_names[account.name] = tuple(folder.name for folder in folders)
        if not round_.dry_run:
            round_.archive.rounds.note_listed(account.name, round_.folder_names[account.name])
        chosen, _, missing = choose_folders(folders, account.folders, gmail=line.source.is_gmail)
        round_.warnings += [
            f'account "{account.name}": there is no folder "{name}" on the server'
            for name in missing
        ]
        # on Gmail what was heard of in the inbox lies in All Mail, the one folder that is chosen
        chosen = [folder for folder in chosen if folder.name in round_.only] or chosen
        round_.folders[account.name] = {folder.name: folder for folder in (*folders, *chosen)}
        follow_renames(round_, account, line, chosen)
        walks = [FolderRound(round_, account, folder) for folder in chosen]
        for walk in walks:
            try:
                _walk_folder(round_, walk, line)
            finally:
                done += walk.reports
        _touch_unchanged(round_, walks)
        _note_refused(round_, account, walks)
        # a folder that is missing may have been renamed to one not looked at
        if not (round_.only or round_.stopping()):
            note_missing(round_, account)
    except BaseException:  # also Ctrl-C: a server that is silent would be waited on
        line.drop()
        raise
    finally:
        line.close()


def _touch_unchanged(round_: Round, walks: Sequence[FolderRound]) -> None:
    """Note when unchanged folders were seen: one transaction for all, since each costs the disk a flush."""
    epochs = [walk.unchanged for walk in walks if walk.unchanged]
    if epochs and not round_.dry_run:
        with round_.archive.ledger.transaction():
            for epoch in epochs:
                round_.archive.sightings.touch(epoch, datetime.now(UTC))


def _walk_folder(round_: Round, walk: FolderRound, line: Line) -> None:
    """Do one folder, on a fresh connection whenever the line breaks."""
    failures = 0
    while not round_.stopping():
        try:
            walk.run(line.source)
            break
        except FolderUnavailable as refused:
            round_.warnings.append(f'account "{walk.account.name}": {refused.message}')
            walk.refused = True
            break
        except ServerUnreachable:
            failures = 0 if walk.take_progress() else failures + 1
            if failures >= ATTEMPTS:
                raise
            line.drop()
            if round_.stopping():  # who is to end within seconds does not connect again
                break
            line.open(lambda _: None, pause=failures)


def _note_refused(round_: Round, account: Account, walks: Sequence[FolderRound]) -> None:
    """Remember the folders that could not be looked at, and notice when one of them could."""
    if round_.dry_run:
        return
    sightings = round_.archive.sightings
    chosen = {walk.folder.name for walk in walks}
    looked_at = {walk.folder.name for walk in walks if walk.reports and not walk.refused}
    refused = {walk.folder.name for walk in walks if walk.refused}
    refused |= {
        name
        for name in sightings.list_refused(account.name)
        if name not in looked_at and (round_.only or name in chosen)
    }
    with round_.archive.ledger.transaction():
        if sightings.note_refused(account.name, refused):
            round_.recovered = True


def _reopen_replies(round_: Round) -> int:
    """Forget the decision on messages left in this round whose parent is now known to be a client's.

    What was left while something could not be fetched is decided again once that came. Returns how many there are.
    """
    sightings = round_.archive.sightings
    places: list[Place] = []
    if round_.left_replies:
        for message_id in round_.archive.facts.iter_client_message_ids():
            places += round_.left_replies.pop(hash(message_id), ())
    places = [p for p in places if p not in round_.reopened]  # as after a collision of hashes
    round_.reopened.update(places)
    recovered = round_.recovered and not round_.asked_again
    if not (places or recovered):
        return 0
    round_.asked_again |= recovered
    with round_.archive.ledger.transaction():
        return sightings.reopen(places) + (sightings.reopen_unsure() if recovered else 0)


def _merge_reports(first: AccountReport, second: AccountReport) -> AccountReport:
    """Two looks of one round as one: what was left at first and fetched in the end counts as fetched."""
    before = {(f.folder, f.uidvalidity): f for f in first.folders}
    folders = [_merge_folders(before.get((f.folder, f.uidvalidity)), f) for f in second.folders]
    return replace(
        second, folders=tuple(folders) or first.folders, error=second.error or first.error
    )


def _merge_folders(first: FolderReport | None, second: FolderReport) -> FolderReport:
    if first is None:
        return second
    fetched = second.archived + second.already_held
    return replace(
        second,
        archived=first.archived + second.archived,
        already_held=first.already_held + second.already_held,
        left=max(0, first.left - fetched - second.failed),
        failed=max(first.failed, second.failed),
        gone=first.gone + second.gone,
    )
