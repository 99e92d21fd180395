"""`python tests/torture/index_rush.py [--seconds N] [--seed N]`: searches while two processes index and the index is made anew.

Two processes take turns with rounds that bring messages, take some away and change whose they are; beside the rounds, both rebuild
the index, again and again, and put the new one in the old one's place. Meanwhile some processes search: with an index that
they keep open, with one opened for each question, and by `trail search` itself. What surely is in the archive must be
found, what surely went must not be, and no search may end with an error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from archive.archiving import ACME, BOLT, letter, put  # noqa: E402 - after the path

import trail.index.tiers as tiers_module  # noqa: E402 - after the path
from trail import catchup, rebuilding  # noqa: E402 - after the path
from trail.archive.store import open_archive, writing_archive  # noqa: E402 - after the path
from trail.catchup import attribute_pending, index_pending  # noqa: E402 - after the path
from trail.errors import ArchiveLocked  # noqa: E402 - after the path
from trail.index.store import WhooshIndex  # noqa: E402 - after the path
from trail.pipeline import open_index  # noqa: E402 - after the path
from trail.rebuilding import rebuild_index  # noqa: E402 - after the path

NOW = datetime(2024, 6, 1, tzinfo=UTC)
MOST = 400
"""Messages that are kept: so many that there is something to merge and to rebuild, so few that all are compared each time."""
SEARCHERS = ("kept open", "opened anew", "kept open", "whole process")
CONFIG = 'archive = "{root}"\nscope = "everything"\nme = ["me@studio.example"]\n'
TABLES = ("address", "reference", "envelope", "attribution", "document", "sighting", "message")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    root = Path(tempfile.mkdtemp(prefix="trail-index-rush-"))
    done, failed = rush(root, options.seconds, options.seed)
    print(", ".join(f"{count:,} {what}" for what, count in sorted(done.items())))
    if failed:
        print(f"FAILED, kept in {root}\n" + "\n".join(failed))
        return 1
    shutil.rmtree(root)
    return 0


def rush(root: Path, seconds: float, seed: int) -> tuple[dict[str, int], list[str]]:
    """How often everything was done, and what went wrong."""
    with writing_archive(root) as archive:
        Round(root, archive, random.Random(seed), 0).bring(40)
    (root / "config.toml").write_text(CONFIG.format(root=root))
    context = multiprocessing.get_context("fork")
    told, deadline = context.SimpleQueue(), time.monotonic() + seconds
    jobs = [(work, (root, deadline, seed + n, n + 1)) for n in range(2)]
    jobs += [(look, (root, deadline, seed + n, how)) for n, how in enumerate(SEARCHERS)]
    processes = [context.Process(target=_report, args=(told, *job)) for job in jobs]
    for process in processes:
        process.start()
    done: dict[str, int] = {}
    failed: list[str] = []
    for _ in processes:
        counts, fault = told.get()
        failed += [fault] if fault else []
        for what, count in counts.items():
            done[what] = done.get(what, 0) + count
    for process in processes:
        process.join()
    failed += check_end(root)
    return done, failed


def _report(told, job, arguments) -> None:
    counts: dict[str, int] = {}
    fault = ""
    try:
        job(counts, *arguments)
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        fault = f"{job.__name__} {arguments[1:]}\n{traceback.format_exc()}"
    told.put((counts, fault))


# --- what is surely so -----------------------------------------------------------------------------------------


def note(root: Path, event: str, keys) -> None:
    """Write down what is about to be, or surely is so, of these messages."""
    line = json.dumps([event, sorted(keys)]).encode() + b"\n"
    descriptor = os.open(root / "truth", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line)
    os.close(descriptor)


class Truth:
    """What was written down so far, read as it grows."""

    def __init__(self, root: Path) -> None:
        self._path = root / "truth"
        self._at = 0
        self.there: dict[str, str] = {}
        """Messages that surely are found, and whose they are."""
        self.gone: set[str] = set()
        """Messages that surely are not."""

    def read(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._at)
            lines = file.read()
        for line in lines[: lines.rfind(b"\n") + 1].splitlines():
            event, keys = json.loads(line)
            for key in keys:
                if event == "gone":
                    self.gone.add(key)
                elif event == "leaving":
                    self.there.pop(key, None)
                else:
                    self.there[key] = event
        self._at += lines.rfind(b"\n") + 1


# --- two that index --------------------------------------------------------------------------------------------


class Round:
    """A round that brings and takes messages, under the archive's lock."""

    def __init__(self, root: Path, archive, chance: random.Random, who: int) -> None:
        self._root, self._archive, self._chance, self._who = root, archive, chance, who

    def bring(self, count: int) -> None:
        first = self._archive.facts.count_messages()[0] + self._chance.randrange(10**9)
        names = [f"m{self._who}x{first + n}" for n in range(count)]
        senders = ("jane@acme.example", "bob@bolt.example")
        contents = [letter(name, sender=self._chance.choice(senders)) for name in names]
        keys = put(self._archive, *contents, start=first, folder=f"F{self._who}")
        self._catch_up()
        self._note(keys)

    def take(self, count: int) -> None:
        """As somebody takes messages out of the archive."""
        keys = [m.key for m in self._archive.facts.iter_messages()]
        gone = self._chance.sample(keys, min(count, len(keys)))
        note(self._root, "leaving", gone)
        with open_index(self._root) as index:
            index.remove(gone)
        with self._archive.ledger.transaction():
            for table in TABLES:
                self._archive.ledger.execute_many(
                    f"DELETE FROM {table} WHERE key = ?", ((key,) for key in gone)
                )
        note(self._root, "gone", gone)

    def change(self) -> None:
        """Clients come and go: messages of both are indexed anew."""
        keys = [m.key for m in self._archive.facts.iter_messages()]
        changed = self._chance.sample(keys, min(30, len(keys)))
        note(self._root, "leaving", changed)
        with self._archive.ledger.transaction():
            self._archive.facts.forget_indexed(changed)
        self._catch_up()
        self._note(changed)

    def _catch_up(self) -> None:
        attribute_pending(self._archive, (ACME, BOLT))
        with open_index(self._root) as index:
            index_pending(self._archive, index)

    def _note(self, keys) -> None:
        clients = self._archive.facts.read_clients(keys)
        for client in ("acme", "bolt"):
            note(self._root, client, [key for key in keys if client in clients.get(key, ())])


