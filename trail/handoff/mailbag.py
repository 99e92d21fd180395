"""A client's mail as a Mailbag 1.0: every message as .eml, all of them as one mbox, their attachments, a page to open.

In: messages in date order, what was withheld, who hands over. Out: a folder that is there whole or not at all.
Never: keeps a message in memory after it is written, changes a byte of it, uses a name from a mail as a path,
or says more of a withheld message than that it is withheld. The format: docs/formats/handoff.md.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from trail.errors import FixityMismatch
from trail.handoff import completeness, csvfile, mbox, names, notes
from trail.handoff.bag import Bag
from trail.handoff.building import building, disk_errors
from trail.handoff.changed import ChangedTable
from trail.handoff.companions import Colophon, Written, WrittenFile
from trail.handoff.drafts import HEAD, Draft, Drafts, size_of
from trail.handoff.filters import NO_FILTERS, Filters, describe_filters
from trail.handoff.headers import read_headers
from trail.handoff.language import Spoken
from trail.handoff.plain import format_size, one_line
from trail.handoff.seal import VERIFIER, make_signature, read_verifier
from trail.handoff.select import HeldBack, count_reasons, list_message_ids
from trail.handoff.sender import Signatures
from trail.handoff.table import ROWS_PER_FILE, MessageTable
from trail.handoff.verify import SIGNATURE, TIMESTAMP
from trail.handoff.viewer.pages import Pages
from trail.model import Bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from trail.handoff.companions import Companion, MakeCompanion
    from trail.handoff.completeness import Completeness
    from trail.handoff.decisions import DecisionCount
    from trail.handoff.seal import Signing
    from trail.model import ArchivedMessage, Attachment, Client, Kept, ParsedMessage, PastHandOff

_SPOOL = ".spool"
_BLANKS = b" \t\r\n\x0b\x0c\0\xef\xbb\xbf\xfe\xff"
"""Blanks and byte order marks before the first sign of a text."""
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BundleItem:
    """One message for a bundle, with everything that is known of it."""

    archived: ArchivedMessage
    content: bytes | Draft
    parsed: ParsedMessage
    folder: str
    """Where it was first seen, as the server names it, with `/` between levels."""
    account: str
    attachments: tuple[tuple[Attachment, bytes | Draft], ...] = ()
    texts: tuple[str, ...] = ()
    """What can be read in each attachment, in their order; "" where nothing can."""
    html: str = ""
    """The body as cleaned markup; "" when it has none."""
    changes: tuple[str, ...] = ()
    """What was done to this copy, in words for the recipient; then `original` is the key of what it was made from."""
    original: str = ""
    words: tuple[str, bytes] | None = None
    """Its words for the page, counted; None: nobody has yet."""
    headers: Sequence[str] | None = None
    """As `read_headers` gives them; None: nobody has read them yet. Of a draft, somebody has."""
    kept: tuple[Kept, ...] = ()
    """Attachments that stay behind because they cannot be redacted: for the sender only."""


@dataclass(frozen=True, slots=True)
class BagInfo:
    """What a bundle says of itself. `since` and `until` are the limits asked for, if any."""

    client: Client
    agent_version: str
    imap_users: tuple[str, ...]
    imap_hosts: tuple[str, ...]
    created_at: datetime
    since: datetime | None = None
    until: datetime | None = None
    me: tuple[str, ...] = ()
    organization: str = ""
    contact_name: str = ""
    contact_email: str = ""
    filters: Filters = NO_FILTERS
    builds_on: tuple[PastHandOff, ...] = ()
    """The hand-offs whose messages are not here again, the earliest first."""
    decisions: tuple[DecisionCount, ...] = ()
    salt: bytes = b""
    """Of what stands for the originals of changed copies; it stays with the sender."""
    language: str = ""
    """In which the bundle speaks: one of `language.NAMES`, "" for that which the client writes most."""


def write_bundle(
    items: Iterable[BundleItem] | Callable[[Drafts], Iterable[BundleItem]],
    withheld: Sequence[HeldBack],
    info: BagInfo,
    out: Path,
    on_progress: Callable[[int], None] | None = None,
    *,
    rows_per_csv: int = ROWS_PER_FILE,
    complete: Completeness | None = None,
    companions: Sequence[MakeCompanion] = (),
    signing: Signing | None = None,
) -> Bundle:
    """Write the bundle to the new folder `out`; `on_progress` is told how many messages are written.

    `items` may be what gives them once it knows where drafts can be made.

    `companions` are what lies beside the mail besides the pages, which every bundle has. `signing` is what it is sealed with.

    Raises BundleExists, ArchiveFull, ArchiveReadOnly, and FixityMismatch for a message whose bytes are not
    those of its key. After any exception, KeyboardInterrupt too, nothing is left on the disk.
    """
    with building(out) as folder:
        with disk_errors(out):
            mailbag = _Mailbag(folder, out, info, rows_per_csv, companions, signing)
        with mailbag:
            # The source's own errors are not the bundle's: only what happens here is translated.
            given = items(mailbag.drafts) if callable(items) else items
            for number, item in enumerate(given, start=1):
                with disk_errors(out):
                    mailbag.add(number, item)
                if on_progress:
                    on_progress(number)
            with disk_errors(out):
                digest = mailbag.finish(withheld, complete)
    return Bundle(
        client=info.client.slug,
        path=out,
        messages=mailbag.messages,
        attachments=mailbag.attachments,
        bytes=mailbag.bag.payload_bytes,
        withheld=tuple(held.message for held in withheld),
        digest=digest,
        key=signing.key.fingerprint if signing else "",
        stamped=mailbag.stamped,
        changed=tuple(mailbag.changed.originals),
    )


class _Mailbag:
    """A Mailbag under construction."""

    def __init__(
        self,
        folder: Path,
        out: Path,
        info: BagInfo,
        rows_per_csv: int,
        companions: Sequence[MakeCompanion],
        signing: Signing | None,
    ) -> None:
        self.stamped = False
        self._signing = signing
        self.messages = 0
        self.attachments = 0
        self._info = info
        self._identifier = identifier = names.escape_name(out.name)
        self._message_ids: set[str] = set()
        self._own = frozenset(address.strip().lower() for address in info.me)
        self._spoken = Spoken(self._own)
        self._signatures = Signatures()
        self._redacted = 0
        self._spool = folder / _SPOOL
        self._spool.mkdir()
        self.drafts = Drafts(self._spool / "drafts", out)
        self.drafts.folder.mkdir()
        self._folders = names.FolderNames()
        self._companions: list[Companion] = []
        # The pages come last: they link to what the others have written.
        for place, make in enumerate((*companions, Pages)):
            drafts = self._spool / str(place)
            drafts.mkdir()
            self._companions.append(make(drafts, info.me))
        self.bag = Bag(folder)
        self._table = MessageTable(self.bag, rows_per_csv)
        self.changed = ChangedTable(self.bag, info.salt)
        self._mbox = self.bag.open_file(f"data/mbox/{identifier}.mbox")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for companion in self._companions:
            companion.abandon()
        self.bag.__exit__(kind, error, trace)

    def add(self, number: int, item: BundleItem) -> None:
        """Write one message everywhere it belongs."""
        key = item.archived.key
        if not _KEY.fullmatch(key):
            raise _changed(key)
        at = item.parsed.envelope.sent_at or item.archived.received_at
        mailbag_id = names.name_message(number, at, key)
        folder = self._folders.escape(item.folder)
        path = "/".join(part for part in ("data/eml", folder, f"{mailbag_id}.eml") if part)
        if self.bag.write_file(path, item.content) != key:
            raise _changed(key)
        self._add_to_mbox(path, item, mailbag_id)
        files = self._write_attachments(mailbag_id, item.attachments, item.texts)
        self._table.add(
            (
                "; ".join((*item.changes, *item.parsed.defects)),
                mailbag_id,
                item.parsed.envelope.message_id or "",
                "",
                item.folder,
                folder,
                str(len(files)),
                *_list_headers(item),
            )
        )
        self._message_ids.add(item.parsed.envelope.message_id or "")
        if item.changes:
            self.changed.add(mailbag_id, item.changes, key, item.original)
            self._redacted += any("redacted" in change for change in item.changes)
        sender = item.parsed.envelope.sender
        written = Written(
            mailbag_id=mailbag_id,
            path=path,
            at=at,
            envelope=item.parsed.envelope,
            text=item.parsed.text,
            quoted=item.parsed.quoted,
            outgoing=sender is not None and sender.address.lower() in self._own,
            files=files,
            key=key,
            original=item.original or key,
            size=size_of(item.content),
            received_at=item.archived.received_at,
            folder=item.folder,
            account=item.account,
            html=item.html,
            list_id=item.parsed.list_id,
            changes=item.changes,
            language=item.parsed.language,
            automatic=item.parsed.automatic,
            statements=item.parsed.statements,
            job=item.parsed.job,
            words=item.words,
        )
        self._spoken.add(written)
        self._signatures.add(written)
        for companion in self._companions:
            companion.add(written)
        self.messages += 1
        self.attachments += len(files)

    def _add_to_mbox(self, path: str, item: BundleItem, mailbag_id: str) -> None:
        at = item.archived.received_at
        if isinstance(item.content, bytes):
            for piece in mbox.frame_message(item.content, mailbag_id, at):
                self._mbox.write(piece)
            return
        with (self.bag.root / path).open("rb", buffering=0) as file:
            for piece in mbox.frame_file(file, mailbag_id, at):
                self._mbox.write(piece)

    def finish(self, withheld: Sequence[HeldBack], complete: Completeness | None) -> str:
        """Write the tag files; return the SHA-256 of the tag manifest in hex."""
        self.bag.close_file(self._mbox)
        self._table.finish()
        self.changed.finish()
        if self._info.decisions:
            self.bag.write_file(notes.DECISIONS, notes.format_decisions(self._info.decisions))
        reasons = count_reasons(withheld)
        if reasons:
            rows = [csvfile.WITHHELD_COLUMNS, *((r, str(n)) for r, n in reasons.items())]
            self.bag.write_file("withheld.csv", b"".join(map(csvfile.format_row, rows)))
        # A copy with the same Message-ID may be here (Mailbag 1.0, section 5.4).
        listed = [one for one in list_message_ids(withheld) if one not in self._message_ids]
        if listed:
            lines = "".join(f"{one_line(message_id)}\n" for message_id in listed)
            self.bag.write_file("messages_not_retained.txt", lines.encode())
        if complete:
            facts = (
                complete,
                self._info.client.name,
                self._info.created_at,
                self.messages,
                reasons,
            )
            self.bag.write_file(completeness.TEXT, completeness.format_text(*facts))
            self.bag.write_file(completeness.DATA, completeness.format_data(*facts))
        colophon = Colophon(
            client=self._info.client.name,
            senders=self._info.me[:3],
            created_at=self._info.created_at,
            since=self._info.since,
            until=self._info.until,
            withheld=reasons,
            mbox=self._mbox.path,
            version=self._info.agent_version,
            completeness=completeness.TEXT if complete else "",
            rules=self._info.client,
            me=self._info.me,
            fingerprint=self._signing.key.fingerprint if self._signing else "",
            filters=self._info.filters,
            builds_on=self._info.builds_on,
            decisions=self._info.decisions,
            changed=len(self.changed.originals),
            redacted=self._redacted,
            sender=self._signatures.choose(),
            language=self._spoken.choose(self._info.language),
        )
        for companion in self._companions:
            companion.write(self.bag, colophon)
        shutil.rmtree(self._spool)
        self.bag.write_info(self._describe())
        if self._signing:
            self.bag.write_file(VERIFIER, read_verifier())
        digest, tagmanifest = self.bag.seal()
        if self._signing:
            self._sign(self._signing, tagmanifest)
        return digest

    def _sign(self, signing: Signing, tagmanifest: bytes) -> None:
        signature = make_signature(signing.key, tagmanifest)
        self.bag.add_unlisted(SIGNATURE, signature)
        stamp = signing.stamp(signature) if signing.stamp else None
        if stamp is not None:
            self.bag.add_unlisted(TIMESTAMP, stamp)
            self.stamped = True

    def _write_attachments(
        self,
        mailbag_id: str,
        attachments: tuple[tuple[Attachment, bytes | Draft], ...],
        texts: tuple[str, ...],
    ) -> tuple[WrittenFile, ...]:
        if not attachments:
            return ()
        stored = names.name_attachments(
            mailbag_id, [(a.filename, a.safe_name) for a, _ in attachments]
        )
        rows = [csvfile.format_row(csvfile.ATTACHMENT_COLUMNS)]
        files = []
        folder = f"data/attachments/{mailbag_id}"
        for place, ((attachment, content), name) in enumerate(
            zip(attachments, stored, strict=True)
        ):
            path = f"{folder}/{name}"
            digest = self.bag.write_file(path, content)
            head = content[:HEAD] if isinstance(content, bytes) else content.head
            original = one_line(attachment.filename) or "unknown"
            rows.append(
                csvfile.format_row((original, name, attachment.mime_type, attachment.content_id))
            )
            text = texts[place] if texts else ""
            files.append(
                WrittenFile(
                    path,
                    attachment.filename,
                    attachment.mime_type,
                    size_of(content),
                    digest,
                    text,
                    head.lstrip(_BLANKS).startswith(b"<"),
                    attachment.content_id,
                )
            )
        self.bag.write_file(f"{folder}/attachments.csv", b"".join(rows))
        return tuple(files)

    def _describe(self) -> list[tuple[str, str]]:
        """Return the fields of bag-info.txt; none may be repeated (Mailbag 1.0, section 5.2)."""
        info, version = self._info, self._info.agent_version
        about = [
            f"Correspondence with {info.client.name}",
            *describe_filters(info.filters, self._redacted),
        ]
        timestamp = info.created_at.isoformat(timespec="seconds")
        return [
            ("Bag-Type", "Mailbag"),
            ("Mailbag-Source", "imap"),
            ("Mailbag-Specification-Version", "1.0"),
            ("Original-Included", "False"),
            ("Bagging-Timestamp", timestamp),
            ("Bagging-Date", timestamp[:10]),
            ("External-Identifier", self._identifier),
            ("Mailbag-Agent", "trail"),
            ("Mailbag-Agent-Version", version),
            ("Payload-Oxum", f"{self.bag.payload_bytes}.{self.bag.payload_files}"),
            ("Bag-Size", format_size(self.bag.payload_bytes)),
            ("Capture-Date", timestamp),
            ("Capture-Agent", "trail"),
            ("Capture-Agent-Version", version),
            ("IMAP-User", ", ".join(info.imap_users)),
            ("IMAP-Host", ", ".join(info.imap_hosts)),
            ("MBOX-Format-Details", "mboxrd"),
            ("MBOX-Agent", "trail"),
            ("MBOX-Agent-Version", version),
            ("EML-Agent", "trail"),
            ("EML-Agent-Version", version),
            *self.bag.info,
            ("Source-Organization", info.organization),
            ("Contact-Name", info.contact_name or self._signatures.choose()),
            ("Contact-Email", info.contact_email),
            ("External-Description", ". ".join(words.rstrip(".") for words in about)),
            (
                "Trail-Continues",
                ", ".join(
                    f"{before.bundle} {before.at:%Y-%m-%d} {before.digest}"
                    for before in info.builds_on
                ),
            ),
        ]


def _list_headers(item: BundleItem) -> Sequence[str]:
    if item.headers is not None:
        return item.headers
    assert isinstance(item.content, bytes), "whoever made a draft read its headers"
    return read_headers(item.content)


def _changed(key: str) -> FixityMismatch:
    return FixityMismatch(
        f"message {key[:12]!r} is not what was archived",
        hint="Run `trail verify` to see what happened to the archive.",
    )
