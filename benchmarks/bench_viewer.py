"""START-HERE.html of 20,000 messages in a real browser: until it can be used, for each letter typed, and what it takes on the disk.

The text is made of a vocabulary whose words are as unequally frequent as those of a language; a third of the messages have an
attachment with text. The page is opened from the disk, in a Chromium without a profile.
"""

from __future__ import annotations

import hashlib
import random
import time
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING

from browsers import Chromium, NoWayOut
from mailboxes import make_vocabulary
from measuring import Row
from needs import find_chromium

from trail.handoff.bag import Bag
from trail.handoff.companions import Colophon, Written, WrittenFile
from trail.handoff.names import name_message
from trail.handoff.viewer.pages import Pages
from trail.model import Address, Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from setting import Setting

WORDS = 60_000
PEOPLE = 400
QUERIES = 12


def make_written(count: int, vocabulary: list[str]) -> Iterator[Written]:
    chance = random.Random(5)
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    cumulative = list(accumulate(weights))

    def say(most: int) -> str:
        words = chance.choices(vocabulary, cum_weights=cumulative, k=chance.randrange(20, most))
        return "\n".join(" ".join(words[at : at + 14]) for at in range(0, len(words), 14))

    people = [(f"Person {n} {vocabulary[n]}", f"p{n}@acme.example") for n in range(PEOPLE)]
    at = datetime(2016, 1, 4, 9, tzinfo=UTC)
    for number in range(1, count + 1):
        at += timedelta(minutes=chance.randrange(10, 500))
        key = hashlib.sha256(str(number).encode()).hexdigest()
        mailbag_id = name_message(number, at, key)
        outgoing = number % 3 == 0
        first, second = chance.choice(people), chance.choice(people)
        me = ("Freja Holm", "me@studio.example")
        sender, recipient = (me, first) if outgoing else (first, me)
        thread = number - number % 5
        files = ()
        if number % 3 == 1:
            path = f"data/attachments/{mailbag_id}/report-{number}.pdf"
            files = (
                WrittenFile(path, f"report-{number}.pdf", "application/pdf", 50_000, key, say(900)),
            )
        yield Written(
            mailbag_id,
            f"data/eml/INBOX/{mailbag_id}.eml",
            at,
            Envelope(
                f"{number}@acme.example",
                (f"{thread}@acme.example",) if number != thread else (),
                (Address("from", *sender), Address("to", *recipient), Address("cc", *second)),
                " ".join(chance.choices(vocabulary, cum_weights=cumulative, k=6)),
                at,
            ),
            say(400),
            "",
            outgoing,
            files,
            key,
        )


def write_pages(root: Path, count: int) -> tuple[float, int, list[str]]:
    """Write the page of `count` messages; give seconds of the page's own work, characters of text, and the vocabulary."""
    vocabulary = make_vocabulary(WORDS)
    spool = root.parent / f"{root.name}-spool"
    root.mkdir(parents=True)
    spool.mkdir()
    pages = Pages(spool, ("me@studio.example",))
    seconds, text = 0.0, 0
    with Bag(root) as bag:
        for written in make_written(count, vocabulary):
            text += len(written.text) + sum(len(file.text) for file in written.files)
            started = time.perf_counter()
            pages.add(written)
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        now = datetime(2026, 1, 1, tzinfo=UTC)
        pages.write(bag, Colophon("Acme Ltd", ("me@studio.example",), now, None, None, {}, "data/mbox/acme.mbox", "0"))  # fmt: skip
        seconds += time.perf_counter() - started
    return seconds, text, vocabulary


def measure_opening(browser: Chromium, address: str) -> float:
    """Seconds from the call until the timeline has rows of all messages."""
    browser.open("about:blank")
    started = time.perf_counter()
    browser.call("Page.navigate", url=address)
    browser.run(
        "new Promise((done) => { const look = () => document.documentElement && document.documentElement?.dataset.ready && "
        "document.querySelector('#list .entry') ? done() : setTimeout(look, 5); look(); })"
    )
    return time.perf_counter() - started


TYPE = """new Promise((done) => {
  const box = document.getElementById("query"), before = document.documentElement.dataset.searched;
  const started = performance.now();
  box.value = %r;
  box.dispatchEvent(new Event("input"));
  const look = () => document.documentElement.dataset.searched !== before
    ? requestAnimationFrame(() => setTimeout(() => done([performance.now() - started, document.getElementById("found").textContent]), 0)) : setTimeout(look, 1);
  look();
})"""


def read_work(browser: Chromium) -> float:
    """Milliseconds of a processor that the page has used so far: what other programs do does not count."""
    found = {m["name"]: m["value"] for m in browser.call("Performance.getMetrics")["metrics"]}
    return 1000 * found["TaskDuration"]


def measure_typing(browser: Chromium, vocabulary: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds from each key until its results are on the screen, and of the page's own work on them.

    For words from frequent to rare, nothing warmed up.
    """
    browser.call("Performance.enable", timeDomain="threadTicks")
    chance = random.Random(7)
    ranks = [2, 9, 40, 150, 400, 900, 2_000, 5_000, 9_000, 15_000, 30_000, 50_000][:QUERIES]
    taken, worked = [], []
    for rank in ranks:
        query = f"{vocabulary[rank]} {vocabulary[chance.randrange(200)]}"
        for end in range(1, len(query) + 1):
            if query[:end].strip() == query[: end - 1].strip():
                continue
            before = read_work(browser)
            milliseconds, _ = browser.run(TYPE % query[:end])
            taken.append(milliseconds)
            worked.append(read_work(browser) - before)
        browser.run("location.hash = '#/timeline'")
    return sorted(taken), sorted(worked)


def run(setting: Setting) -> list[Row]:
    program = find_chromium()
    if not program:
        return [Row("the page in a browser", "no Chromium here", note="not measured")]
    root = setting.scratch / "viewer" / "bundle"
    seconds, text, vocabulary = write_pages(root, setting.at)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    address = (root / "START-HERE.html").as_uri() + "#/timeline"
    with NoWayOut() as proxy, Chromium(program, setting.scratch / "profile", proxy.port) as browser:
        browser.look(1280, 900)
        opening = median(measure_opening(browser, address) for _ in range(3))
        taken, worked = measure_typing(browser, vocabulary)
    often, work = (figures[int(len(taken) * 0.95)] for figures in (taken, worked))
    name = f"page of {setting.at:,} messages"
    return [
        Row(f"{name}: opens", f"{opening:.2f} s", "< 2 s", ok=opening < 2, note=f"{text / 1e6:.0f} MB of text, all rows listed"),
        Row(f"{name}: search, each key", f"{median(taken):.0f} ms", "< 100 ms", ok=often < 100,
            note=f"95% under {often:.0f} ms, the slowest {taken[-1]:.0f} ms, of {len(taken)} keys; of it the page's own work {median(worked):.0f} ms, 95% under {work:.0f} ms"),
        Row(f"{name}: on the disk", f"{size / text:.2f} x the text", "<= 2", ok=size <= 2 * text),
        Row(f"{name}: to write", f"{seconds:.1f} s", note="of one core, beside parsing"),
    ]  # fmt: skip
