"""`trail unreadable`: what a search cannot see is listed, with the reason, where people look for it."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from parse.documents_made import make_docx, make_pdf


def make_letter(number, *attachments):
    message = EmailMessage()
    message["From"], message["To"] = "Jane <jane@acme.example>", "me@studio.example"
    message["Subject"], message["Message-ID"] = f"Letter {number}", f"<{number}@acme.example>"
    message["Date"] = "Tue, 05 Mar 2024 10:00:00 +0100"
    message.set_content("See the attachments.")
    for filename, content in attachments:
        message.add_attachment(content, "application", "octet-stream", filename=filename)
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
def synced(desk, pymap_server):
    letters = [
        make_letter(1, ("good.docx", make_docx("Zwetschge")), ("bad\x1b.pdf", b"%PDF-1.4 broken")),
        make_letter(2, ("scan.pdf", make_pdf(""))),
        make_letter(3),
    ]
    for letter in letters:
        pymap_server.append("INBOX", letter)
    desk.set_up(pymap_server).done("sync")
    return desk


def test_attachments_are_searched_after_a_sync_and_what_is_not_is_listed(synced):
    (hit,) = synced.done("search", "zwetschge", "--json").data["hits"]
    assert hit["subject"] == "Letter 1"
    listed = synced.done("unreadable", "--json").data
    assert listed["messages"] == []
    assert listed["waiting"] == 0
    assert sorted((a["number"], a["filename"], a["reason"]) for a in listed["attachments"]) == [
        (1, "scan.pdf", "it has no text: scanned, perhaps"),
        (2, "bad\x1b.pdf".replace("\x1b", " "), "it is damaged"),
    ]
    text = synced.done("unreadable").out
    assert "scan.pdf: it has no text: scanned, perhaps" in text
    assert f"{hit['id']}  [2] bad .pdf: it is damaged" in text


def test_an_archive_that_nothing_reads_is_listed_and_a_picture_is_not(desk, pymap_server):
    packed = ("drafts.rar", b"Rar!\x1a\x07\x01\0")
    picture = ("photo.png", b"\x89PNG\r\n\x1a\n\0")
    pymap_server.append("INBOX", make_letter(1, packed, picture))
    desk.set_up(pymap_server).done("sync")
    (line,) = desk.done("unreadable").out.splitlines()
    assert line.endswith("[1] drafts.rar: RAR archives are not read")


def test_status_and_show_tell_of_it_too(synced):
    assert synced.done("status", "--json").data["attachments"] == {"waiting": 0, "unreadable": 2}
    assert "files    2 could not be read: `trail unreadable`" in synced.done("status").out
    assert "trail_attachments_unreadable 2" in synced.done("status", "--prometheus").out
    (hit,) = synced.done("search", "zwetschge", "--json").data["hits"]
    shown = synced.done("show", hit["id"], "--json").data
    assert [a["unreadable"] for a in shown["attachments"]] == ["", "it is damaged"]
    assert "not searched, or not all of it: it is damaged" in synced.done("show", hit["id"]).out


def test_what_could_not_be_read_is_tried_again_when_asked_for(synced):
    assert synced.done("unreadable", "--again", "--json").data["again"] == 2
    assert synced.done("unreadable", "--json").data["waiting"] == 2
    assert "2 attachments not read yet" in synced.done("unreadable").out
    assert "files    2 still to be read" in synced.done("status").out
    synced.done("sync")
    assert len(synced.done("unreadable", "--json").data["attachments"]) == 2


def test_where_everything_was_read_it_says_so(desk, pymap_server):
    pymap_server.append("INBOX", make_letter(1, ("good.docx", make_docx("Zwetschge"))))
    desk.set_up(pymap_server).done("sync")
    assert (
        desk.done("unreadable").out == "every message and attachment that can have text was read\n"
    )
    assert "files " not in desk.done("status").out
