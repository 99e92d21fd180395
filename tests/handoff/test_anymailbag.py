"""Anybody's mailbag is held to Mailbag 1.0 and RFC 8493, rule by rule: each rule is broken once, and named."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import bagit
import pytest
from needs import give_up

from trail.handoff import anymessages
from trail.handoff.anymailbag import verify_any
from trail.handoff.check import verify_bundle
from trail.handoff.rules import RULES

MAILBAGIT = shutil.which("mailbagit")
HEADERS = "Date: Tue, 05 Mar 2024 10:11:12 +0000\r\nFrom: jane@acme.example\r\nTo: me@studio.example\r\nSubject: {}\r\nMessage-ID: <{}@acme.example>\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
INFO = {
    "Bag-Type": "Mailbag",
    "Mailbag-Source": "eml",
    "Mailbag-Specification-Version": "1.0",
    "Original-Included": "True",
    "Bagging-Timestamp": "2024-07-01T12:00:00.5+02:00",
    "Bagging-Date": "2024-07-01",
    "External-Identifier": "somebody-7",
    "Mailbag-Agent": "another program",
    "Mailbag-Agent-Version": "3",
    "Contact-Name": "Jane\n  Doe",
}
COLUMNS = "Error,Mailbag-Message-ID,Message-ID,Original-File,Message-Path,Derivatives-Path,Attachments,Date,From,To,Subject,Content-Type"


def table(*rows):
    return "".join(
        ",".join(f'"{c}"' for c in (row.split(",") if isinstance(row, str) else row)) + "\r\n"
        for row in rows
    ).encode()


def row(number, subject="One", attachments="0", **changes):
    values = {
        "Error": "", "Mailbag-Message-ID": f"{number}", "Message-ID": f"<{number}@acme.example>",
        "Original-File": f"Inbox/A letter {number}.eml", "Message-Path": "Inbox", "Derivatives-Path": "Inbox",
        "Attachments": attachments, "Date": "Tue, 05 Mar 2024 10:11:12 +0000", "From": "jane@acme.example",
        "To": "me@studio.example", "Subject": subject, "Content-Type": "text/plain",
    }  # fmt: skip
    return list((values | changes).values())


class Builder:
    """A mailbag of another program: two messages as .eml, their source, and as .pdf, made of them; one with attachments."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info: dict[str, str | list[str]] = dict(INFO)
        self.rows = [COLUMNS, row(1), row(2, subject="Two", attachments="2")]
        self.files: dict[str, bytes] = {
            "data/eml/Inbox/A letter 1.eml": HEADERS.format("One", 1).encode(),
            "data/eml/Inbox/A letter 2.eml": HEADERS.format("Two", 2).encode(),
            "data/eml/notes of the source.txt": b"a companion",
            "data/pdf/Inbox/1.pdf": b"%PDF-1.7 one",
            "data/pdf/Inbox/2.PDF": b"%PDF-1.7 two",
            "data/attachments/2/attachments.csv": table(
                "Original-Filename,Mailbag-Filename,MimeType,Content-ID",
                "plan.pdf,plan.pdf,application/pdf,",
                "a?b.txt,2-1.txt,text/plain,",
            ),
            "data/attachments/2/plan.pdf": b"%PDF-1.7 plan",
            "data/attachments/2/2-1.txt": b"text",
            "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "messages_not_retained.txt": b"<9@acme.example>\n8@acme.example\n",
            "folders_not_retained.txt": b"Trash\nLists/Old news\n",
            "notes/readme.txt": b"a tag file that nobody lists\r\n",
        }
        self.listed = {"notes/readme.txt": False}
        self.algorithms = ["sha256", "sha512"]
        self.after = []
        """What is done to the finished bag, on the disk."""

    def write(self) -> Path:
        files = dict(self.files)
        files.setdefault("mailbag.csv", table(*self.rows))
        files = {name: content for name, content in files.items() if content is not None}
        payload = {n: c for n, c in files.items() if n.startswith("data/")}
        self.info.setdefault("Payload-Oxum", f"{sum(map(len, payload.values()))}.{len(payload)}")
        lines = "".join(
            f"{label}: {value}\n"
            for label, values in self.info.items()
            for value in (values if isinstance(values, list) else [values])
        )
        files.setdefault("bag-info.txt", lines.encode())
        for algorithm in self.algorithms:
            files[f"manifest-{algorithm}.txt"] = self.list_files(algorithm, payload)
        tags = {n: c for n, c in files.items() if n not in payload and self.listed.get(n, True)}
        tags = {n: c for n, c in tags.items() if c is not None}
        for algorithm in self.algorithms:
            files[f"tagmanifest-{algorithm}.txt"] = self.list_files(algorithm, tags)
        for name, content in files.items():
            if content is not None:
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                (self.root / name).write_bytes(content)
        for change in self.after:
            change(self.root)
        return self.root

    @staticmethod
    def list_files(algorithm, files):
        return "".join(
            f"{hashlib.new(algorithm, content).hexdigest()} {name}\n"
            for name, content in files.items()
        ).encode()


