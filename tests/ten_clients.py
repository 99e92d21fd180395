"""A year of made-up mail with ten clients, in which things go wrong as they do: forwards, quotes, blind copies, wrong files.

In: a seed. Out: messages, each with whom it may be given to. Every client's own words hold a canary that is nowhere else:
what is found of it in another client's bundle is a leak. What all offices have in common is there, too.
"""

from __future__ import annotations

import base64
import contextlib
import email
import html as escapes
import io
import json
import quopri
import random
import re
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from trail.documents import read_documents
from trail.model import Client
from trail.parse.message import parse_message

ME = "me@studio.example"
NAMES = [
    "alder",
    "birch",
    "cedar",
    "dahlia",
    "elmwood",
    "fennel",
    "ginkgo",
    "hazel",
    "ironbark",
    "juniper",
]
CLIENTS = tuple(Client(n, f"{n.title()} Holding Ltd", domains=(f"{n}.example",)) for n in NAMES)
_WORDS = [
    "amber",
    "anchor",
    "basin",
    "beacon",
    "candle",
    "cobalt",
    "copper",
    "cradle",
    "delta",
    "ember",
    "falcon",
    "ferry",
    "garnet",
    "gravel",
    "harbor",
    "hollow",
    "indigo",
    "island",
    "jasper",
    "kettle",
    "lagoon",
    "lantern",
    "magnet",
    "meadow",
    "nectar",
    "nickel",
    "orchard",
    "otter",
    "paddle",
    "pebble",
    "quarry",
    "quiver",
    "raven",
    "ribbon",
    "saddle",
    "silver",
    "timber",
    "tunnel",
    "umber",
    "valley",
    "velvet",
    "walnut",
    "willow",
    "yarrow",
    "zephyr",
]
SIGNATURE = (
    "Kind regards\nMira Lund\n\nStudio Lund, Harbour Street 12, 2100 Copenhagen\n"
    "Phone +45 55 55 55 55, company registration number 12 34 56 78"
)
DISCLAIMER = (
    "This message and its attachments are confidential and intended solely for the person to whom they are addressed."
    " If you have received this message in error please tell the sender and delete it from your system."
)
STOCK = (
    "Please let me know if you have any questions about this, or if you would like to talk on the phone.",
    "Thank you very much for your message, and please excuse that it took me so long to answer.",
    "I will be out of the office until Monday, and will get back to you as soon as I can.",
)
HOLIDAY = (
    "Our studio closes for the summer on the tenth of July and opens again on the third of August."
    " Everything that reaches us before the first of July will be done before we leave."
)
TERMS = b"TERMS OF TRADE\nAll our work is invoiced monthly and due within fourteen days of the invoice.\n"


@dataclass
class Made:
    """A message; `gives_to` are the slugs of the clients it may be given to without a decision."""

    content: bytes
    about: str
    gives_to: frozenset[str]


