"""Generated queries over real mail, asked of notmuch and of trail: the same messages, or a difference that is known.

The corpus is not part of the project: `TRAIL_CORPUS` names it (a folder, or a tar), else it is looked for beside the
project. Each difference between the answers must have one of the reasons in `REASONS`, which the program of this test
checks message by message; docs/search.md explains them.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from trail.index.analysis import fold, split_words
from trail.index.rows import are_near
from trail.index.store import WhooshIndex
from trail.model import SearchDocument
from trail.parse.message import parse_message

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("TRAIL_CORPUS", ROOT.parent / "shared" / "corpus" / "ham-1500.tar.xz"))
QUERIES = 200
NOW = datetime(2024, 3, 5, tzinfo=UTC)
REASONS = ("joined", "accents", "markup", "attached", "types", "senders", "across")
"""In the order they are tried; the table in docs/search.md has the same."""

pytestmark = pytest.mark.slow

# Of Xapian's term generator: U.S., words with an apostrophe or & inside, numbers with a dot or comma inside, C++, C#.
_XAPIAN_WORD = re.compile(
    r"(?:\b[^\W\d_]\.){2,}|\w+(?:(?:[&'\u2019\u00b7\u2027]|(?<=\d)[.,;](?=\d))\w+)*[+#]{0,3}"
)


@dataclass(frozen=True)
class Leaf:
    """A condition in both languages."""

    ours: str
    theirs: str
    words: tuple[str, ...] = ()
    beginning: bool = False
    distance: int = 0


@dataclass
class Corpus:
    """The mail, indexed by both."""

    index: WhooshIndex
    environ: dict[str, str]
    parsed: dict[str, object] = field(default_factory=dict)
    """By file name."""
    names: dict[str, str] = field(default_factory=dict)
    """The file name by key."""
    types: dict[str, str] = field(default_factory=dict)
    """By file name: the media types of its parts."""

    def ask(self, query: str) -> set[str]:
        return {self.names[hit.key] for hit in self.index.search(query, now=NOW, limit=5000).hits}

    def ask_notmuch(self, query: str) -> set[str]:
        command = ["notmuch", "search", "--output=files", "--exclude=false", "--", query]
        done = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=True, timeout=60
        )
        assert not done.stderr, done.stderr
        return {Path(line).name for line in done.stdout.splitlines()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    if not shutil.which("notmuch"):
        pytest.skip("there is no notmuch on this machine")
    if not CORPUS.exists():
        pytest.skip("there is no corpus here; TRAIL_CORPUS names one")
    folder = tmp_path_factory.mktemp("notmuch")
    mail = folder / "mail"
    if CORPUS.is_dir():
        shutil.copytree(CORPUS, mail)
    else:
        with tarfile.open(CORPUS) as tar:
            tar.extractall(mail, filter="data")
    config = folder / "config"
    config.write_text(
        f"[database]\npath={mail}\n[user]\nname=x\nprimary_email=x@y.example\n[new]\ntags=new\n[index]\ndecrypt=false\n"
    )
    environ = {**os.environ, "NOTMUCH_CONFIG": str(config), "HOME": str(folder)}
    subprocess.run(["notmuch", "new", "--quiet"], env=environ, check=True, timeout=600)
    made = Corpus(WhooshIndex.create(folder / "index"), environ)
    documents = []
    files = [
        path for path in sorted(mail.rglob("*")) if path.is_file() and ".notmuch" not in path.parts
    ]
    for path in files:
        content = path.read_bytes()
        key = sha256(content).hexdigest()
        parsed = parse_message(key, content)
        made.names[key] = path.name
        made.parsed[path.name] = parsed
        types = re.findall(rb"(?im)^content-type:\s*([\w./+-]+)", content)
        made.types[path.name] = b" ".join(types).decode().lower()
        documents.append(SearchDocument(key, NOW, parsed, size=len(content)))
    made.index.add(documents)
    yield made
    made.index.close()


def explain(corpus, leaf, name):  # noqa: PLR0911 - one for each reason
    """Why the two answer differently about a message: the first reason that holds, or None."""
    parsed = corpus.parsed[name]
    people = [f"{a.name} {a.address}" for a in parsed.envelope.addresses]
    texts = [
        parsed.text,
        parsed.quoted,
        parsed.envelope.subject,
        *people,
        *(a.filename for a in parsed.attachments),
    ]
    whole = [word for text in texts for word in _XAPIAN_WORD.findall(text)]
    for asked in leaf.words:
        for word in whole:
            parts = split_words(fold(word))
            if len(parts) + bool(re.search(r"[_+#]", word)) > 1 and any(
                part.startswith(asked) if leaf.beginning else part == asked for part in parts
            ):
                return "joined"
        if any(asked in split_words(fold(word)) and word.lower() != asked for word in whole):
            return "accents"
    if leaf.distance:
        rows = [[word.lower() for word in _XAPIAN_WORD.findall(text)] for text in texts]
        places = (
            [[i for i, w in enumerate(row) if w == asked] for asked in leaf.words] for row in rows
        )
        if any(are_near(columns, [1, 1], leaf.distance) for columns in places) != (
            name in corpus.ask(leaf.ours)
        ):
            return "joined"  # words between are counted otherwise
    if {"text/html", "text/enriched"} & set(corpus.types[name].split()):
        return "markup"
    if parsed.attachments:
        return "attached"
    kinds = split_words(corpus.types[name])
    if any(kind.startswith(word) for word in leaf.words for kind in kinds):
        return "types"
    others = [
        fold(f"{a.name} {a.address}")
        for a in parsed.envelope.addresses
        if a.role in ("sender", "reply-to")
    ]
    if any(word in other for word in leaf.words for other in others):
        return "senders"
    if len(leaf.words) > 1 and parsed.text and parsed.quoted:
        return "across"
    return None


def make_leaves(corpus, chance):
    """Conditions about words that are there, by chance."""
    count: Counter[str] = Counter()
    for parsed in corpus.parsed.values():
        count.update(set(split_words(fold(f"{parsed.text} {parsed.quoted}"))))
    words = sorted(
        w for w, n in count.items() if n > 2 and w.isascii() and w.isalpha() and len(w) > 2
    )
    texts = [split_words(fold(p.text)) for p in corpus.parsed.values()]
    subjects = sorted(
        {
            w
            for p in corpus.parsed.values()
            for w in split_words(fold(p.envelope.subject))
            if w in count
        }
    )
    people = sorted(
        {w for p in corpus.parsed.values() for a in p.envelope.addresses if a.role == "from"
         for w in split_words(fold(a.name)) if len(w) > 2 and w.isascii() and w.isalpha()}
    )  # fmt: skip
    days = sorted(p.envelope.sent_at for p in corpus.parsed.values() if p.envelope.sent_at)

    def make():  # noqa: PLR0911 - one for each kind
        word = chance.choice(words)
        match chance.choice(
            [
                "word",
                "word",
                "body",
                "subject",
                "from",
                "to",
                "phrase",
                "phrase",
                "begin",
                "near",
                "date",
            ]
        ):
            case "word":
                return Leaf(f"text:{word}", f'"{word}"', (word,))
            case "body":
                return Leaf(f"(body:{word} OR quoted:{word})", f'body:"{word}"', (word,))
            case "subject":
                word = chance.choice(subjects)
                return Leaf(f"subject:{word}", f'subject:"{word}"', (word,))
            case "from":
                word = chance.choice(people)
                return Leaf(f"from:{word}", f'from:"{word}"', (word,))
            case "to":
                word = chance.choice(people)
                return Leaf(f"(to:{word} OR cc:{word} OR bcc:{word})", f'to:"{word}"', (word,))
            case "begin":
                begins = chance.choice([w for w in words if len(w) > 5])[:5]
                return Leaf(f"text:{begins}*", f"{begins}*", (begins,), beginning=True)
            case "date":
                day = chance.choice(days).date()
                last = day + timedelta(days=chance.randint(0, 40))
                return Leaf(f"date:{day}..{last}", f"date:{day}..{last}")
        text = chance.choice([t for t in texts if len(t) > 8])
        at = chance.randrange(len(text) - 6)
        row = tuple(w for w in text[at : at + chance.randint(2, 3)] if w.isascii()) or (word,)
        if len(row) > 1 and chance.random() < 0.3:
            distance = chance.randint(3, 8)
            one, other = text[at], text[at + 2]
            plain = all(w.isalpha() and w.isascii() for w in (one, other))
            if plain and not {one, other} & {"and", "or", "not", "xor", "near", "adj"}:
                return Leaf(
                    f'text:"{one} {other}"~{distance}', f"{one} NEAR/{distance - 1} {other}", (one, other), distance=distance
                )  # fmt: skip
        phrase = " ".join(row)
        return Leaf(f'text:"{phrase}"', f'"{phrase}"', row)

    return make


def make_query(chance, make):
    """A query of one to four conditions in both languages, and the conditions."""
    first = make()
    ours, theirs, leaves = first.ours, first.theirs, [first]
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        leaf = make()
        joint, their_joint = chance.choice([(" ", " and "), (" OR ", " or "), (" -", " and not ")])
        ours, theirs = f"({ours}{joint}{leaf.ours})", f"({theirs}{their_joint}{leaf.theirs})"
        leaves.append(leaf)
    return ours, theirs, leaves


def test_generated_queries_find_what_notmuch_finds_or_differ_for_a_known_reason(corpus, capsys):
    chance = random.Random(2026)
    make = make_leaves(corpus, chance)
    unexplained = []
    reasons: Counter[str] = Counter()
    equal = found = 0

    @cache
    def differ(leaf):
        return corpus.ask(leaf.ours) ^ corpus.ask_notmuch(leaf.theirs)

    for _ in range(QUERIES):
        ours, theirs, leaves = make_query(chance, make)
        mine, others = corpus.ask(ours), corpus.ask_notmuch(theirs)
        equal += mine == others
        found += len(mine) > 0
        for name in mine ^ others:
            reason = next(
                (
                    r
                    for leaf in leaves
                    if name in differ(leaf)
                    if (r := explain(corpus, leaf, name))
                ),
                None,
            )
            reasons[str(reason)] += 1
            if reason is None:
                unexplained.append((ours, theirs, name, "ours" if name in mine else "theirs"))
    with capsys.disabled():
        print(f"\n{QUERIES} queries, {found} find something; {equal} equal; differing messages: {dict(reasons)}")  # fmt: skip
    assert not unexplained
    assert found > QUERIES / 2
    assert set(reasons) <= set(REASONS)


def test_every_reason_is_in_the_documentation():
    page = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
    table = page.partition("## Beside notmuch")[2]
    assert tuple(re.findall(r"^\| \*(\w+)\* \|", table, re.MULTILINE)) == REASONS
