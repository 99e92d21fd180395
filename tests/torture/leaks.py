"""Ten clients' mail made up anew again and again: no byte of one client's in another's bundle, nothing harmless withheld.

    python tests/torture/leaks.py --seeds 20 [--from 1]

Prints a line a seed, and how to play a failing one again. Ends with 1 at the first that fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from archive.archiving import AT, key_of, put
from syncing import make_config
from ten_clients import CLIENTS, NAMES, Office, decode_everything, read_attachments

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.handoff.filters import Filters
from trail.handoff.patterns import read_pattern
from trail.selection import select_messages
from trail.transfer import hand_over

VEILED = 10
"""Messages in which the word to be redacted stands, at least."""


def play(seed: int) -> list[str]:
    """What went wrong with one year."""
    made = Office(seed=seed, threads=5).run()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with writing_archive(root / "archive") as archive:
            put(archive, *(one.content for one in made.made))
            attribute_pending(archive, CLIENTS)
            if seed % 2:  # else nobody has read them yet: the hand-off does
                read_attachments(archive)
            config = make_config(archive.root, clients=CLIENTS)
            for client in CLIENTS:
                selection = select_messages(archive, config, client)
                chosen = {message.key for message in selection.chosen}
                for one in made.made:
                    may, does = client.slug in one.gives_to, key_of(one.content) in chosen
                    if may is not does:
                        word = "given" if does else "withheld"
                        wrong.append(f"{word}: {one.about}, {client.slug}")
                out = root / client.slug
                hand_over(archive, config, selection, out, agent_version="1", at=AT)
                wrong += search(out, {n: made.canaries[n] for n in NAMES if n != client.slug})
            client = CLIENTS[seed % len(CLIENTS)]
            wrong += black_out(archive, config, client, made.veiled[client.slug], root / "black")
    return wrong


def black_out(archive, config, client, word: str, out: Path) -> list[str]:
    """What is left of a word that was to be redacted."""
    selection = select_messages(archive, config, client, Filters(redacted=(word,)))
    bundle = hand_over(
        archive, config, selection, out, agent_version="1", at=AT, patterns=[read_pattern(word)],
        salt=b"x",
    )  # fmt: skip
    few = [] if len(bundle.changed) > VEILED else [f"redacted in {len(bundle.changed)} only"]
    return few + search(out, {"a redacted word": [word]})


def search(bundle: Path, canaries: dict[str, list[str]]) -> list[str]:
    """Canaries of others in any reading of any file."""
    tokens = {token.encode(): name for name, some in canaries.items() for token in some}
    return [
        f"{name} in {path.name}"
        for path in bundle.rglob("*")
        if path.is_file()
        for reading in decode_everything(path.read_bytes())
        for token, name in tokens.items()
        if token in reading
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--from", type=int, default=1, dest="first")
    asked = parser.parse_args()
    for seed in range(asked.first, asked.first + asked.seeds):
        wrong = play(seed)
        told = dict.fromkeys(one.rpartition(", ")[0] or one for one in wrong)
        print(f"seed {seed}: {'; '.join(told) or 'well'}", flush=True)
        if wrong:
            print(f"again: python tests/torture/leaks.py --seeds 1 --from {seed}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
