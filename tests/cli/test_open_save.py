"""`trail open` and `trail save`: a message handed to another program, or kept as files."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from syncing import make_message

from trail.cli.opening import write_copy
from trail.cli.tree import draw_branches
from trail.parse.markup import read_markup
from trail.webpage import clean_markup, write_page

HTML = b"""From: Jane <jane@acme.example>\r
To: me@studio.example\r
Subject: =?utf-8?q?A/B_=3Cscript=3E?=\r
Message-ID: <html@test.example>\r
Date: Tue, 05 Mar 2024 10:00:00 +0100\r
MIME-Version: 1.0\r
Content-Type: multipart/related; boundary=r\r
\r
--r\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
The plain text, which says as much, and which is what trail shows.\r
--b\r
Content-Type: text/html\r
\r
<html><head><style>p{background:url(https://evil.example/x)}</style><script>alert(1)</script>\r
<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example"></head>\r
<body onload="alert(1)"><p style="color:red;position:fixed;background:url(https://evil.example/y)">Rich <b>text</b></p>\r
<img src="cid:pic@x"><img src="https://evil.example/pixel.gif"><img src="data:image/svg+xml;base64,AAAA">\r
<a href="javascript:alert(1)">bad</a><a href="https://acme.example/">good</a>\r
<form action="https://evil.example"><input name=x></form><iframe src="https://evil.example"></iframe></body></html>\r
--b--\r
--r\r
Content-Type: image/png\r
Content-ID: <pic@x>\r
Content-Transfer-Encoding: base64\r
\r
iVBORw0K\r
--r--\r
"""


@pytest.fixture
def office(desk, pymap_server, tmp_path, monkeypatch):
    """A message with HTML, and a desktop that notes what it is asked to open."""
    pymap_server.append("INBOX", HTML)
    desk.set_up(pymap_server).done("sync")
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > "{tmp_path}/asked"\nexit ${{CODE:-0}}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{opener.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    return desk


def test_a_message_is_opened_as_a_private_copy_with_a_telling_name(office, tmp_path):
    (short,) = office.ids()
    answer = office.done("open", short)
    path = Path((tmp_path / "asked").read_text())
    assert answer.out == f"opened {path}\n"
    assert path.name == "2024-03-05 A-B _script_.eml"
    assert path.read_bytes() == HTML
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = office.done("open", short, "--json").data
    assert again["id"] == short
    other = Path(again["path"])
    assert other != path
    assert other.read_bytes() == path.read_bytes() == HTML


def test_copies_of_earlier_days_go_with_the_next_one(office, tmp_path):
    old = tmp_path / "cache" / "trail" / "opened" / "deadbeef"
    old.mkdir(parents=True)
    (old / "x.eml").write_text("x")
    os.utime(old, (time.time() - 90_000,) * 2)
    office.done("open", office.ids()[0])
    assert not old.exists()


def test_without_a_desktop_nothing_is_written_and_the_hint_names_the_way(office, tmp_path, monkeypatch):  # fmt: skip
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    answer = office.trail("open", office.ids()[0])
    assert answer.code == 1
    assert "there is no desktop here" in answer.err
    assert "trail save ID" in answer.err
    assert not (tmp_path / "cache").exists()


def test_a_desktop_that_cannot_open_it_is_told(office, monkeypatch):
    monkeypatch.setenv("CODE", "3")
    answer = office.trail("open", office.ids()[0])
    assert answer.code == 1
    assert "xdg-open could not open it (exit code 3)" in answer.err


def test_the_page_shows_the_letter_and_loads_nothing(office, tmp_path):
    office.done("open", office.ids()[0], "--html")
    path = Path((tmp_path / "asked").read_text())
    page = path.read_text(encoding="utf-8")
    assert path.suffix == ".html"
    assert "default-src 'none'" in page
    assert "Rich <b>text</b>" in page
    assert 'style="color:red"' in page
    for bad in ("evil.example", "<script", "javascript:", "onload", "position", "url(", "<form", "<iframe", "http-equiv=refresh", "svg"):  # fmt: skip
        assert bad not in page, bad
    assert "data:image/png;base64,iVBORw0K" in page
    assert 'href="https://acme.example/"' in page
    assert "2 pictures from elsewhere are not shown." in page
    assert "<title>A/B &lt;script&gt;</title>" in page


@pytest.mark.browser
def test_a_browser_asks_nobody_for_anything(office, tmp_path, chromium):
    import http.server  # noqa: PLC0415 - only here
    import subprocess  # noqa: PLC0415 - only here
    import threading  # noqa: PLC0415 - only here

    asked = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_address[1]}"
        content = HTML.replace(b"https://evil.example", here.encode())
        page = tmp_path / "page.html"
        data = {
            "id": "1",
            "subject": "x",
            "addresses": [],
            "attachments": [],
            "text": "",
            "quoted": "",
        }
        # also what the sanitiser would let through: the page's policy stands behind it
        page.write_text(write_page(data, "", read_markup(content)).replace("<body>", f"<body><img src={here}/policy.png>"))  # fmt: skip
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]  # fmt: skip
        shown = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
        server.shutdown()
    assert b"Rich <b>text</b>" in shown
    assert asked == []


def test_a_message_without_html_is_shown_as_text():
    data = {
        "id": "12345678", "subject": "\x1b\u202e<b>", "addresses": [{"role": "from", "name": "<i>", "address": "a@b"}],
        "attachments": [{"filename": "<u>.pdf", "safe_name": "u.pdf"}], "text": "1 < 2\n\n& more", "quoted": "<q>",
    }  # fmt: skip
    page = write_page(data, "2024-03-05", read_markup(make_message(1)))
    assert "1 &lt; 2\n\n&amp; more" in page
    assert not {"\x1b", "\u202e"} & set(page)
    for bad in ("<b>", "<i>", "<u>", "<q>"):
        assert bad not in page


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 100, b"Content-Type: text/html\r\n\r\n" + b"<div>" * 5000]
)
def test_no_message_keeps_the_page_from_being_made(content):
    assert clean_markup(read_markup(content), set()).startswith('<div class="letter">')


def test_a_message_and_its_attachments_are_saved_over_nothing(office, tmp_path):
    (short,) = office.ids()
    target = tmp_path / "mine.eml"
    answer = office.done(
        "save", short, target, "--attachments", tmp_path / "deep" / "down", "--json"
    )
    assert target.read_bytes() == HTML
    assert answer.data["message"] == str(target)
    (saved,) = answer.data["attachments"]
    assert Path(saved).read_bytes() == b"\x89PNG\r\n"
    again = office.trail("save", short, target)
    assert again.code == 1
    assert "is already there" in again.err
    assert (
        office.done("save", short, tmp_path).out == f"{tmp_path / '2024-03-05 A-B _script_.eml'}\n"
    )
    assert office.trail("save", short).code == 2
    assert office.trail("save", "00000000", target).code == 41


def test_a_name_with_a_slash_at_its_end_is_a_folder(office, tmp_path):
    (short,) = office.ids()
    folder = tmp_path / "new" / "deep"
    path = folder / "2024-03-05 A-B _script_.eml"
    assert office.done("save", short, f"{folder}/").out == f"{path}\n"
    assert path.read_bytes() == HTML
    answer = office.trail("save", short, f"{path}/")
    assert (answer.code, "is a file, and no folder" in answer.err) == (1, True)
    assert office.trail("save", short, "").code == 2


def test_a_hyphen_is_stdout(office, tmp_path, monkeypatch):
    (short,) = office.ids()
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "taken").open("wb") as taken:
        assert office.run_beside("save", short, "-", stdout=taken).code == 0
    assert (tmp_path / "taken").read_bytes() == HTML
    assert not (tmp_path / "-").exists()
    assert office.trail("save", short, "-", "--json").code == 2
    assert office.trail("save", short, "-", "--attachments", tmp_path).code == 2


# trees


def test_a_tree_has_branches_as_in_a_mail_client():
    depths = [0, 1, 2, 1, 2, 3, 0, 1]
    drawn = ["", "├─ ", "│  └─ ", "└─ ", "   └─ ", "      └─ ", "", "└─ "]
    assert draw_branches(depths, draws=True, room=40) == drawn
    plain = ["", "|- ", "|  `- ", "`- ", "   `- ", "      `- ", "", "`- "]
    assert draw_branches(depths, draws=False, room=40) == plain


def test_a_deep_tree_leaves_room_for_the_words():
    branches = draw_branches(range(300), draws=True, room=24)
    assert max(map(len, branches)) == 24
    assert branches[-1].startswith("… ")
    assert branches[-1].endswith("└─ ")


def test_two_who_open_the_same_message_take_nothing_from_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path))
    sent = datetime(2024, 3, 5, tzinfo=UTC)
    data = {"id": "deadbeef", "subject": "x"}
    old = write_copy(data, sent, b"x", html=False)
    os.utime(old.parent, (time.time() - 90_000,) * 2)
    iterate = Path.iterdir

    def see_the_other_come_first(folder):
        copies = list(iterate(folder))
        for copy in copies:  # another one cleans up and opens it, just before
            shutil.rmtree(copy)
        monkeypatch.setattr(Path, "iterdir", iterate)
        opened.append(write_copy(data, sent, b"x", html=False))
        return copies

    opened = []
    monkeypatch.setattr(Path, "iterdir", see_the_other_come_first)
    opened.append(write_copy(data, sent, b"x", html=False))
    assert [path.read_bytes() for path in opened] == [b"x", b"x"]
    assert not old.exists()
