"""`trail show` and `trail thread`: one message, and the conversation around it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

import pytest
from syncing import make_message
from terminals import Terminal

WITH_ATTACHMENTS = b"""From: Jane <jane@acme.example>\r
To: me@studio.example\r
Subject: Files\r
Message-ID: <files@test.example>\r
Date: Tue, 05 Mar 2024 10:00:00 +0100\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Here they are.\r
\r
> You asked\r
> for this\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="../../etc/passwd"\r
\r
root\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="passwd"\r
\r
other\r
--b--\r
"""


@pytest.fixture
def files(desk, pymap_server):
    """An archive with one message that has attachments, and an answer to it."""
    pymap_server.append("INBOX", WITH_ATTACHMENTS)
    pymap_server.append(
        "INBOX", make_message(2, subject="Re: Files", extra="In-Reply-To: <files@test.example>\r\n")
    )
    desk.set_up(pymap_server).done("sync")
    return desk


def find(desk, subject):
    return next(
        h["id"] for h in desk.done("search", "--json").data["hits"] if h["subject"] == subject
    )


def test_a_message_is_shown_with_its_headers_text_quotes_and_attachments(files):
    out = files.done("show", find(files, "Files")).out
    head, _, body = out.partition("\n\n")
    assert [line.split()[0] for line in head.splitlines()] == [
        "id",
        "date",
        "from",
        "to",
        "subject",
        "client",
        "in",
    ]
    assert "client   acme (domain acme.example in From)" in head
    assert body.startswith("Here they are.\n")
    assert "> You asked\n> for this" in body
    assert "[1] ../../etc/passwd (application/pdf, 4 B)" in body


def test_json_of_a_message_tells_where_it_was_seen_and_why_it_is_a_clients(files):
    data = files.done("show", find(files, "Files"), "--json").data
    assert data["schema"] == 1
    assert data["clients"] == [
        {"client": "acme", "reason": "domain acme.example in From", "inherited": False}
    ]
    assert [a["filename"] for a in data["attachments"]] == ["../../etc/passwd", "passwd"]
    (place,) = data["places"]
    assert (place["account"], place["folder"], place["gone"]) == ("work", "INBOX", False)


def test_raw_gives_the_bytes_the_server_sent(files):
    answer = subprocess.run(
        [*files.start("--version", stdout=subprocess.PIPE).args[:-1], "show", "--raw", find(files, "Files")], capture_output=True, check=True,
    )  # fmt: skip
    assert answer.stdout == WITH_ATTACHMENTS


def test_several_messages_are_shown_one_after_the_other(files, tmp_path):
    first, second = find(files, "Files"), find(files, "Re: Files")
    one, two = files.done("show", first).out, files.done("show", second).out
    assert files.done("show", second, first).out == f"{two}\n{'-' * 72}\n\n{one}"
    data = files.done("show", first, second, "--json").data
    assert [m["id"] for m in data["messages"]] == [first, second]
    assert data["messages"][0] == {
        k: v for k, v in files.done("show", first, "--json").data.items() if k != "schema"
    }
    saved = files.done("show", first, second, "--save-attachments", tmp_path / "new")
    assert len(saved.out.splitlines()) == len(list((tmp_path / "new").iterdir())) == 2
    unknown = files.trail("show", first, "00000000")
    assert (unknown.code, unknown.out) == (41, "")
    assert files.trail("show", first, second, "--raw").code == 2


def test_on_a_terminal_lines_are_broken_between_words(desk, pymap_server):
    text = "wordword " * 40
    pymap_server.append("INBOX", make_message(1, subject="subject " * 20) + f"{text}\r\n".encode())
    (short,) = desk.set_up(pymap_server).done("sync") and desk.ids()
    command = [sys.executable, "-m", "trail", "--config", str(desk.config), "--no-pager", "show"]
    with contextlib.closing(Terminal(*command, short)) as terminal:
        shown = terminal.wait().decode()
    assert text.strip() in desk.done("show", short).out
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in shown.splitlines()]
    assert all(len(line) <= 80 for line in lines if "wordword" in line or "subject" in line)
    words = {word for line in lines for word in line.split() if "word" in word or "subj" in word}
    assert words == {"wordword", "subject"}


def test_attachments_are_saved_under_harmless_names_and_over_nothing(files, tmp_path):
    short, folder = find(files, "Files"), tmp_path / "deep" / "down"
    first = files.done("show", short, "--save-attachments", folder).out.split("\n")[:-1]
    second = files.done("show", short, "--save-attachments", folder, "--json").data["saved"]
    saved = sorted(path for path in folder.rglob("*"))
    assert sorted(first + second) == [str(path) for path in saved]
    assert len(saved) == 4
    assert all(path.parent == folder for path in saved)
    assert sorted(path.read_bytes() for path in saved) == [b"other", b"other", b"root", b"root"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archive", "config.toml", "deep"]


def test_attachments_cannot_be_saved_into_a_file(files, tmp_path):
    (tmp_path / "file").write_text("mine")
    answer = files.trail("show", find(files, "Files"), "--save-attachments", tmp_path / "file")
    assert answer.code == 1
    assert "hint: choose another folder" in answer.err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_message_without_attachments_says_so(files):
    answer = files.done("show", find(files, "Re: Files"), "--save-attachments", files.root / "none")
    assert (answer.out, answer.err) == ("", "this message has no attachments\n")


@pytest.mark.parametrize("command", ["show", "thread"])
@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("zz", '"zz" is no message id', "8 or more of 0-9 and a-f"),
        ("00000000", "no message has the id 00000000", "`trail search` prints the ids"),
    ],
)
def test_an_unknown_id_is_told(files, command, given, message, hint):
    answer = files.trail(command, given)
    assert answer.code == 41
    assert message in answer.err
    assert hint in answer.err


def test_an_ambiguous_id_asks_for_more_digits(desk, pymap_server):
    import hashlib  # noqa: PLC0415 - only here

    seen = {}
    for number in range(5000):
        prefix = hashlib.sha256(make_message(number)).hexdigest()[:4]
        if prefix in seen:
            break
        seen[prefix] = number
    for n in (number, seen[prefix]):
        pymap_server.append("INBOX", make_message(n))
    desk.set_up(pymap_server).done("sync")
    answer = desk.trail("show", prefix)
    assert answer.code == 41
    assert "more than one message" in answer.err
    assert "hint: add digits" in answer.err
    assert all(len(short) >= 8 for short in desk.ids())


def test_an_id_may_be_longer_and_in_capitals(files):
    key = files.done("search", "--json").data["hits"][0]["key"]
    assert files.done("show", key.upper()).out == files.done("show", key[:8]).out


def test_a_message_is_found_by_its_message_id(files, pymap_server):
    shown = files.done("show", find(files, "Files")).out
    for given in ("<files@test.example>", "files@test.example"):
        assert files.done("show", given).out == shown
    answer = files.trail("show", "<none@test.example>")
    assert (answer.code, "no message has the Message-ID" in answer.err) == (41, True)
    pymap_server.append("INBOX", WITH_ATTACHMENTS.replace(b"Subject: ", b"Subject: Again: "))
    files.done("sync")
    answer = files.trail("show", "<files@test.example>")
    assert (answer.code, "2 messages have the Message-ID" in answer.err) == (41, True)
    assert all(short in answer.err for short in files.ids("subject:files", "-subject:re"))


def test_a_thread_is_shown_in_order_with_the_message_marked(files):
    short = find(files, "Re: Files")
    lines = files.done("thread", short).out.splitlines()
    assert [line[:1] for line in lines] == [" ", "*"]
    assert lines[0].endswith("Jane: Files")
    assert lines[1].endswith("  └─ jane@acme.example: Re: Files")
    rows = files.done("thread", short, "--json").data["messages"]
    assert [row["depth"] for row in rows] == [0, 1]
    assert rows[1]["parent"] == rows[0]["key"]


def test_a_message_that_was_not_read_yet_is_a_thread_of_its_own(desk, pymap_server):
    import hashlib  # noqa: PLC0415 - only here

    pymap_server.append("INBOX", WITH_ATTACHMENTS)
    desk.set_up(pymap_server).done("sync", "--no-index")
    answer = desk.done("thread", hashlib.sha256(WITH_ATTACHMENTS).hexdigest()[:8])
    assert "Jane: Files" in answer.out
    assert "`trail sync`" in answer.err