@pytest.fixture
def other(tmp_path):
    return Builder(tmp_path / "bag")


def change_row(number, **values):
    def change(b):
        b.rows[number] = row(
            number, **({"subject": "Two", "attachments": "2"} if number == 2 else {}) | values
        )

    return change


def change_file(name, content):
    return lambda b: b.files.__setitem__(name, content)


def change_info(**values):
    return lambda b: b.info.update({k.replace("_", "-"): v for k, v in values.items()})


def drop_info(label):
    return lambda b: b.info.pop(label)


def append(name, line):
    def change(root):
        with (root / name).open("ab") as file:
            file.write(line)

    return lambda b: b.after.append(change)


def on_disk(change):
    return lambda b: b.after.append(change)


def as_imap(b):
    """The same mail, without an original."""
    b.info |= {"Mailbag-Source": "imap", "Original-Included": "False", "IMAP-User": "me", "IMAP-Host": "imap.example"}  # fmt: skip
    for number in (1, 2):
        b.files[f"data/eml/Inbox/{number}.eml"] = b.files.pop(
            f"data/eml/Inbox/A letter {number}.eml"
        )
        change_row(number, **{"Original-File": ""})(b)
    del b.files["data/eml/notes of the source.txt"]


def then(*changes):
    def change(b):
        for one in changes:
            one(b)

    return change


def add_to_table(text):
    return lambda b: b.files.__setitem__("mailbag.csv", table(*b.rows).replace(*text))


def split_wrongly(b):
    b.files["mailbag.csv"] = None
    b.files["mailbag-1.csv"] = table(*b.rows[:2])
    b.files["mailbag-3.csv"] = table(*b.rows[2:])


