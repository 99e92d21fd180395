"""`trail sync`: what it prints, and how it ends."""

from __future__ import annotations

from syncing import make_message

FOLDER_KEYS = {
    "folder",
    "uidvalidity",
    "on_server",
    "archived",
    "already_held",
    "left",
    "failed",
    "gone",
}


def test_json_of_a_round_has_the_promised_keys(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    pymap_server.append("INBOX", make_message(2, sender="friend@private.example"))
    data = desk.set_up(pymap_server, scope="clients").done("sync", "--json").data
    assert list(data) == ["schema", "accounts", "warnings"]
    (account,) = data["accounts"]
    assert account["account"] == "work"
    (inbox,) = [f for f in account["folders"] if f["folder"] == "INBOX"]
    assert set(inbox) == FOLDER_KEYS
    assert inbox | {"uidvalidity": 0} == {
        "folder": "INBOX", "uidvalidity": 0, "on_server": 2, "archived": 1, "already_held": 0, "left": 1, "failed": 0, "gone": 0,
    }  # fmt: skip
    assert inbox["uidvalidity"] == pymap_server.uidvalidity("INBOX")
    assert data["warnings"] == []


def test_a_round_is_one_line_an_account_and_with_v_one_a_folder(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server)
    assert desk.done("sync").out == "work: 1 archived\n"
    assert desk.done("sync").out == "work: nothing new\n"
    assert "  INBOX: nothing new (1 on the server)" in desk.done("sync", "-v").out.splitlines()


def test_quiet_says_nothing_unless_something_is_wrong_or_asked_for(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server)
    assert desk.done("sync", "-q", "--dry-run").out == "work: 1 to fetch\n"
    for words in (["sync", "-q"], ["reindex", "-q"]):
        answer = desk.done(*words)
        assert (answer.out, answer.err) == ("", "")
    assert desk.done("sync", "-q", "--json").data["accounts"][0]["account"] == "work"
    desk.set_up(pymap_server, port=1)
    answer = desk.trail("sync", "-q")
    assert answer.code == 12
    assert 'error: account "work": ' in answer.err


def test_a_dry_run_says_what_would_be_fetched_and_makes_no_archive(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server)
    assert desk.done("sync", "--dry-run").out == "work: 1 to fetch\n"
    assert not desk.archive.exists()


def test_only_the_named_accounts_are_looked_at_each_once(desk, pymap_server, scripted):
    pymap_server.append("INBOX", make_message(1))
    scripted.append("INBOX", make_message(2))
    desk.set_up(pymap_server, scripted)
    data = desk.done("sync", "WORK2", "work2", "--json").data
    assert [a["account"] for a in data["accounts"]] == ["work2"]
    assert scripted.connections == 1
    assert len(desk.done("sync", "--json").data["accounts"]) == 2


def test_an_unknown_account_is_told_with_those_there_are(desk, pymap_server):
    answer = desk.set_up(pymap_server).trail("sync", "wrok")
    assert answer.code == 3
    assert 'no account "wrok"' in answer.err
    assert "hint: accounts: work" in answer.err


def test_a_configuration_without_an_account_says_how_to_get_one(desk):
    answer = desk.set_up().trail("sync")
    assert answer.code == 3
    assert "has no account" in answer.err
    assert "`trail init`" in answer.err


def test_warnings_are_on_stderr_in_json_and_in_the_exit_code(desk, pymap_server):
    desk.set_up(pymap_server, folders=["INBOX", "Gone"])
    answer = desk.trail("sync", "--json")
    assert answer.code == 100
    assert len(answer.data["warnings"]) == 1
    assert answer.err == f"warning: {answer.data['warnings'][0]}\n"
    assert '"Gone"' in answer.err


def test_messages_that_failed_are_told_and_listed_by_status(desk, scripted):
    uid = scripted.append("INBOX", make_message(1))
    scripted.faults.refused = {uid}
    answer = desk.set_up(scripted).trail("sync")
    assert answer.code == 100
    assert answer.out == "work: 1 failed\n"
    assert (
        "1 message could not be fetched and will be tried again; `trail status` lists them"
        in answer.err
    )
    status = desk.trail("status")
    assert status.code == 100
    assert status.out.startswith("work: 1 message could not be fetched since ")
    assert "not fetched, tried again every round:" in status.out
    assert f"work: INBOX UID {uid}: the server refused it" in status.out
    (failure,) = desk.status()["failures"]
    assert {"account", "folder", "uidvalidity", "uid", "reason", "since"} == set(failure)


def test_of_two_accounts_one_that_fails_does_not_stop_the_other(desk, pymap_server, scripted):
    pymap_server.append("INBOX", make_message(1))
    scripted.faults.always_refuse = {"LOGIN": "[AUTHENTICATIONFAILED] no"}
    answer = desk.set_up(scripted, pymap_server).trail("sync")
    assert answer.code == 100
    assert answer.out == "work: not reached\nwork2: 1 archived\n"
    assert 'warning: account "work"' in answer.err


def test_when_no_account_can_be_reached_the_first_problem_is_the_outcome_and_the_others_are_told(
    desk, scripted
):
    scripted.faults.always_refuse = {"LOGIN": "[AUTHENTICATIONFAILED] no"}
    answer = desk.set_up(scripted, scripted).trail("sync")
    assert answer.code == 11
    assert 'error: account "work": ' in answer.err
    assert 'warning: account "work2": ' in answer.err
    assert answer.err.count("refused the login") == 2


def test_hostile_folder_names_do_not_reach_the_terminal(desk, scripted):
    name = "[red]\x1b[2J\u202eevil[/]"
    scripted.create(name)
    scripted.faults.vanished = {name}
    answer = desk.set_up(scripted).trail("sync", "-v")
    assert answer.code == 100
    assert not set(answer.out + answer.err) & set("\x1b\u202e")
    scripted.faults.vanished = set()
    assert not set(desk.done("sync", "-v").out + desk.done("status", "-v").out) & set("\x1b\u202e")
