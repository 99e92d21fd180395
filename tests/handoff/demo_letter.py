"""The papers of the made-up correspondence, without a server; `python tests/handoff/demo_letter.py` rewrites what tests expect of them."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from trail.demo.correspondence import DEMO_CLIENTS, ME, iter_correspondence
from trail.handoff.mailbag import BagInfo, BundleItem, write_bundle
from trail.handoff.papers.papers import prepare_papers
from trail.handoff.select import belongs_to
from trail.model import ArchivedMessage
from trail.parse.message import parse_whole
from trail.parse.statements import add_statements

EXPECTED = Path(__file__).parents[2] / "fixtures" / "handoff"
MADE_AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
PAPERS = ("letter.md", "open-items.csv", "open-items.ics", "contacts.vcf")


def make_demo_bundle(
    slug: str, out: Path, language: str = "", template: Path | None = None
) -> Path:
    """Write the bundle of one client of the demo: what is between them and the studio alone."""
    client = next(client for client in DEMO_CLIENTS if client.slug == slug)
    items, seen = [], set()
    for message, parsed, attachments in _parse_all():
        key = parsed.key
        addresses = [a.address for a in parsed.envelope.addresses]
        is_theirs = any(belongs_to(client, address) for address in addresses)
        if key in seen or not is_theirs or len(addresses) > 4:
            continue
        seen.add(key)
        archived = ArchivedMessage(key, Path("mail/x"), len(message.content), message.received_at)
        items.append(
            BundleItem(archived, message.content, parsed, message.folder, "work", attachments)
        )
    items.sort(key=lambda item: item.parsed.envelope.sent_at or item.archived.received_at)
    info = BagInfo(
        client, "0.1.0", ("me@studio.example",), ("imap.studio.example",), MADE_AT, me=ME
    )
    return write_bundle(items, [], info, out, companions=(prepare_papers(template, language),)).path


@cache
def _parse_all():
    parsed = []
    for message in iter_correspondence():
        key = hashlib.sha256(message.content).hexdigest()
        meaning, attachments = parse_whole(key, message.content)
        parsed.append((message, add_statements(meaning, message.received_at), attachments))
    return parsed


def rewrite() -> None:
    """Write what is made now over what was expected."""
    for slug in ("acme", "bryggeriet", "sakura"):
        with tempfile.TemporaryDirectory() as folder:
            made = make_demo_bundle(slug, Path(folder) / f"{slug}-2026-10-05")
            (EXPECTED / slug).mkdir(parents=True, exist_ok=True)
            for name in PAPERS:
                (EXPECTED / slug / name).unlink(missing_ok=True)
                if not (made / name).exists():
                    continue
                shutil.copy(made / name, EXPECTED / slug / name)


if __name__ == "__main__":
    rewrite()
    sys.stdout.write(f"{EXPECTED}\n")
