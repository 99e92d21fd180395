"""A PDF of every message, to read and print: a companion of the mail, made by worker processes while the rest is written.

In: messages as they lie in the bundle. Out: `data/pdf/<Derivatives-Path>/<Mailbag-Message-ID>.pdf`, one each, always.
Never: keeps a message in memory beyond those that are being drawn, or draws a text in this process: hostile mail may
kill whoever draws it.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from trail.handoff.language import LANGUAGES, NAMES
from trail.workers import Crew, WorkerKilled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from trail.handoff.bag import Bag
    from trail.handoff.companions import Colophon, Written

    ReadPieces = Callable[[bytes], Sequence[tuple[str, str]]]

FOLDER = "data/pdf"
AHEAD = 50
"""Messages that wait to be drawn: bounds the memory, and lets the progress that is shown be true of these, too."""
PATIENCE = 120.0
"""Seconds after which a message is given up."""


class Drawing(NamedTuple):
    """A message to draw."""

    root: Path
    """Of the bundle, in which its attachments lie."""
    written: Written
    target: Path
    read: ReadPieces | None = None
    language: str = "en"
    """Of our own words on it."""
    plain: bool = False
    """Whether only that it could not be drawn is to be said."""


@dataclass(slots=True)
class Shortfall:
    """How many PDFs do not show all that their message says."""

    boxed: int = 0
    """With a box for a sign that no font here has."""
    undrawn: int = 0
    """Of messages that could not be drawn at all."""


class MessagePdfs:
    """The PDFs under construction. `shortfall` is told what is missing in them.

    `read` reads the text of a message, from its bytes, in the order in which it stands there; workers call it. Labels are in
    `language` (one of NAMES), with "" in that of each message, else English.
    """

    def __init__(
        self,
        drafts: Path,
        me: tuple[str, ...],  # noqa: ARG002 - a companion is given it
        *,
        shortfall: Shortfall | None = None,
        read: ReadPieces | None = None,
        language: str = "",
    ) -> None:
        self._language = NAMES.get(language, "")
        self._read = read
        self._shortfall = shortfall or Shortfall()
        self._drafts = drafts
        self._root = drafts.parents[1]
        self._crew: Crew | None = Crew(deadline=PATIENCE)
        self._waiting: deque[tuple[Drawing, Future[int | None]]] = deque()
        self._paths: list[str] = []

    def add(self, written: Written) -> None:
        """Have a message drawn; its attachments are in the bundle already."""
        files = tuple(replace(file, text="") for file in written.files)
        small = replace(written, files=files, statements=())
        target = self._drafts / f"{written.mailbag_id}.pdf"
        language = self._language or (written.language if written.language in LANGUAGES else "en")
        drawing = Drawing(self._root, small, target, self._read, language)
        self._waiting.append((drawing, self._submit(drawing)))
        self._paths.append(name_pdf(written.path))
        while len(self._waiting) > AHEAD:
            self._settle()

    def write(self, bag: Bag, colophon: Colophon) -> None:
        """Take the PDFs into the bag."""
        while self._waiting:
            self._settle()
        self._leave(None)
        for path in self._paths:
            draft = self._drafts / path.rpartition("/")[2]
            bag.write_file(path, draft.read_bytes())
            draft.unlink()  # so that there are never two of all
        if self._paths:
            bag.info += [
                ("PDF-Format-Details", "PDF/A-3b"),
                ("PDF-Agent", "trail"),
                ("PDF-Agent-Version", colophon.version),
            ]

    def abandon(self) -> None:
        """End the workers."""
        self._leave(KeyboardInterrupt)

    def _submit(self, drawing: Drawing) -> Future[int | None]:
        assert self._crew is not None, "no message may follow the last"
        return self._crew.submit(_draw, drawing)

    def _settle(self) -> None:
        drawing, future = self._waiting.popleft()
        try:
            missing = future.result()
        except WorkerKilled:
            missing = _draw(drawing._replace(plain=True))  # of our own words: nothing in them kills
        self._shortfall.undrawn += missing is None
        self._shortfall.boxed += bool(missing)

    def _leave(self, kind: type[BaseException] | None) -> None:
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.__exit__(kind)


def name_pdf(eml: str) -> str:
    """The path of a message's PDF, from that of its .eml."""
    return f"{FOLDER}{eml.removeprefix('data/eml').removesuffix('.eml')}.pdf"


def _draw(drawing: Drawing) -> int | None:
    """Write the PDF of a message, and return how many signs are missing in it.

    One that cannot be drawn gets a page that says so: None.
    """
    from trail.handoff.pdf.page import draw_message, draw_notice  # noqa: PLC0415 - a second to load, needed by workers

    if not drawing.plain:
        with suppress(
            Exception
        ):  # whatever it is, the .eml is there, and the rest of the bundle is not to wait
            content = (drawing.root / drawing.written.path).read_bytes() if drawing.read else b""
            pieces = drawing.read(content) if drawing.read else ()
            drawn = draw_message(drawing.root, drawing.written, pieces, drawing.language)
            drawing.target.write_bytes(drawn.content)
            return drawn.missing
    drawing.target.write_bytes(draw_notice(drawing.written, drawing.language))
    return None