@dataclass
class Office:
    """The mail of the year, as it is made."""

    seed: int = 1
    threads: int = 3
    made: list[Made] = field(default_factory=list)
    canaries: dict[str, list[str]] = field(default_factory=dict)
    veiled: dict[str, str] = field(default_factory=dict)
    """Of each client a word that stands in their mail in every disguise."""
    _number: int = 0

    def __post_init__(self):
        self._chance = random.Random(self.seed)
        self._at = datetime(2024, 1, 8, 9, tzinfo=UTC)

    # words

    def say(self, name):
        """A sentence only this client's mail has."""
        words = self._chance.choices(_WORDS, k=11)
        token = f"{name[:3]}q{self._chance.randrange(16**8):08x}"
        words.insert(5, token)
        self.canaries.setdefault(name, []).append(token)
        sentence = " ".join(words)
        return sentence[0].upper() + sentence[1:] + "."

    def letter(self, *paragraphs, mine):
        closing = SIGNATURE if mine else f"Regards\nJo\n\n{DISCLAIMER}"
        stock = self._chance.choice(STOCK)
        return "\n\n".join(["Hello,", *paragraphs, stock, closing]) + "\n"

    # messages

    def write(
        self, about, sender, to, text, *, gives_to, subject="x", answers=None, html=None, files=(),
        cte=None, **headers,
    ):  # fmt: skip
        """Make a message, and return it as an EmailMessage."""
        self._number += 1
        self._at += timedelta(hours=self._chance.randrange(1, 9))
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = sender, to
        message["Subject"] = subject
        message["Date"] = self._at
        host = sender.rpartition("@")[2]
        message["Message-ID"] = f"<m{self._number}.{self._chance.randrange(16**6):x}@{host}>"
        if answers is not None:
            message["References"] = answers["Message-ID"]
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text, cte=cte)
        if html is not None:
            message.add_alternative(html, subtype="html", cte=cte)
        for filename, content, kind in files:
            if isinstance(content, EmailMessage):
                message.add_attachment(content)
            else:
                main, _, sub = kind.partition("/")
                message.add_attachment(content, maintype=main, subtype=sub, filename=filename)
        self.made.append(Made(message.as_bytes(), about, frozenset(gives_to)))
        return message

    def person(self, name):
        return f"jo@{name}.example"

    def run(self):
        """Make everything."""
        roots = {name: self.make_threads(name) for name in NAMES}
        for name in NAMES:
            self.write(
                "a circular", ME, self.person(name), self.letter(HOLIDAY, mine=True), gives_to=[name],
                files=[("terms.txt", TERMS, "text/plain")],
            )  # fmt: skip
        for place, name in enumerate(NAMES):
            other = NAMES[(place + 3) % len(NAMES)]
            self.slip(name, other, roots[name], roots[other])
            self.veiled[name] = self.veil(name)
        return self

    def make_threads(self, name):
        """Ordinary correspondence. Returns (message, its text, its sentence) of what the client wrote."""
        found = []
        for number in range(self.threads):
            said = self.say(name)
            text = self.letter(said, mine=False)
            plan = self.say(name).encode()
            first = self.write(
                "a letter", self.person(name), ME, text, gives_to=[name], subject=f"Matter {number}",
                files=[(f"plan-{number}.txt", plan, "text/plain")], cte=self._chance.choice(["quoted-printable", "base64"]),
            )  # fmt: skip
            found.append((first, text, said, plan))
            mine = self.letter(self.say(name), mine=True)
            quoted = "\n".join(f"> {line}" for line in text.splitlines())
            reply = self.write(
                "an answer", ME, self.person(name), f"{mine}\nOn Monday Jo wrote:\n{quoted}\n", gives_to=[name],
                subject=f"Re: Matter {number}", answers=first,
            )  # fmt: skip
            said = self.say(name)
            self.write(
                "an answer in HTML", self.person(name), ME, self.letter(said, mine=False), gives_to=[name],
                subject=f"Re: Matter {number}", answers=reply,
                html=f"<p>{self.letter(said, mine=False)}</p><blockquote><p>{mine}</p></blockquote>",
            )  # fmt: skip
        return found

    def slip(self, name, other, own, theirs):
        """Everything of another client's that gets into the mail with one."""
        jo = self.person(name)
        messages = iter(theirs * 20)

        def send(about, text, **more):
            return self.write(about, ME, jo, text, gives_to=(), **more)

        def mine():
            return self.letter(self.say(name), mine=True)

        first, text, said, plan = next(messages)
        send(
            "a forward",
            f"{mine()}\n---------- Forwarded message ----------\nFrom: Jo\nSubject: Matter\n\n{text}",
        )
        send("a forward as attachment", mine(), files=[("", first, "")])
        first, text, said, plan = next(messages)
        send(
            "a forward as a file",
            mine(),
            files=[("mail.dat", first.as_bytes(), "application/octet-stream")],
        )
        send(
            "a forward as .eml",
            mine(),
            files=[("note.eml", first.as_bytes(), "application/octet-stream")],
        )
        quoted = "\n".join(f"> {line}" for line in text.splitlines())
        leaked = send("a quote on top", f"{quoted}\n\n{mine()}", answers=own[0][0])
        self.write(
            "an answer to a leak",
            jo,
            ME,
            f"Who is that?\n\nOn Monday Mira wrote:\n> {said}\n",
            gives_to=(),
            answers=leaked,
        )
        first, text, said, plan = next(messages)
        send("a quote below", f"{mine()}\n\nOn Monday Jo wrote:\n\n> > {said}\n", cte="base64")
        send(
            "a quote in HTML",
            mine(),
            html=f"<p>See below</p><div><blockquote>{'<br>'.join(said.split(' '))}</blockquote></div>",
        )
        send(
            "a comment in HTML",
            mine(),
            html=f"<p>See below</p><!-- {said} -->",
            cte="quoted-printable",
        )
        first, text, said, plan = next(messages)
        send(
            "a pasted sentence",
            self.letter(self.say(name), f"By the way: {said} Funny, is it not?", mine=True),
        )
        send("a file of theirs", mine(), files=[("plan.txt", plan, "text/plain")])
        send(
            "a table with their words",
            mine(),
            files=[("table.csv", f'1;"{said}"\n'.encode(), "text/csv")],
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("inner/letter.txt", text)
        send(
            "a package with their words",
            mine(),
            files=[("box.zip", packed.getvalue(), "application/zip")],
        )
        send(
            "a file named after them",
            mine(),
            files=[(f"{other.title()}-offer.pdf", b"%PDF-1.4 nothing", "application/pdf")],
        )
        send(
            "an address of theirs",
            self.letter(f"Write to anna@{other}.example instead.", mine=True),
        )
        send("a blind copy", mine(), Bcc="somebody@elsewhere.example")
        self.disguise(send, mine, next(messages)[2], other)
        self.seal(name, send, mine)
        self.write(
            "a letter to both",
            ME,
            f"{jo}, {self.person(other)}",
            self.letter(self.say(name), self.say(other), mine=True),
            gives_to=(),
        )
        self.write(
            "an internal note",
            ME,
            "me@studio.example",
            self.letter(self.say(name), mine=True),
            gives_to=(),
            answers=own[0][0],
        )
        self.write(
            "a turned thread",
            ME,
            self.person(other),
            self.letter(self.say(other), mine=True),
            gives_to=(),
            answers=own[1][0],
        )

    def disguise(self, send, mine, said, other):
        """Another client's words, and an address of theirs, as only a program reads them."""
        escaped = json.dumps({"note": said}).replace(" ", r"\u0020")
        send("a note in JSON", mine(), files=[("note.json", escaped.encode(), "application/json")])
        card = (
            "BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:"
            + "=20".join(said.split()).replace("=20", "=20=\r\n", 4)
            + "\r\nEND:VCARD\r\n"
        )
        send("a card", mine(), files=[("jo.vcf", card.encode(), "text/x-vcard")])
        noise = self._chance.randbytes(3000) + bytes(8)
        for about, words in (("", said.encode()), (" in UTF-16", said.encode("utf-16-le"))):
            data = bytes(4) + noise + words + bytes(3) + noise
            send(f"a binary file{about}", mine(), files=[("x.bin", data, "application/x-disk")])
        picture = b"\x89PNG\r\n\x1a\n" + make_chunk(b"IHDR", bytes(13))
        for kind, note in (
            (b"zTXt", b"Comment\0\0" + zlib.compress(said.encode())),
            (b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(said.encode())),
        ):
            data = picture + make_chunk(kind, note) + make_chunk(b"IEND", b"")
            send(f"a picture with {kind.decode()}", mine(), files=[("x.png", data, "image/png")])
        shifted = bytes((byte + 42) % 256 for byte in said.encode())
        escapes = {byte: b"=" + bytes([(byte + 64) % 256]) for byte in b"\0\t\n\r =."}
        packed = b"".join(escapes.get(byte, bytes([byte])) for byte in shifted)
        lines = (
            b"see\r\n=ybegin line=128 size=99 name=x.txt\r\n" + packed + b"\r\n=yend size=99\r\n"
        )
        send("a file in yEnc", mine(), files=[("x.txt", lines, "text/plain")])
        send(
            "a text in UTF-7",
            mine(),
            files=[("x.txt", said.encode("utf-7").replace(b" ", b"+ACA-"), "text/plain; charset=utf-7")],
        )  # fmt: skip
        send(
            "a rewritten address",
            mine(),
            Return_Path=f"<SRS0=Ab1+=7Z={other}.example=jo@relay.example>",
        )
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("a/note.json", escaped)
        send(
            "a note in a package", mine(), files=[("notes.zip", box.getvalue(), "application/zip")]
        )
        if other in NAMES[:2]:  # they take their time
            filling = "".join(f"{number:x} lorem\n" for number in range(240_000))
            send(
                "the end of a long text",
                mine(),
                files=[("long.txt", f"{filling}{said}\n".encode(), "text/plain")],
            )
            with zipfile.ZipFile(box := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as package:
                package.writestr("long.txt", f"{filling}{said}\n")
            send(
                "the end of a long text in a package",
                mine(),
                files=[("long.zip", box.getvalue(), "application/zip")],
            )

    def veil(self, name):
        """The client's own words in every disguise: where they are to be redacted, none of it may be left. Returns their token."""
        jo, said = self.person(name), self.say(name)
        token = self.canaries[name][-1]

        def send(about, text, **more):
            return self.write(f"veiled: {about}", jo, ME, text, gives_to=[name], **more)

        def plain():
            return self.letter("See there.", mine=False)

        self.disguise(send, plain, said, "")
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in token)
        send("wide letters", self.letter(f"It is {wide}, as you know.", mine=False), cte="base64")
        day = f"BEGIN:VCALENDAR\r\nSUMMARY:{wide[:5]}\r\n {wide[5:]}\r\nEND:VCALENDAR\r\n"
        send("a day", plain(), files=[("day.ics", day.encode(), "text/calendar; charset=utf-8")])
        away = (
            f"Content-Type: text/plain; name={token}.txt\r\nContent-ID: <1@{name}.example>\r\n\r\n"
        )
        box = "message/external-body; access-type=anon-ftp; site=x.example"
        send("what lies elsewhere", plain(), files=[("", away.encode(), "text/x-away")])
        folded = (
            self.made[-1]
            .content.replace(b"text/x-away", box.encode())
            .replace(b"Subject: x", f"Subject: on {token[:6]}\r\n {token[6:]} and more".encode())
        )
        self.made[-1] = replace(self.made[-1], content=folded)
        return token

    def seal(self, name, send, mine):
        """Boxes nobody can open: what the client sent is theirs, what the sender sent is in doubt."""
        jo = self.person(name)
        theirs, ours = (b"7z\xbc\xaf\x27\x1c" + self._chance.randbytes(400) for _ in range(2))
        files = [("box.7z", theirs, "application/x-7z-compressed")]
        said = self.letter(self.say(name), mine=False)
        self.write("a closed box of the client's", jo, ME, said, gives_to=[name], files=files)
        self.write("the same box on its way back", ME, jo, mine(), gives_to=[name], files=files)
        send("a closed box", mine(), files=[("box.7z", ours, "application/x-7z-compressed")])


def make_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG picture."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def read_attachments(archive):
    """Have the texts of attachments read, as a sync does."""
    messages = archive.facts.iter_messages()
    with archive.ledger.transaction():
        archive.documents.write_attachments(
            [parse_message(m.key, archive.read(m)) for m in list(messages)]
        )
    read_documents(archive)


def decode_everything(raw: bytes, depth: int = 0):
    """Every reading of the bytes of a file: as they are, as mail, unpacked, out of their encodings."""
    yield raw
    text = raw.decode("utf-8", "replace")
    yield escapes.unescape(text).encode()
    yield quopri.decodestring(raw)
    yield raw.replace(b"\0", b"")
    yield unicodedata.normalize("NFKC", re.sub(r"\r?\n[ \t]", "", text)).encode()
    yield re.sub(rb"\\u00([0-7][0-9a-fA-F])", lambda found: bytes.fromhex(found[1].decode()), raw)
    if b"=ybegin" in raw:
        yield bytes((byte - 42) % 256 for byte in raw)
    if raw.startswith(b"\x89PNG"):
        for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", raw):
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(raw[found.start() :])
    if depth > 4:
        return
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            for entry in package.namelist():
                yield entry.encode()
                yield from decode_everything(package.read(entry), depth + 1)
        return
    for piece in raw.split(b"\nFrom ") if raw.startswith(b"From ") else [raw]:
        message = email.message_from_bytes(piece)
        for part in message.walk():
            if (
                not part.is_multipart()
                and part.get("Content-Transfer-Encoding", "").lower() == "base64"
            ):
                yield from decode_everything(part.get_payload(decode=True) or b"", depth + 1)
    for run in raw.replace(b"\r\n", b"").split(b'"'):
        if len(run) > 40 and len(run) % 4 == 0:
            try:
                yield base64.b64decode(run, validate=True)
            except ValueError:
                continue
