"""`trail verify`: is what was archived, or handed over, still what it was? And mending it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import FixityMismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trail.archive.damage import Damage
    from trail.archive.store import Archive
    from trail.intake.comparison import Compared, Places
    from trail.intake.repair import Outcome
    from trail.intake.round import Round

    Progress = Callable[[str, int, int], None]


@app.command()
def verify(
    ctx: typer.Context,
    bundle: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BUNDLE]",
            help="The folder or the one file of a hand-off; without it, the archive.",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="N",
            min=1,
            help="Hash N messages at random; with --server, compare so many whole.",
        ),
    ] = None,
    from_start: Annotated[
        bool,
        typer.Option(
            "--from-start", help="Do not go on where the last verification was cut short."
        ),
    ] = False,
    server: Annotated[
        bool,
        typer.Option("--server", help="Compare with the servers, too: all by size, some by bytes."),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Mend what can be mended, from the servers where need be."),
    ] = False,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="FINGERPRINT", help="A hand-off: the key its sender told you."
        ),
    ] = "",
    authority: Annotated[
        Path | None,
        typer.Option(
            "--authority",
            metavar="FILE",
            help="A hand-off: certificates (PEM) that its timestamp must lead to.",
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
    """Check the archive, or a hand-off, against its hashes."""
    session: Session = ctx.obj
    if bundle is None and (key or authority):
        raise typer.BadParameter("name the folder of the hand-off", param_hint="BUNDLE")
    if bundle is None:
        _verify_archive(session, sample, from_start=from_start, server=server, repair=repair)
    elif sample or from_start or server or repair:
        raise typer.BadParameter(
            "a hand-off is always checked whole, by itself", param_hint="BUNDLE"
        )
    elif bundle.is_file():
        from trail.cli.parcels import laid_out

        with laid_out(session, bundle, passphrase_command) as folder:
            _verify_bundle(session, folder, key, authority, shown=bundle)
    else:
        _verify_bundle(session, bundle, key, authority, shown=bundle)


def _verify_bundle(
    session: Session, bundle: Path, key: str, authority: Path | None, *, shown: Path
) -> None:
    from dataclasses import replace

    from trail.cli.progress import show_progress
    from trail.cli.seals import bundle_data, bundle_text
    from trail.handoff.check import verify_bundle
    from trail.handoff.seal import check_seal
    from trail.handoff.timestamp import read_authorities
    from trail.handoff.verify import MANIFEST, SIGNATURE, read_fingerprint

    told = read_fingerprint(key)
    if key and not told:
        raise typer.BadParameter(
            "a key is 20 letters and digits, such as 7KQ2M-9XWDF-3HTPA-CEV8R", param_hint="--key"
        )
    if (bundle / "ledger.db").exists():
        raise typer.BadParameter(
            f"{bundle} is an archive; name none to check it", param_hint="BUNDLE"
        )
    if not bundle.is_dir():
        raise typer.BadParameter(f"{bundle} is not there", param_hint="BUNDLE")
    if not any((bundle / name).exists() for name in ("bagit.txt", MANIFEST, SIGNATURE)):
        inside = sorted(mark.parent for mark in bundle.glob("*/bagit.txt"))
        where = f"; {inside[0]} is one" if inside else ""
        raise typer.BadParameter(
            f"{shown} is no hand-off, it has no bagit.txt{where}", param_hint="BUNDLE"
        )
    with show_progress(session) as progress:
        result = verify_bundle(bundle, lambda done: progress("verifying", done, 0))
    seal = None
    if result.ours or key:
        ca = authority or (session.config.handoff.timestamp_ca if _has_config(session) else None)
        seal = check_seal(bundle, told, read_authorities(ca.expanduser()) if ca else None)
        result = replace(result, problems=(*result.problems, *seal.problems))
    session.emit(bundle_data(result, seal), bundle_text(result, seal, str(shown), told))
    if result.ok:
        return
    held = seal.key if seal else ""
    if seal and told and held and not seal.told and len(result.problems) == 1:
        raise FixityMismatch(
            f"the key you gave is not the one {shown} is signed with",
            "look for a slip in it: ask the sender once more, letter by letter; if it stays another, rely on nothing in the bundle",
        )
    raise FixityMismatch(
        f"{shown} is not as it was recorded"
        if result.ours
        else f"{shown} breaks the rules of its format",
        _advise(result.problems, held),
    )


def _advise(problems: Sequence[str], key: str) -> str:
    from trail.handoff.verify import LEFT

    if key and all(problem.endswith(LEFT) for problem in problems):
        return "remove these files, and check again"
    return "ask the sender for the bundle again"


def _has_config(session: Session) -> bool:
    return session.config_path.is_file()


def _verify_archive(
    session: Session, sample: int | None, *, from_start: bool, server: bool, repair: bool
) -> None:
    from trail.archive.bookmark import Bookmark
    from trail.archive.store import open_archive, writing_archive
    from trail.archive.verify import verify_archive
    from trail.cli.progress import show_progress
    from trail.cli.verification import verification_data, verification_text
    from trail.intake.comparison import SAMPLE, compare_with_servers
    from trail.intake.repair import repair_archive
    from trail.pipeline import catch_up

    config = session.config
    compared: list[Compared] = []
    unlike: Places = {}
    outcomes: list[Outcome] = []
    with show_progress(session) as progress:
        with open_archive(config.archive) as archive:
            bookmark = Bookmark(archive.ledger, from_start=from_start)
            _say_where(session, bookmark, sample)
            result = verify_archive(archive, progress, sample=sample, bookmark=bookmark)
            if server:
                compared, unlike = compare_with_servers(
                    _round(session, archive, progress), sample or SAMPLE
                )
        damage = (*result.damage, *(d for c in compared for d in c.differing))
        if repair and any(d.kind not in ("stranger", "ledger", "audit") for d in damage):
            with writing_archive(config.archive) as archive:
                round_ = _round(session, archive, progress)
                outcomes = repair_archive(round_, [d for d in damage if d.kind != "server"])
                if any(o.mended for o in outcomes):
                    catch_up(round_)  # a message is found again as soon as it is back
                outcomes += _look_again(archive, damage, unlike)
    for account in compared:
        if account.error:
            session.warn(f"{account.error}; it was not compared to the end")
    mended = {o.damage for o in outcomes if o.mended}
    left = [d for d in damage if d not in mended]
    if mended and sample is None:
        bookmark.finish(result.total, sum(d.kind != "server" for d in left))
    session.emit(
        verification_data(result, damage, compared, outcomes, left),
        verification_text(str(config.archive), result, compared, outcomes, left, damage),
    )
    if left:
        raise FixityMismatch(
            f"{config.archive} is not as it was recorded",
            "keep a copy of it as it is, then do what is said above"
            if not repair
            else "not everything could be mended: keep a copy of it as it is, then do what is said above",
        )


def _round(session: Session, archive: Archive, progress: Progress) -> Round:
    from trail.cli.connect import connect_with
    from trail.intake import Round

    return Round(archive, session.config, connect_with(session.environ), progress=progress)


def _say_where(session: Session, bookmark: Any, sample: int | None) -> None:
    place = bookmark.read()
    if place and sample is None:
        day = place.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
        session.note(f"going on with the verification of {day}; --from-start begins anew")


def _look_again(archive: Archive, damage: Sequence[Damage], unlike: Places) -> list[Outcome]:
    from trail.intake.comparison import forget_unlike
    from trail.intake.repair import Outcome

    if unlike:
        forget_unlike(archive, unlike)
    return [
        Outcome(d, True, "the next `trail sync` looks again") for d in damage if d.kind == "server"
    ]
