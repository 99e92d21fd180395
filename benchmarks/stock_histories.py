"""An archive of made-up correspondence with many clients: `stock_histories.py FOLDER MESSAGES`. Attributed and not indexed.

Its configuration is FOLDER/config.toml. What is owed in it, `made_histories.make_histories` tells.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from itertools import islice
from pathlib import Path

from made_histories import END, ME, make_clients, make_histories
from stocking import store

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.model import RawMessage, RemoteRef
from trail.parse.envelope import parse_envelope

_BATCH = 2000
_HEAD = """archive = "archive"
scope = "everything"
me = {me}

[[account]]
name = "work"
host = "127.0.0.1"
security = "plain"
user = "me"
password_env = "TRAIL_BENCH_PASSWORD"
"""


def stock_histories(root: Path, count: int) -> Path:
    """Make it; return its configuration."""
    folder = root / "archive"
    folder.mkdir(parents=True)
    clients = make_clients()
    letters = (letter for conversation, _ in make_histories(count) for letter in conversation)
    uid = 1
    with writing_archive(folder) as archive:
        with archive.ledger.transaction():
            epoch = archive.sightings.open_epoch("work", "INBOX", 1, END)
        while some := list(islice(letters, _BATCH)):
            raw = [
                RawMessage(
                    RemoteRef("work", "INBOX", 1, n),
                    letter.content,
                    letter.received_at + timedelta(seconds=30),
                )
                for n, letter in enumerate(some, uid)
            ]
            sightings = store(archive, epoch, raw)
            with archive.ledger.transaction():
                for sighting, letter in zip(sightings, some, strict=True):
                    archive.facts.write_envelope(sighting.key, parse_envelope(letter.content))
            uid += len(some)
        attribute_pending(archive, clients)
    tables = [
        f'\n[[client]]\nslug = "{c.slug}"\nname = "{c.name}"\ndomains = {_list(c.domains)}\n'
        for c in clients
    ]
    path = root / "config.toml"
    path.write_text(_HEAD.format(me=_list(ME)) + "".join(tables))
    return path


def _list(texts: tuple[str, ...]) -> str:
    return json.dumps(list(texts))


if __name__ == "__main__":
    print(stock_histories(Path(sys.argv[1]), int(sys.argv[2])))
