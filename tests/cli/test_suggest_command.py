"""`trail client suggest`: also from the newest headers on the servers, of which nothing is kept."""

from __future__ import annotations

from syncing import make_message


def fill(server):
    server.create("Sent")
    server.create("Junk")
    server.append("INBOX", make_message(1))
    for number in (2, 3):
        server.append("INBOX", make_message(number, sender="Bob <bob@globex.example>"))
    server.append("Sent", make_message(4, sender="me@studio.example", to="bob@globex.example"))
    server.append("INBOX", make_message(5, sender="newsletter@shop.example"))
    server.append("Junk", make_message(6, sender="spam@spam.example"))


def test_with_scope_clients_other_peoples_headers_are_looked_at_on_the_server(desk, mail_server):
    fill(mail_server)
    desk.set_up(mail_server, scope="clients").done("sync")
    before = mail_server.snapshot()
    first, *others = desk.done("client", "suggest", "--json").data["suggestions"]
    assert (first["rule"], first["received"], first["sent"]) == ("globex.example", 2, 1)
    assert "client add globex --domain globex.example" in first["command"]
    assert [other["rule"] for other in others] == ["shop.example"]
    assert mail_server.snapshot() == before
    everything = b"".join(path.read_bytes() for path in desk.archive.rglob("*") if path.is_file())
    assert b"globex" not in everything


def test_it_needs_no_archive(desk, pymap_server):
    fill(pymap_server)
    desk.set_up(pymap_server, clients=())
    rules = [one["rule"] for one in desk.done("client", "suggest", "--json").data["suggestions"]]
    assert rules == ["globex.example", "acme.example", "shop.example"]
    assert not desk.archive.exists()


def test_a_message_that_is_archived_and_on_the_server_counts_once(desk, pymap_server):
    fill(pymap_server)
    desk.set_up(pymap_server, scope="everything").done("sync")
    online = desk.done("client", "suggest", "--json").data
    assert online == desk.done("client", "suggest", "--offline", "--json").data
    assert online["suggestions"][0]["received"] == 2


def test_only_the_newest_headers_are_looked_at(desk, scripted, monkeypatch):
    monkeypatch.setattr("trail.cli.newest.NEWEST", 3)
    monkeypatch.setattr("trail.cli.newest.HEADER_BATCH", 2)
    scripted.append("INBOX", make_message(1, sender="old@old.example"))
    for number in (2, 3, 4):
        scripted.append("INBOX", make_message(number, sender="new@new.example"))
    desk.set_up(scripted, scope="clients")
    (only,) = desk.done("client", "suggest", "--json").data["suggestions"]
    assert (only["rule"], only["received"]) == ("new.example", 3)
    assert not [
        line
        for line in scripted.commands
        if "BODY.PEEK[]" in line.upper() or line.upper().startswith("SELECT")
    ]


def test_offline_looks_at_the_archive_only(desk, pymap_server):
    fill(pymap_server)
    desk.set_up(pymap_server, scope="clients").done("sync")
    desk.set_up(pymap_server, scope="clients", port=1)
    answer = desk.done("client", "suggest", "--offline")
    assert (answer.out, answer.err) == (
        "",
        "nobody to suggest: the rules of the clients cover everybody seen\n",
    )


def test_a_server_that_cannot_be_reached_is_a_warning_and_the_archive_is_looked_at(
    desk, pymap_server
):
    fill(pymap_server)
    desk.set_up(pymap_server, scope="everything").done("sync")
    desk.set_up(pymap_server, port=1)
    answer = desk.trail("client", "suggest", "--json")
    assert answer.code == 100
    assert 'warning: account "work": 127.0.0.1:1: Connection refused' in answer.err
    assert answer.data["suggestions"][0]["rule"] == "globex.example"


def test_without_a_password_the_archive_is_looked_at(desk, pymap_server, monkeypatch):
    fill(pymap_server)
    desk.set_up(pymap_server, scope="everything").done("sync")
    monkeypatch.delenv("TRAIL_TEST_PASSWORD")
    answer = desk.trail("client", "suggest")
    assert answer.code == 100
    assert "globex.example: 2 received, 1 sent" in answer.out


def test_a_folder_that_vanished_is_passed_over(desk, scripted):
    scripted.create("Gone")
    scripted.append("INBOX", make_message(2, sender="new@new.example"))
    scripted.faults.vanished = {"Gone"}
    desk.set_up(scripted, scope="clients")
    assert len(desk.done("client", "suggest", "--json").data["suggestions"]) == 1


def test_offline_without_an_archive_says_what_to_do(desk, pymap_server):
    answer = desk.set_up(pymap_server).trail("client", "suggest", "--offline")
    assert answer.code == 3
    assert "there is no archive" in answer.err


def test_clients_with_wide_names_stand_in_columns(desk):
    desk.set_up(
        clients=(
            'slug = "sakura"\nname = "桜貿易"\ndomains = ["sakura.example"]',
            'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]',
        )
    )
    lines = desk.done("clients").out.splitlines()
    from trail.terminal import measure_text  # noqa: PLC0415 - only here

    ends = {
        measure_text(line[: line.index(rule)])
        for line, rule in zip(lines[1:], ("sakura.example", "acme.example"), strict=True)
    }
    assert len(ends) == 1
