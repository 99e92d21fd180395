"""What to do in a folder: pure, without a network.

Comes in: what the server shows and what is decided already. Goes out: UIDs to decide, in batches. What to fetch is
always server UIDs minus UIDs with a decision, never "greater than the last one seen".
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from trail.fetch.source import FolderState, RemoteFolder

WINDOW = 2000
"""UIDs whose size and date are asked for at once."""
BATCH_MESSAGES = 500
BATCH_BYTES = 3 * 1024 * 1024
HEADER_BATCH = 500
SIZES_BATCH = 5_000
"""Messages whose sizes are asked for at once, where nothing else is needed to decide."""

_LEAVE_OUT = frozenset({"\\junk", "\\trash", "\\drafts"})
_VIRTUAL = frozenset(
    {"\\all", "\\flagged", "\\important"}
)  # shows of messages that lie in other folders
_UNOPENABLE = frozenset({"\\noselect", "\\nonexistent"})
# Names by which servers without special-use call the same folders, in the languages of our users
_JUNK_NAMES = frozenset(
    (
        "junk",
        "spam",
        "junk e-mail",
        "junk email",
        "bulk mail",
        "uønsket mail",
        "uønsket post",
        "junk-e-mail",
        "spamverdacht",
        "unerwünscht",
        "courrier indésirable",
        "indésirables",
        "pourriel",
    )
)
_TRASH_NAMES = frozenset(
    (
        "trash",
        "deleted",
        "deleted items",
        "deleted messages",
        "papirkurv",
        "slettet post",
        "papierkorb",
        "gelöschte elemente",
        "gelöscht",
        "corbeille",
        "éléments supprimés",
    )
)
_DRAFT_NAMES = frozenset(("drafts", "draft", "kladder", "kladde", "entwürfe", "brouillons"))


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What a round has to do in one folder."""

    undecided: tuple[int, ...]
    """To be decided, new ones first, then those to be decided again; each part ascending."""
    gone: frozenset[int]
    """Decided, and no longer on the server."""
    returned: frozenset[int]
    """Marked as gone, and on the server after all."""


def choose_folders(
    folders: Sequence[RemoteFolder], wanted: Collection[str] = (), *, gmail: bool = False
) -> tuple[list[RemoteFolder], list[str], list[str]]:
    """The folders to archive, the names of those left out, and names that were wanted but are not there.

    With `wanted` just these. Otherwise all but junk, trash and drafts, and the virtual folders that repeat others.
    On Gmail, where every label is a folder, All Mail alone, unless IMAP access to it is switched off.
    """
    openable = [f for f in _tell_apart(folders) if not f.attributes & _UNOPENABLE]
    if wanted:
        chosen, missing = _find_wanted(openable, wanted)
        return chosen, [f.name for f in openable if f not in chosen], missing
    if gmail and (all_mail := [f for f in openable if "\\all" in f.attributes]):
        return all_mail, [f.name for f in openable if f not in all_mail], []
    out = {f.name for f in openable if f.attributes & _LEAVE_OUT or _has_left_out_name(f, openable)}
    chosen = [
        f for f in openable if not f.attributes & _VIRTUAL and out.isdisjoint(_list_levels(f.name))
    ]
    return chosen, [f.name for f in openable if f not in chosen], []


def plan_folder(
    on_server: Collection[int],
    *,
    settled: AbstractSet[int],
    again: AbstractSet[int],
    gone: AbstractSet[int],
) -> FolderPlan:
    """Compare what the server shows with what is decided: for good (`settled`), or to be decided `again`."""
    shown = frozenset(on_server)
    undecided = sorted(shown - settled - again) + sorted(shown & again)
    return FolderPlan(
        tuple(undecided), frozenset((settled | again) - shown - gone), frozenset(gone & shown)
    )


def is_unchanged(state: FolderState, *, uidnext: int | None, on_server: int) -> bool:
    """Whether equal numbers prove that nothing came and nothing went since the last complete look.

    Within one UIDVALIDITY nothing can arrive without raising UIDNEXT, so the set of messages can only have shrunk;
    an equal count then means the same set (RFC 9051, section 2.3.1.1).
    """
    return uidnext is not None and state.uidnext == uidnext and state.exists == on_server


def split_windows(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """What to ask sizes and dates for at once, with the messages left where they are."""
    return (uids[start : start + WINDOW] for start in range(0, len(uids), WINDOW))


def split_batches(
    uids: Sequence[int],
    sizes: Mapping[int, int],
    *,
    most: int = BATCH_MESSAGES,
    most_bytes: int = BATCH_BYTES,
) -> Iterator[list[int]]:
    """Batches bounded by count and by bytes; a message larger than that stands alone."""
    batch: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(
            uid, most_bytes
        )  # a server that does not tell the size may be hiding a large one
        if batch and (len(batch) >= most or total + size > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch


def _tell_apart(folders: Sequence[RemoteFolder]) -> list[RemoteFolder]:
    """Each folder once, and no two of one name: under one name, the UIDs of one would pass for the other's.

    A server may spell `Nørrebro` in modified UTF-7 and, for another folder, in raw UTF-8.
    """
    spelled: dict[bytes, RemoteFolder] = {}
    for folder in folders:
        spelled.setdefault(folder.raw, folder)
    counts = Counter(folder.name for folder in spelled.values())
    return [
        f if counts[f.name] == 1 else replace(f, name=f"{f.name} ({ascii(f.raw)[2:-1]})")
        for f in spelled.values()
    ]


def _find_wanted(
    folders: Sequence[RemoteFolder], wanted: Collection[str]
) -> tuple[list[RemoteFolder], list[str]]:
    """The folders of these names, each once, and the names without one. Case matters only between two that differ in it."""
    exact = {f.name: f for f in folders}
    folded = {_normalise(f.name): f for f in reversed(folders)}
    found = {name: exact.get(name) or folded.get(_normalise(name)) for name in wanted}
    chosen = dict.fromkeys(f for f in found.values() if f)
    return list(chosen), [name for name, folder in found.items() if folder is None]


def _list_levels(name: str) -> Iterator[str]:
    """The folder itself and those it lies in: what lies in the trash is trash."""
    parts = name.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))


def _has_left_out_name(folder: RemoteFolder, folders: Sequence[RemoteFolder]) -> bool:
    """Go by the name only for a use that the server marks nowhere."""
    marked = frozenset().union(*(f.attributes for f in folders))
    last = _normalise(folder.name.rsplit("/", 1)[-1])
    parents = _normalise(folder.name.rsplit("/", 1)[0]) if "/" in folder.name else ""
    if parents not in (
        "",
        "inbox",
        "[gmail]",
        "[google mail]",
    ):  # Clients/Spam is a client's matter
        return False
    names = {"\\junk": _JUNK_NAMES, "\\trash": _TRASH_NAMES, "\\drafts": _DRAFT_NAMES}
    return any(use not in marked and last in known for use, known in names.items())


def _normalise(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