ATTACHMENTS = "data/attachments/2/attachments.csv"
EMPTY = hashlib.sha256(b"").hexdigest().encode()
BREAKS = {
    "declaration": [
        change_file("bagit.txt", b"BagIt-Version: 1.0\n"),
        change_file("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n"),
        change_file("bagit.txt", b"BagIt-Version: 0.9\nTag-File-Character-Encoding: UTF-8\n"),
        change_file("bagit.txt", None),
    ],
    "payload": [on_disk(lambda r: shutil.rmtree(r / "data"))],
    "manifest": [
        on_disk(lambda r: [p.unlink() for p in r.glob("manifest-*")]),
        append("manifest-crc32.txt", b"00000000 data/eml/x\n"),
        append("manifest-shake_128.txt", b"00 data/eml/x\n"),
    ],
    "manifest-line": [
        append("manifest-sha256.txt", b"no hash\n"),
        append("manifest-sha256.txt", EMPTY + b" bag-info.txt\n"),
        append("manifest-sha256.txt", EMPTY + b" data/pdf/Inbox/1.pdf\n"),
        append("manifest-sha256.txt", EMPTY + b" data/\xff\n"),
    ],
    "inside": [
        append("manifest-sha256.txt", EMPTY + b" data/../../x\n"),
        append("manifest-sha256.txt", EMPTY + b" /etc/passwd\n"),
        append("manifest-sha256.txt", EMPTY + b" ~/x\n"),
        append("tagmanifest-sha256.txt", EMPTY + b" ../x\n"),
    ],
    "unlisted": [
        on_disk(lambda r: (r / "data/eml/more.txt").touch()),
        on_disk(
            lambda r: (r / "manifest-sha512.txt").write_text(
                (r / "manifest-sha512.txt").read_text().partition("\n")[2]
            )
        ),
    ],
    "missing": [
        on_disk(lambda r: (r / "data/pdf/Inbox/1.pdf").unlink()),
        on_disk(lambda r: (r / "mailbag.csv").unlink()),
    ],
    "altered": [
        append("data/pdf/Inbox/1.pdf", b"x"),
        append("messages_not_retained.txt", b"7@acme.example\n"),
        on_disk(lambda r: (r / "bagit.txt").write_bytes(b"x")),
    ],
    "special": [on_disk(lambda r: (r / "link").symlink_to(r.parent))],
    "tagmanifest-line": [
        append("tagmanifest-sha256.txt", EMPTY + b" data/pdf/Inbox/1.pdf\n"),
        append("tagmanifest-sha256.txt", EMPTY + b" tagmanifest-sha512.txt\n"),
        append("tagmanifest-sha256.txt", b"\x00\n"),
    ],
    "info-line": [append("bag-info.txt", b"no colon\n"), append("bag-info.txt", b"label:value\n")],
    "oxum": [change_info(Payload_Oxum="1.1"), change_info(Payload_Oxum="many")],
    "fetch": [
        change_file("fetch.txt", b"https://a.example/x 12 data/eml/x\n"),
        change_file("fetch.txt", b"https://a.example/x data/pdf/Inbox/1.pdf\n"),
        change_file("fetch.txt", b"https://a.example/x - ../x\n"),
    ],
    "tag-files": [
        change_file("mailbag.csv", None),
        on_disk(lambda r: (r / "bag-info.txt").unlink()),
        on_disk(lambda r: [p.unlink() for p in r.glob("tagmanifest-*")]),
    ],
    "utf-8": [
        change_file("folders_not_retained.txt", b"\xe9\n"),
        append("bag-info.txt", b"Note: caf\xe9\n"),
    ],
    "bom": [change_file("folders_not_retained.txt", b"\xef\xbb\xbfTrash\n")],
    "lf": [
        change_file("messages_not_retained.txt", b"<9@acme.example>\r\n"),
        append("bag-info.txt", b"Note: x\r\n"),
    ],
    "formats": [
        change_file("data/maildir/x", b"x"),
        change_file("data/EML/x.eml", b"Subject: x\r\n"),
        change_file("data/loose.eml", b"Subject: x\r\n"),
        on_disk(lambda r: [shutil.rmtree(r / "data" / f) for f in ("eml", "pdf")]),
    ],
    "format-content": [
        change_file("data/pdf/Inbox/notes.txt", b"x"),
        change_file("data/pdf/Inbox/1.pdf", b"<html>"),
        on_disk(lambda r: (r / "data/warc").mkdir()),
    ],
    "id": [
        change_row(1, **{"Mailbag-Message-ID": ""}),
        change_row(1, **{"Mailbag-Message-ID": "a/b"}),
        change_row(1, **{"Mailbag-Message-ID": "CON"}),
        change_row(1, **{"Mailbag-Message-ID": "x."}),
    ],
    "id-unique": [
        lambda b: b.rows.append(row(2)),
        lambda b: [
            change_row(n, **{"Mailbag-Message-ID": i})(b) for n, i in ((1, "MSG-1"), (2, "msg-1"))
        ],
    ],
    "id-short": [
        then(
            change_row(1, **{"Mailbag-Message-ID": "x" * 37}),
            change_file("data/pdf/Inbox/1.pdf", None),
        )
    ],
    "derivative-path": [change_row(1, **{"Derivatives-Path": "Elsewhere"})],
    "derivative-name": [change_file("data/pdf/Inbox/A letter 1.pdf", b"%PDF-1")],
    "account-name": [then(as_imap, change_file("data/mbox/all.mbox", b"From x\n\n"))],
    "attachments-folder": [
        change_file("data/attachments/7/attachments.csv", table("Original-Filename,Mailbag-Filename,MimeType,Content-ID")),
        change_file("data/attachments/loose.txt", b"x"),
    ],
    "attachments-csv": [
        change_file(ATTACHMENTS, None),
        change_file("data/attachments/2/more.txt", b"x"),
        change_row(2, attachments="3"),
        on_disk(lambda r: (r / "data/attachments/1").mkdir()),
    ],
    "attachments-files": [change_file("data/attachments/2/plan.pdf", None)],
    "attachments-columns": [
        change_file(ATTACHMENTS, table("Original-Filename,MimeType,Mailbag-Filename,Content-ID")),
    ],
    "attachment-original": [
        lambda b: b.files.__setitem__(ATTACHMENTS, b.files[ATTACHMENTS].replace(b"a?b.txt", b""))
    ],
    "attachment-name": [
        change_file(
            ATTACHMENTS,
            table("Original-Filename,Mailbag-Filename,MimeType,Content-ID", "plan.pdf,plan.pdf,,", "a?b.txt,a?b.txt,,"),
        ),
        change_file(
            ATTACHMENTS,
            table("Original-Filename,Mailbag-Filename,MimeType,Content-ID", "plan.pdf,plan.pdf,,", "a?b.txt,3-1.txt,,"),
        ),
    ],
    "required-field": [drop_info(label) for label in INFO if label != "Contact-Name"]
    + [change_info(Mailbag_Agent="")],
    "repeated-field": [
        change_info(Mailbag_Agent=["one", "two"]),
        change_info(Capture_Agent=["one", "one"]),
        change_info(**{"bag-type": "Mailbag"}),
    ],
    "field-value": [
        change_info(Bag_Type="mailbag"),
        change_info(Mailbag_Source="EML"),
        change_info(Original_Included="true"),
    ],
    "not-original": [then(as_imap, change_info(Original_Included="True"))],
    "original-there": [change_info(Mailbag_Source="msg"), change_info(Mailbag_Source="mbox")],
    "timestamp": [
        change_info(Bagging_Timestamp="2024-07-01T12:00:00"),
        change_info(Bagging_Timestamp="2024-02-30T12:00:00Z"),
        change_info(Bagging_Date="1 July 2024"),
        change_info(Bagging_Date="2024-13-01"),
        change_info(Capture_Date="2024"),
    ],
    "imap-fields": [then(as_imap, drop_info("IMAP-Host"))],
    "oxum-there": [change_info(Payload_Oxum=[])],
    "columns": [
        lambda b: b.rows.__setitem__(0, COLUMNS.replace("Error", "Mistake")),
        lambda b: b.rows.__setitem__(0, COLUMNS.replace("From,To", "To,From")),
        lambda b: b.rows.__setitem__(0, COLUMNS.replace("Subject", "Weather")),
    ],
    "row-length": [lambda b: b.rows.append("one,two"), change_file(ATTACHMENTS, table("Original-Filename,Mailbag-Filename,MimeType,Content-ID", "x"))],
    "listed": [
        lambda b: b.rows.pop(),
        lambda b: b.rows.append(row(3, **{"Original-File": ""})),
    ],
    "original-file": [
        change_row(1, **{"Original-File": "Inbox/nowhere.eml"}),
        then(as_imap, change_row(1, **{"Original-File": "x.eml"})),
    ],
    "table-path": [
        change_row(1, **{"Original-File": "../A letter 1.eml"}),
        change_row(1, **{"Original-File": "Inbox\\A letter 1.eml"}),
        change_row(1, **{"Derivatives-Path": "/Inbox"}),
        change_row(1, **{"Message-Path": "/Inbox"}),
    ],
    "attachments-number": [change_row(1, attachments=""), change_row(1, attachments="-1"), change_row(1, attachments="two")],
    "headers": [change_row(1, subject=""), change_row(1, To="")],
    "split": [split_wrongly],
    "not-retained": [
        change_file("messages_not_retained.txt", b"<1@acme.example>\n"),
        change_file("messages_not_retained.txt", b"\n"),
        change_file("folders_not_retained.txt", b"/Trash\n"),
        change_file("folders_not_retained.txt", b"Inbox\n"),
    ],
    "csv": [
        add_to_table((b"\r\n", b"\n")),
        add_to_table((b'"Inbox"', b"Inbox")),
        add_to_table((b'"Inbox"', b"'Inbox'")),
        add_to_table((b'"One"', b'"O\\"ne"')),
        add_to_table((b'"One"', b'"\xff"')),
        add_to_table((b",", b";")),
        lambda b: b.files.__setitem__(ATTACHMENTS, b.files[ATTACHMENTS].replace(b'"', b"")),
    ],
}  # fmt: skip
"""For each rule, changes that break it."""
CASES = [
    pytest.param(rule, change, id=f"{rule} {number}")
    for rule, changes in BREAKS.items()
    for number, change in enumerate(changes, 1)
]


