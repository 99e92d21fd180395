"""`trail receipt`: a page for the recipient to sign, their answer, and what was handed over so far."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.language import Language  # noqa: TC001 - typer reads it
from trail.cli.later import typer
from trail.errors import TrailError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.archive.handovers import HandOver
    from trail.handoff.receipt import BundleFacts

LARGEST = 50 << 20
"""Bytes of an answer: a scan of some pages is far below."""


@app.command()
def receipt(
    ctx: typer.Context,
    bundle: Annotated[
        str | None,
        typer.Argument(
            metavar="[BUNDLE]",
            help="The folder, the one file or the name of a hand-off; without it, all are listed.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where the receipt is written; beside the bundle by default.",
        ),
    ] = None,
    language: Annotated[
        Language | None,
        typer.Option(
            "--language",
            help="Of the receipt; by default what the configuration says, or that of the bundle.",
        ),
    ] = None,
    accept: Annotated[
        Path | None,
        typer.Option(
            "--accept", metavar="FILE", help="Keep the recipient's answer: a mail, a scan, a text."
        ),
    ] = None,
    passphrase_command: Annotated[
        str,
        typer.Option(
            "--passphrase-command",
            metavar="COMMAND",
            help="An encrypted hand-off: this prints its passphrase.",
        ),
    ] = "",
) -> None:
    """Make a receipt to sign, keep a signed one, list all."""
    session: Session = ctx.obj
    if accept is not None:
        _accept(session, bundle, accept.expanduser(), passphrase_command)
    elif bundle is None:
        _list(session)
    else:
        spoken = language.value if language else ""
        _make(session, Path(bundle).expanduser(), out, passphrase_command, spoken)


def _read_digest(session: Session, bundle: Path, command: str) -> str:
    from trail.handoff.unpacking import is_for_age

    return "" if is_for_age(bundle) else _read_bundle(session, bundle, command).digest


def _read_bundle(session: Session, bundle: Path, command: str) -> BundleFacts:
    """What a bundle says of itself; what the archive knows of one that is not here, or that the recipient alone can open."""
    from trail.cli.parcels import laid_out
    from trail.handoff.receipt import BundleFacts, read_facts
    from trail.handoff.unpacking import is_for_age

    if bundle.is_dir():
        return read_facts(bundle)
    if bundle.is_file() and not is_for_age(bundle):
        with laid_out(session, bundle, command) as folder:
            return read_facts(folder, bundle)
    made = _find(_read(session), str(bundle))
    return BundleFacts(
        name=made.bundle,
        day=made.at.date().isoformat(),
        digest=made.digest,
        key=made.key,
        messages=made.messages,
        attachments=None,
        bytes=None,
        withheld={"": made.withheld} if made.withheld else {},
    )


def _make(session: Session, bundle: Path, out: Path | None, command: str, language: str) -> None:
    from trail.handoff.building import disk_errors
    from trail.handoff.language import NAMES
    from trail.handoff.receipt import format_page, format_text

    facts = _read_bundle(session, bundle, command)
    made = next((h for h in _read(session) if h.digest == facts.digest), None)
    if made is None:
        session.warn(f"{facts.name} is not among the hand-offs of this archive")
    slug = made.client if made else ""
    names = [client.name for client in session.config.clients if client.slug == slug]
    client = names[0] if names else slug
    spoken = NAMES.get(language or session.config.handoff.language, "")
    sender = "".join(session.config.me[:1])
    folder = out.expanduser() if out else bundle.resolve().parent
    page, text = (folder / f"{facts.name}-receipt{suffix}" for suffix in (".html", ".txt"))
    with disk_errors(page):
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(format_page(facts, client, sender, spoken), encoding="utf-8")
        text.write_text(format_text(facts, client, sender, spoken), encoding="utf-8")
    data = {
        "page": str(page), "text": str(text), "digest": facts.digest, "receipt": facts.number, "client": slug,
        "messages": facts.messages, "attachments": facts.attachments, "withheld": [{"reason": r, "messages": n} for r, n in facts.withheld.items()], "key": facts.key,
    }  # fmt: skip
    session.emit(
        data,
        f"to print   {page}\nto mail    {text}\nanswered?  trail receipt --accept FILE keeps the answer with the archive",
    )


def _accept(session: Session, bundle: str | None, path: Path, command: str) -> None:
    from trail.archive.handovers import file_receipt
    from trail.handoff.answers import find_numbers
    from trail.handoff.receipt import name_receipt

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise TrailError(f"{path}: cannot be read: {error.strerror}") from None
    if not content or len(content) > LARGEST:
        raise TrailError(f"{path} is {'too large' if content else 'empty'} for a receipt")
    hand_overs = _read(session)
    digests, numbers = find_numbers(content)
    meant = [h for h in hand_overs if h.digest in digests or name_receipt(h.digest) in numbers]
    if bundle is None and len({h.digest for h in meant}) != 1:
        raise TrailError(
            f"{path} names {'no' if not meant else 'more than one'} hand-off of this archive",
            "say which: trail receipt BUNDLE --accept FILE; `trail receipt` lists them",
        )
    read_digest = partial(_read_digest, session, command=command)
    chosen = meant[0] if bundle is None else _find(hand_overs, bundle, read_digest)
    if meant and chosen not in meant:
        raise TrailError(
            f"{path} is about {meant[0].bundle}, not about {chosen.bundle}",
            "see which hand-off was answered: `trail receipt`",
        )
    kept = file_receipt(session.config.archive, chosen, content, path.suffix)
    answered = next(h for h in _read(session) if h.digest == chosen.digest)
    data = {"handoffs": [_describe(answered)]}
    if kept is None:
        session.emit(data, f"{chosen.bundle}: this receipt is there already")
    else:
        session.emit(data, f"{chosen.bundle}: receipt kept as {kept.path}")


def _find(
    hand_overs: list[HandOver], bundle: str, read_digest: Callable[[Path], str] = lambda _: ""
) -> HandOver:
    """The hand-off of that folder, file or name; `read_digest` is asked for a file whose name several have."""
    path = Path(bundle).expanduser()
    try:
        digest = hashlib.sha256((path / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    except OSError:
        digest = ""
    name = path.resolve().name if digest else path.name
    if path.suffix in (".age", ".zip"):
        name = name.removesuffix(".age").removesuffix(".zip")
    found = [h for h in hand_overs if (h.digest == digest if digest else h.bundle == name)]
    if len({h.digest for h in found}) > 1 and path.is_file() and (digest := read_digest(path)):
        found = [h for h in found if h.digest == digest]
    if len({h.digest for h in found}) != 1:
        raise TrailError(
            f"{'several hand-offs are' if found else 'no hand-off of this archive is'} called {name}",
            "name its folder itself" if found else "`trail receipt` lists them",
        )
    return found[0]


def _list(session: Session) -> None:
    from trail.archive.handovers import is_kept

    hand_overs = _read(session)
    if not hand_overs:
        session.note("nothing was handed over yet: `trail handoff CLIENT`")
    for hand_over in hand_overs:
        for kept in hand_over.receipts:
            if not is_kept(session.config.archive, kept):
                session.warn(
                    f"{kept.path}: is not the receipt that was kept; take it from a backup"
                )
    lines = [line for hand_over in hand_overs for line in _tell(hand_over)]
    session.emit({"handoffs": [_describe(h) for h in hand_overs]}, "\n".join(lines))


def _tell(hand_over: HandOver) -> list[str]:
    from trail import render

    facts = [render.count_of(hand_over.messages, "message")]
    if hand_over.withheld:
        facts.append(f"{hand_over.withheld:,} withheld")
    if hand_over.by:
        facts.append(f"by {hand_over.by}")
    receipts = [
        f"receipt of {render.format_day(receipt.at)}: {receipt.path}"
        for receipt in hand_over.receipts
    ]
    return [
        f"{render.format_day(hand_over.at)}  {hand_over.bundle}: {', '.join(facts)}",
        *(
            f"  {line}"
            for line in (f"key {hand_over.key or 'none'}", *(receipts or ["no receipt yet"]))
        ),
    ]


def _describe(hand_over: HandOver) -> dict[str, Any]:
    from trail import render

    return {
        "at": render.format_time(hand_over.at),
        "client": hand_over.client,
        "bundle": hand_over.bundle,
        "digest": hand_over.digest,
        "messages": hand_over.messages,
        "withheld": hand_over.withheld,
        "key": hand_over.key or None,
        "by": hand_over.by or None,
        "receipts": [
            {"at": render.format_time(r.at), "path": r.path, "sha256": r.digest, "bytes": r.size}
            for r in hand_over.receipts
        ],
    }


def _read(session: Session) -> list[HandOver]:
    from trail.archive.handovers import read_hand_overs
    from trail.archive.store import open_archive

    with open_archive(session.config.archive) as archive:
        return read_hand_overs(archive)
