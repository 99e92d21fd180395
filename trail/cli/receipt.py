"""`trail receipt`: a page for the recipient to sign, their answer, and what was handed over so far."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.hand_overs import (
    SHORT,
    describe_hand_over,
    find_hand_over,
    list_hand_overs,
    read_all,
)
from trail.cli.language import Language  # noqa: TC001 - typer reads it
from trail.cli.later import typer
from trail.errors import TrailError

if TYPE_CHECKING:
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
            help="The folder, the one file, the name or the digest of a hand-off; without it, all are listed.",
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
    not_sent: Annotated[
        bool,
        typer.Option(
            "--not-sent", help="This hand-off was never sent: what was only in it goes again."
        ),
    ] = False,
    passphrase_command: Annotated[
        str,
        typer.Option(
            "--passphrase-command",
            metavar="COMMAND",
            help="An encrypted hand-off: this prints its passphrase.",
        ),
    ] = "",
) -> None:
    """Make a receipt to sign, keep a signed one, or list all."""
    session: Session = ctx.obj
    if not_sent:
        if bundle is None or accept is not None:
            raise typer.BadParameter("say which hand-off, and nothing else", param_hint="BUNDLE")
        _take_back(session, bundle, passphrase_command)
    elif accept is not None:
        _accept(session, bundle, accept.expanduser(), passphrase_command)
    elif bundle is None:
        list_hand_overs(session)
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
    made = find_hand_over(read_all(session), str(bundle))
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
    made = next((h for h in read_all(session) if h.digest == facts.digest), None)
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
    from trail.handoff.answers import find_numbers, is_unanswered
    from trail.handoff.receipt import name_receipt

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise TrailError(f"{path}: cannot be read: {error.strerror}") from None
    if not content or len(content) > LARGEST:
        raise TrailError(f"{path} is {'too large' if content else 'empty'} for a receipt")
    hand_overs = read_all(session)
    digests, numbers = find_numbers(content)
    meant = [h for h in hand_overs if h.digest in digests or name_receipt(h.digest) in numbers]
    if bundle is None and len({h.digest for h in meant}) != 1:
        raise TrailError(
            f"{path} names {'no' if not meant else 'more than one'} hand-off of this archive",
            "say which: trail receipt BUNDLE --accept FILE; `trail receipt` lists them",
        )
    read_digest = partial(_read_digest, session, command=command)
    chosen = meant[0] if bundle is None else find_hand_over(hand_overs, bundle, read_digest)
    if meant and chosen not in meant:
        raise TrailError(
            f"{path} is about {meant[0].bundle}, not about {chosen.bundle}",
            "see which hand-off was answered: `trail receipt`",
        )
    if is_unanswered(content):
        session.warn(f"{path} is the receipt as trail wrote it: nobody has signed or answered it")
    kept = file_receipt(session.config.archive, chosen, content, path.suffix)
    answered = next(h for h in read_all(session) if h.digest == chosen.digest)
    data = {"handoffs": [describe_hand_over(answered)]}
    if kept is None:
        session.emit(data, f"{chosen.bundle}: this receipt is there already")
    else:
        session.emit(data, f"{chosen.bundle}: receipt kept as {kept.path}")


def _take_back(session: Session, bundle: str, command: str) -> None:
    """Note that a hand-off was never sent, unless its recipient has answered."""
    from trail import render
    from trail.archive.handovers import note_not_sent

    hand_overs = read_all(session)
    chosen = find_hand_over(hand_overs, bundle, partial(_read_digest, session, command=command))
    name = f"{chosen.bundle} ({chosen.digest[:SHORT]})"
    if chosen.receipts:
        raise TrailError(
            f"{name} was answered on {render.format_day(chosen.receipts[-1].at)}: they have it",
            "what they are to have again goes with `trail handoff --full`",
        )
    if chosen.not_sent_at is None:
        note_not_sent(session.config.archive, chosen)
    later = [
        h.bundle
        for h in hand_overs
        if h.client == chosen.client and h.at > chosen.at and h.continues and not h.not_sent_at
    ]
    told = f"{name}: never sent; what was only in it goes with the next `trail handoff {chosen.client}`"
    if later:
        told += f"\nnames it as one it builds on: {', '.join(later)}; tell whoever has that"
    noted = next(h for h in read_all(session) if h.digest == chosen.digest)
    session.emit({"handoffs": [describe_hand_over(noted)]}, told)