@pytest.fixture
def broken(monkeypatch):
    """The rules that the last check found broken."""
    found = []
    real = anymessages.check_messages

    def listen(bag):
        found.append(bag.findings)
        return real(bag)

    monkeypatch.setattr("trail.handoff.anymailbag.check_messages", listen)
    return lambda: found[-1].broken


def test_every_rule_has_a_test_and_a_row_in_the_documentation():
    assert set(BREAKS) == set(RULES)
    page = (Path(__file__).parents[2] / "docs/formats/mailbag.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([\w-]+)` \| ([^|]+) \| (MUST|SHOULD) \| ([^|]+) \|$", page, re.MULTILINE
    )
    assert rows == [
        (name, rule.section, "MUST" if rule.must else "SHOULD", rule.says)
        for name, rule in RULES.items()
    ]


@pytest.mark.parametrize("change", [lambda b: None, as_imap])
def test_a_mailbag_of_another_program_that_breaks_no_rule_is_well(other, change):
    change(other)
    root = other.write()
    bagit.Bag(str(root)).validate()
    result = verify_bundle(root)
    assert (result.problems, result.advice, result.ours) == ((), (), False)
    assert result.checked > 10


@pytest.mark.parametrize(("rule", "change"), CASES)
def test_a_broken_rule_is_named_with_its_section(other, broken, rule, change):
    change(other)
    result = verify_any(other.write())
    assert rule in broken(), result
    told = result.problems if RULES[rule].must else result.advice
    assert any(
        f" {RULES[rule].section})" in line or f"({RULES[rule].section})" in line for line in told
    )
    if not RULES[rule].must:
        assert result.problems == () or rule == "attachments-files"


