"""The daemon reads attachments beside its work, and no mail waits for one."""

from __future__ import annotations

import threading
import time

from daemons import Clock, Watched, hurry, running_daemon, wait_until
from parse.documents_made import make_docx
from syncing import make_message
from test_documents import letter_with

from trail import documents


def hang(_):
    time.sleep(600)


def test_the_daemon_reads_attachments_of_what_it_fetched(desk, pymap_server):
    pymap_server.append("INBOX", letter_with("one", ("a.docx", make_docx("Zwetschge"))))
    daemon = Watched(desk.set_up(pymap_server))
    daemon.wait_for_log("work: 1 archived")
    daemon.wait_for(lambda: len(desk.ids("zwetschge")) == 1, "the text of the attachment")
    pymap_server.append("INBOX", letter_with("two", ("b.docx", make_docx("Mirabelle"))))
    hurry(desk)
    daemon.wait_for(lambda: len(desk.ids("mirabelle")) == 1, "the text of the other attachment")
    assert daemon.stop() == 0
    assert "Zwetschge" not in daemon.log


def test_new_mail_does_not_wait_for_an_attachment_that_takes_long(desk, scripted, monkeypatch):
    # the process that reads hangs, the one that fetches does not
    monkeypatch.setattr(documents, "read_stored", hang)
    begun = threading.Event()
    find_tasks = documents._find_tasks

    def find_and_tell(archive):
        begun.set()
        return find_tasks(archive)

    monkeypatch.setattr(documents, "_find_tasks", find_and_tell)
    scripted.append("INBOX", letter_with("one", ("a.docx", make_docx("Zwetschge"))))
    with running_daemon(desk.set_up(scripted, every="1h"), [], Clock()):
        wait_until(begun.is_set)
        scripted.append("INBOX", make_message(2))
        wait_until(lambda: len(desk.ids()) == 2)
        begun.clear()
        wait_until(begun.is_set)  # it goes on with the attachment afterwards
    assert desk.status()["attachments"] == {"waiting": 1, "unreadable": 0}


def test_a_daemon_that_is_ended_while_it_reads_leaves_at_once(desk, pymap_server, monkeypatch):
    monkeypatch.setattr(documents, "read_stored", hang)
    pymap_server.append("INBOX", letter_with("one", ("a.docx", make_docx("Zwetschge"))))
    begun = threading.Event()
    read_documents = documents.read_documents

    def read_and_tell(*args, **options):
        begun.set()
        return read_documents(*args, **options)

    monkeypatch.setattr("trail.pipeline.read_documents", read_and_tell)
    with running_daemon(desk.set_up(pymap_server, idle=[]), [], Clock()):
        wait_until(begun.is_set)
    assert desk.status()["attachments"]["waiting"] == 1