def work(counts, root: Path, deadline: float, seed: int, who: int) -> None:
    tiers_module._TIER, rebuilding.FEW, catchup.INDEX_BATCH = 3, 20, 50
    chance = random.Random(seed)
    while time.monotonic() < deadline:
        if chance.random() < 0.3:
            with contextlib.suppress(ArchiveLocked):  # the other one is about it
                rebuild_index(root, wait=60)
                counts["rebuilds"] = counts.get("rebuilds", 0) + 1
            continue
        with writing_archive(root, wait=60) as archive:
            round_ = Round(root, archive, chance, who)
            what = chance.random()
            if what < 0.5:
                round_.bring(chance.choice((1, 3, 20)))
            elif what < 0.7:
                round_.change()
            else:
                held = archive.facts.count_messages()[0]
                round_.take(max(0, held - MOST) + chance.choice((1, 8)))
        counts["rounds"] = counts.get("rounds", 0) + 1
        time.sleep(chance.uniform(0, 0.05))  # as others want the archive, too


# --- and those that search -------------------------------------------------------------------------------------


def look(counts, root: Path, deadline: float, seed: int, how: str) -> None:
    chance = random.Random(seed)
    truth = Truth(root)
    kept = WhooshIndex.open(root / "index")
    while time.monotonic() < deadline:
        truth.read()
        before, gone = dict(truth.there), set(truth.gone)
        client = chance.choice(("", "acme", "bolt"))
        if how == "whole process":
            found = ask_process(root, client)
        else:
            index = kept if how == "kept open" else WhooshIndex.open(root / "index")
            found = ask(index, client, chance)
            assert index.doubt is None, "damage where there is none"
            if index is not kept:
                index.close()
        truth.read()  # what left meanwhile need not be found
        wanted = {k for k, of in before.items() if truth.there.get(k) == of and client in ("", of)}
        assert wanted <= set(found), f"{len(wanted - set(found))} not found, client {client!r}"
        assert len(found) == len(set(found)), "one was found twice"
        assert gone.isdisjoint(found), "one was found that is gone"
        counts[f"searches, {how}"] = counts.get(f"searches, {how}", 0) + 1
        time.sleep(0.02)


def ask(index: WhooshIndex, client: str, chance: random.Random) -> list[str]:
    narrowed = {"now": NOW, "client": client or None}
    match chance.randrange(4):
        case 0:
            return [
                h.key for h in index.search('"body of"', limit=9999, exact=True, **narrowed).hits
            ]
        case 1:
            return index.list_keys("bod*", "relevance", **narrowed)
        case 2:
            return [hit.key for hit in index.iter_hits("body subject:x", **narrowed)]
    return [h.key for h in index.search("", sort="-date", limit=9999, **narrowed).hits]


def ask_process(root: Path, client: str) -> list[str]:
    command = [sys.executable, "-m", "trail", "--config", str(root / "config.toml"), "search", "--json", "--limit", "9999"]  # fmt: skip
    query = (
        f"body client:{client}" if client else "body"
    )  # no client is configured: any name is taken
    done = subprocess.run([*command, query], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    assert "incomplete" not in json.loads(done.stdout), done.stderr
    hits = json.loads(done.stdout)["hits"]
    return [hit["path"].rpartition("/")[2].split(".")[1] for hit in hits]


def check_end(root: Path) -> list[str]:
    """After a last round: everything is in the index, once, and it is the only one."""
    with writing_archive(root) as archive:
        attribute_pending(archive, (ACME, BOLT))
        with open_index(root) as index:
            index_pending(archive, index)
    rebuild_index(root)
    index = WhooshIndex.open(root / "index")
    with open_archive(root) as archive:
        keys = {m.key for m in archive.facts.iter_messages()}
    found = set(index.list_keys("body", now=NOW))
    folders = [path.name for path in (root / "index").iterdir() if path.is_dir()]
    return [
        f"in the end: {fault}"
        for fault, present in (
            (f"{len(keys)} messages, {len(found)} found", keys != found),
            (f"{index.count()} in the index", index.count() != len(keys)),
            (f"indexes {folders}", folders != [index.generation]),
        )
        if present
    ]


if __name__ == "__main__":
    sys.exit(main())