def test_the_older_bagit_lists_each_file_in_one_manifest(other):
    other.files["bagit.txt"] = b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"
    other.after.append(lambda r: (r / "manifest-sha512.txt").unlink())
    other.after.append(lambda r: (r / "tagmanifest-sha512.txt").unlink())
    other.after.append(
        lambda r: (r / "tagmanifest-sha256.txt").write_text(
            "".join(
                line
                for line in (r / "tagmanifest-sha256.txt").read_text().splitlines(keepends=True)
                if "sha512" not in line
            )
        )
    )
    assert verify_any(other.write()).problems == ()


def test_what_mailbagit_writes_in_its_reading_of_the_rules_is_read_on(other, broken):
    """A row that breaks the dialect still says which message it is."""
    other.files["mailbag.csv"] = table(*other.rows).replace(b'"Inbox"', b"Inbox")
    assert verify_any(other.write()).problems != ()
    assert broken() == {"csv"}


def test_many_findings_of_a_kind_are_counted_not_told(other):
    for number in range(50):
        other.files[f"data/pdf/Inbox/x{number}.pdf"] = b"%PDF-1"
    problems = verify_any(other.write()).problems
    assert len(problems) == 6
    assert problems[-1] == "and 45 more of the kind in data/pdf (Mailbag 4.4.1)"


def test_a_quote_that_never_ends_does_not_eat_the_memory(other, monkeypatch):
    monkeypatch.setattr("trail.handoff.tables._LONGEST", 1000)
    other.files["mailbag.csv"] = table(*other.rows) + b'"' + b"x" * 10_000
    assert any("(Mailbag 5.5)" in problem for problem in verify_any(other.write()).problems)


def test_a_hundred_thousand_messages_in_one_table_are_too_many(other, broken, monkeypatch):
    monkeypatch.setattr(anymessages, "ROWS_PER_TABLE", 1)
    root = other.write()
    assert any("in one file (Mailbag 5.3.3)" in p for p in verify_any(root).problems)
    (root / "mailbag.csv").rename(root / "mailbag-1.csv")
    assert any("lists 2 messages, not 1" in p for p in verify_any(root).problems)


@pytest.mark.parametrize("withheld", [0, 3])
def test_our_own_bundles_break_no_rule(make_bundle, make_item, bundle, broken, withheld):
    items = [
        make_item(n, folder=f, files=[("Größe?.pdf", b"%PDF"), ("", b"x")][: n % 3])
        for n, f in enumerate(["INBOX", "a:b/CON", "", "Ünï/x%y"], start=1)
    ]
    for root in (bundle, make_bundle(items, name="two", rows_per_csv=100_000).path):
        result = verify_any(root)
        assert (result.problems, result.advice) == ((), ())
    assert broken() == set()


@pytest.mark.skipif(MAILBAGIT is None, reason="no mailbagit on this machine")
@pytest.mark.slow
def test_what_mailbagit_makes_is_reported_by_rule(tmp_path, broken):
    source = tmp_path / "source"
    source.mkdir()
    for number in (1, 2):
        (source / f"{number}.eml").write_bytes(HEADERS.format("One", number).encode())
    made = subprocess.run(
        [MAILBAGIT, source, "-i", "eml", "-d", "mbox", "-m", "bag", "-k"],
        check=False, capture_output=True, timeout=300,
    )  # fmt: skip
    if made.returncode:
        give_up(f"mailbagit failed: {made.stderr[-200:]!r}")
    verify_any(source / "bag")
    assert broken() == {"csv", "timestamp"}
