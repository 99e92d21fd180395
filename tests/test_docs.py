"""The documentation is true: every command, option, key, code, table and JSON key is in it, and every example is run.

When an example fails, the program is right: `python tests/examples.py` writes the outputs in the pages anew.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sqlite3
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import examples
import pytest

import trail
from trail import errors
from trail.archive.store import writing_archive
from trail.cli.commands import register_commands
from trail.cli.frame import build
from trail.cli.main import run
from trail.config import load_config, parse_config
from trail.config.schema import KEYS
from trail.demo.correspondence import iter_correspondence
from trail.demo.server import serve
from trail.fetch.source import FolderUnavailable
from trail.model import Account, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = examples.ROOT
DOCS = ROOT / "docs"
PAGES = examples.list_pages()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(name: str) -> dict[str, str]:
    """The text under each heading of the second level."""
    parts = re.split(r"^## (.+)$", read(name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_column(text: str) -> list[str]:
    """What stands in backticks in the first column of the tables in a text."""
    cells = re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def code_blocks(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


# commands


def iter_commands(group=None, words=("trail",)) -> Iterator[tuple[str, set[str]]]:
    """Every command by its full name, with its options; a group that is no command of its own is left out."""
    register_commands()
    group = group or build()
    if len(words) == 1 or not hasattr(group, "commands"):
        options = {
            o for p in group.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-")
        }
        yield " ".join(words), options
    for name, command in getattr(group, "commands", {}).items():
        yield from iter_commands(command, (*words, name))


@pytest.mark.parametrize(
    ("command", "options"), [pytest.param(*c, id=c[0]) for c in iter_commands()]
)
def test_every_command_and_option_is_documented(command, options):
    page = sections("docs/commands.md")
    assert command in page, f"docs/commands.md has no section `## {command}`"
    documented = {o for o in first_column(page[command]) if o.startswith("-")}
    if command == "trail":
        documented -= {"--help", "-h"}  # click adds it when it is asked for
    assert documented == options, f"{command}: documented, or there, but not both"


def test_no_command_is_documented_that_is_not_there():
    assert set(sections("docs/commands.md")) == {name for name, _ in iter_commands()}


# configuration


@pytest.mark.parametrize("table", KEYS)
def test_every_key_of_the_configuration_is_documented(table):
    single = {
        "": "The file",
        "handoff": "`[handoff]`",
        "caldav": "`[caldav]`",
        "digest": "`[digest]`",
        "book": "`[book]`",
    }
    heading = single.get(table, f"`[[{table}]]`")
    section = sections("docs/configuration.md")[heading]
    assert sorted(first_column(section)) == sorted(KEYS[table])


@pytest.mark.parametrize(
    ("table", "made"), [("account", Account("a", "h", "u")), ("client", Client("c", "c"))]
)
def test_the_documented_defaults_are_those_of_the_program(table, made):
    section = sections("docs/configuration.md")[f"`[[{table}]]`"]
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^|`]+)` \|", section, re.MULTILINE))
    assert rows
    for key, written in rows.items():
        value = tomllib.loads(f"x = {written}")["x"]
        if key in ("every", "timeout"):
            value = {"5m": 300.0, "60s": 60.0}[value]
        assert getattr(made, key) == (tuple(value) if isinstance(value, list) else value), key


def test_the_example_configuration_has_every_key_and_can_be_used():
    text = read("config.example.toml")
    config = load_config(ROOT / "config.example.toml")
    assert config.accounts
    assert config.clients
    for table, keys in KEYS.items():
        for key in keys:
            wanted = rf"^(# )?\[\[?{key}\]" if key in KEYS else rf"^(# )?{key} = "
            assert re.search(wanted, text, re.MULTILINE), f"{table} {key}"
    bare = re.sub(r"^# (\w+ = |\[caldav\])", r"\1", text, flags=re.MULTILINE)
    with_password = re.sub(r"^(password_env|oauth_).*$", "", bare, flags=re.MULTILINE)
    parse_config(with_password, ROOT / "c.toml")
    with_oauth = re.sub(
        r"^(auth|password_|oauth_client_secret_env).*$", "", bare, flags=re.MULTILINE
    )
    with_oauth = with_oauth.replace("\noauth_provider", '\nauth = "oauth2"\noauth_provider')
    assert parse_config(with_oauth, ROOT / "c.toml").accounts[0].auth == "oauth2"


# errors


def iter_errors(kind=errors.TrailError) -> Iterator[type[errors.TrailError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from iter_errors(child)


def test_every_error_is_documented_with_its_exit_code():
    assert FolderUnavailable in iter_errors()
    rows = re.findall(r"^\| (\d+) \| ?(\w*) \|", read("docs/errors.md"), re.MULTILINE)
    ours = {e for e in iter_errors() if e.__module__.startswith("trail.")}
    assert {(int(code), name) for code, name in rows if name} == {
        (e.exit_code, e.__name__) for e in ours
    }
    plain = {int(code) for code, name in rows if not name}
    assert plain == {0, errors.EXIT_USAGE, errors.EXIT_WARNINGS, errors.EXIT_INTERRUPTED}


def test_the_error_module_lists_the_same_codes():
    listed = re.findall(r"[├└]── (\w+) +(\d+) ", errors.__doc__)
    ours = {e for e in iter_errors() if e.__module__ == "trail.errors"} - {errors.TrailError}
    assert {(name, int(code)) for name, code in listed} == {(e.__name__, e.exit_code) for e in ours}


# the ledger


def test_every_table_and_column_of_the_ledger_is_documented(tmp_path):
    with writing_archive(tmp_path / "archive"):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "archive" / "ledger.db")) as ledger:
        tables = [
            name
            for (name,) in ledger.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        columns = {
            t: [c for (c,) in ledger.execute(f"SELECT name FROM pragma_table_info('{t}')")]
            for t in tables
        }
        values = {name for (name,) in ledger.execute("SELECT name FROM meta")}
        version = ledger.execute("PRAGMA user_version").fetchone()[0]
    page = sections("docs/formats/ledger.md")
    assert list(page) == tables
    assert f"this page describes version {version}" in read("docs/formats/ledger.md")
    meta = first_column(page["meta"])
    documented = {name: first_column(text) for name, text in page.items()} | {"meta": meta[:2]}
    assert documented == columns
    assert values <= set(meta[2:])


# JSON


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """A folder with a demo in `trail-demo`, never to be changed."""
    folder = tmp_path_factory.mktemp("demo")
    examples.make_demo(folder)
    return folder


@pytest.fixture
def terminal(demo, tmp_path) -> examples.Terminal:
    return examples.lay_out(demo, tmp_path / "home", ROOT / "CHANGELOG.md")


@pytest.fixture
def serving() -> Iterator[Callable[[Path], None]]:
    """Puts up the mail server of the demo in a folder, until the test ends."""
    with contextlib.ExitStack() as stack:

        def serve_demo(folder):
            port = load_config(folder / "trail-demo" / "config.toml").accounts[0].port
            stack.enter_context(serve(iter_correspondence(), port=port))

        yield serve_demo


INIT = "init --config new.toml --yes --no-test --me a@studio.example --password-env PW --client acme=acme.example"
BOOK = ROOT / "fixtures" / "book" / "book.json"
"""Taken into the demo before the commands about the client's book."""
OF_THE_BOOK = (
    "trail clients",
    "trail client show",
    "trail brief",
    "trail digest",
    "trail next ",
    "trail note",
    "trail agree",
    "trail requests ",
    "trail book ",
)
JSON_COMMANDS = {
    "trail demo": ["demo trail-demo"],
    "trail init": [INIT],
    "trail login": [],  # there is nobody to sign in to in the demo: tests/cli/test_login.py
    "trail logout": [],
    "trail sync": ["sync", "sync --dry-run"],
    "trail status": ["status", "status --certificate"],
    "trail search": [
        "search --limit 1 quotation",
        "search qoutation nowhere",
        "search --threads --limit 1 quotation",
        "search --by client",
        "search --ids --limit 1",
        "search --paths --limit 1",
        "search --count",
    ],
    "trail find": [],  # a screen
    "trail show": ["show f49798af", "show 57c47e00", "show f49798af --save-attachments taken"],
    "trail unreadable": ["unreadable", "unreadable --again"],
    "trail thread": ["thread 515b265f"],
    "trail open": [],  # there is no desktop in a test: tests/cli/test_open_save.py
    "trail save": ["save f49798af message.eml --attachments taken"],
    "trail clients": ["clients"],
    "trail client show": ["client show acme"],
    "trail client add": [
        "client add acme --address a@b.example --domain c.example --folder F --subject '[NEW]'"
    ],
    "trail client suggest": ["client suggest --offline"],
    "trail brief": ["brief acme"],
    "trail review": [
        "review acme",
        "review --all",
        "review acme --questionnaire",
        f"review acme --file-answers {BOOK}",
        "review acme --answers",
    ],
    "trail digest": ["digest", "digest --send"],
    "trail waiting list": ["waiting --all"],
    "trail waiting done": ["waiting done aa7594dd"],
    "trail waiting snooze": ["waiting snooze aa7594dd 1w"],
    "trail waiting undo": ["waiting done aa7594dd", "waiting undo aa7594dd"],
    "trail next list": ["next --all", "next acme --done", "next --ics next.ics"],
    "trail next add": ["next add acme call Jane --due friday"],
    "trail next done": ["next done aaaaa1"],
    "trail next move": ["next move aaaaa1 tomorrow"],
    "trail next change": ["next change aaaaa1 --private"],
    "trail next drop": ["next drop aaaaa1"],
    "trail next suggest": ["next suggest"],  # its mail is too old: tests/cli/test_next_suggest.py
    "trail next accept": [],
    "trail next never": [],
    "trail next push": [],  # there is no calendar in the demo: tests/cli/test_next_push.py
    "trail note": ["note acme text", "note acme --delete aaaan1"],
    "trail notes": ["notes acme"],
    "trail agree": [
        "agree acme",
        "agree acme Retainer --until 2999-12-31",
        "agree acme --delete aaaag1",
    ],
    "trail requests list": ["requests acme"],
    "trail requests add": ["requests add acme a blue logo"],
    "trail requests done": ["requests done aaaar1"],
    "trail requests decline": ["requests decline aaaar1"],
    "trail requests reopen": ["requests reopen aaaar1"],
    "trail book export": ["book export acme.json"],
    "trail book import": [f"book import {BOOK} --dry-run"],
    "trail handoff": [
        "handoff acme --full --dry-run",
        "handoff acme --dry-run",
        "handoff sakura --review-out doubtful.csv",
        "handoff sakura --review-in doubtful.csv",
        "handoff sakura",
    ],
    "trail receipt": [
        "receipt trail-demo/acme-*",
        "receipt --accept trail-demo/acme-*-receipt.txt",
        "receipt",
    ],
    "trail key create": ["key create --replace"],
    "trail key show": ["key show"],
    "trail key export": ["key export"],
    "trail verify": ["verify", "verify trail-demo/acme-*"],
    "trail hold": [
        "hold acme --until 2999-12-31 --why claim",
        "hold --list",
        "hold acme --release",
    ],
    "trail forget": ["forget acme --dry-run", "forget acme --confirm acme"],
    "trail reindex": ["reindex"],
    "trail daemon": ["daemon --print-unit"],
    "trail help": ["help query", "help search"],
}
NOT_IN_THE_DEMO = {
    "failures[]": ("account", "folder", "uidvalidity", "uid", "reason", "since"),
    "unparsable[]": ("id", "path", "reason"),
    "daemon": ("pid", "doing", "since", "paused"),
    "due[]": ("client", "keep", "messages", "command"),
    "problems[]": ("kind", "account", "text", "since", "command"),
}
"""What `trail status` shows of a message that failed, one that cannot be parsed, a problem, and a running daemon."""
NOT_IN_THE_ARCHIVE = {
    "verified": ("at", "messages", "problems"),
    "missing[]": ("message_id", "referred_by"),
}
"""What the certificate shows of a verification, and of messages that nobody holds."""
NOT_STAMPED = {"timestamp": ("at", "authority", "trusted")}
"""What `trail verify` shows of a timestamp."""
NOT_DAMAGED = {
    "resumed": ("messages", "started_at"),
    "damage[]": ("kind", "place", "key", "mend"),
    "repairs[]": ("place", "mended", "how"),
    "server[]": ("account", "by_size", "by_bytes", "undecided", "gone", "error"),
}
"""What `trail verify` shows of damage, of repairs and of servers."""
ACTION = ("id", "client", "text", "due", "days", "private", "message", "agreement", "done_at")
OWED = ("count", "id", "at", "days", "due", "sentence")
MAY_BE_NULL = {
    *("last_from_them", "last_from_us", "waiting_on_us", "waiting_on_them", "next", "rhythm"),
    *(f"waiting_on_{side}.{key}" for side in ("us", "them") for key in OWED),
}
"""What how it stands with a client has for an object or null, and what nobody owes in the demo: tests/cli/test_overview_commands.py."""
HELD = {f"holds[].{key}" for key in ("until", "why", "by")}
"""Nobody is on hold in the demo: tests/cli/test_forget_command.py."""
OPEN = ("id", "kind", "at", "days", "due", "sentence")
SENTENCE = ("id", "key", "at", "by", "kind", "sentence")
UNSEEN = {
    "trail clients": {f"clients[].{path}" for path in MAY_BE_NULL | HELD},
    "trail client show": MAY_BE_NULL | HELD,
    "trail brief": MAY_BE_NULL | HELD | {f"open[].{key}" for key in ("on", *OPEN)},
    "trail review": {"deleted"}
    | {
        f"{answers}.{side}{key}"
        for answers in (
            "answers",
            "answers_before",
            "answers_since",
            "quarters[].answers",
            "clients[].answers_before",
            "clients[].answers_since",
        )
        for side in ("us", "them")
        for key in ("", ".count", ".median", ".p90")
    }
    | {
        f"absences[].{key}"
        for key in ("on", "person", "sentence", "days_written", "usual", "id", "key")
    }
    | {f"missed[].{key}" for key in (*SENTENCE, "due", "days", "kept_at")}
    | {f"sharp[].{key}" for key in (*SENTENCE, "times")},
    "trail digest": {f"waiting_on_us[].{key}" for key in ("client", *OPEN)}
    | {f"quiet[].{key}" for key in ("client", "text", "days", "usual", "id")},
    "trail handoff": {
        "given_before[].given_at",
        "would_hand_over[].released_by",
        # tests/cli/test_handoff_told.py
        "would_hand_over[].changes",
        "would_plan[].text",
        "would_plan[].due",
        "attachments_withheld[].filename",
        "attachments_withheld[].why",
    },
    "trail sync": {"accounts[].renamed[].folder", "accounts[].renamed[].formerly"},
    "trail search": {f"incomplete.{key}" for key in ("why", "missing", "rebuilding", "run")},
    "trail unreadable": {"messages[].id", "messages[].key", "messages[].reason"},
    "trail status": HELD
    | {"holds[].client", "holds[].last_day"}
    | {
        f"{path}.{key}"
        for unseen in (NOT_IN_THE_DEMO, NOT_IN_THE_ARCHIVE)
        for path, keys in unseen.items()
        for key in keys
    },
    "trail verify": {
        f"{path}.{key}"
        for unseen in (NOT_DAMAGED, NOT_STAMPED)
        for path, keys in unseen.items()
        for key in keys
    },
    "trail key export": {"backup"},
    "trail forget": HELD,
    "trail login": {"schema", "account", "kept_in", "folders"},
    "trail logout": {"schema", "account", "was_signed_in", "revoked"},
    "trail open": {"schema", "id", "path"},
    "trail next push": {
        "schema",
        "dry_run",
        "added",
        "changed",
        "removed",
        "unchanged",
        "left_alone",
    }
    | {f"done_there[].{key}" for key in ACTION},
    "trail next accept": {"schema"} | {f"actions[].{key}" for key in ACTION},
    "trail next never": {"schema", "never"},
    "trail next suggest": {
        f"suggestions[].{key}"
        for key in ("id", "client", "kind", "sentence", "due", "by", "name", "message", "said_at")
    },
}


def list_paths(value, path="") -> set[str]:
    """`accounts[].folder` and so on; an empty list or object is only its own name."""
    if isinstance(value, dict) and (value or not path):
        found = {path} if path.endswith("added") else set()
        return found.union(*(list_paths(v, f"{path}.{k}" if path else k) for k, v in value.items()))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return set().union(*(list_paths(one, f"{path}[]") for one in value))
    return {path}


def find_names(word) -> list[str]:
    """What a shell makes of a word."""
    names = sorted(map(str, Path().glob(word))) if "*" in word else []
    return names or [word]


@pytest.mark.parametrize("command", JSON_COMMANDS)
def test_every_key_of_the_json_is_documented(command, terminal, serving):
    if command == "trail sync":
        serving(terminal.folder)
    if command.startswith(OF_THE_BOOK):
        taken = run(["--config", f"{terminal.folder}/trail-demo/config.toml", "-q", "book", "import", str(BOOK)])  # fmt: skip
        assert taken == 0
    documented = set(first_column(sections("docs/formats/json.md")[command]))
    found: set[str] = set()
    for words in JSON_COMMANDS[command]:
        output, told = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(terminal.folder),
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(told),
        ):
            for name, value in terminal.environ.items():
                patch.setenv(name, value)
            typed = examples.shlex.split(words)
            run([*(name for word in typed for name in find_names(word)), "--json"])
        assert output.getvalue(), told.getvalue()
        data = json.loads(output.getvalue())
        assert data["schema"] == 1
        found |= list_paths(data)
    missing = documented - found - UNSEEN.get(command, set())
    empty = {path for path in found if any(d.startswith(f"{path}[].") for d in documented)}
    assert not found - documented - empty, "printed, and not in docs/formats/json.md"
    assert not missing, "in docs/formats/json.md, and not printed"


def test_json_keys_that_the_demo_cannot_show_are_in_the_program():
    pages = (
        "cli/status.py",
        "cli/doubt.py",
        "cli/unreadable.py",
        "cli/problems.py",
        "turns.py",
        "cli/certificate.py",
        "cli/lookback_lines.py",
        "cli/questionnaire.py",
        "cli/verification.py",
        "cli/seals.py",
        "cli/key.py",
        "cli/login.py",
        "render.py",
        "cli/opening.py",
        "cli/plan.py",
        "cli/shortfalls.py",
        "cli/forgotten.py",
        "cli/next_push.py",
        "cli/next_suggest.py",
        "cli/entries.py",
        "cli/standings.py",
        "digesting.py",
    )
    source = "".join(read(f"trail/{page}") for page in pages)
    for path in set().union(*UNSEEN.values()) - {"schema"}:
        assert f'"{path.rpartition(".")[2]}": ' in source, path


def test_every_command_with_a_result_has_a_json_section():
    assert set(sections("docs/formats/json.md")) == set(JSON_COMMANDS)
    assert {name for name, _ in iter_commands()} - {"trail"} == set(JSON_COMMANDS)


# examples


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(p, id=p.relative_to(ROOT).as_posix())
        for p in PAGES
        if examples.read_examples(p)
    ],
)
def test_the_examples_print_what_the_page_shows(page, demo, tmp_path):
    terminal = examples.lay_out(demo, tmp_path / "home", page)
    for example in examples.read_examples(page):
        if tool := examples.find_missing_tool(example.command):
            pytest.skip(f"no {tool} on this machine")
        code, printed = terminal.type(example.command)
        place = f"{page.relative_to(ROOT)}:{example.line}: $ {example.command}"
        assert code == 0, "\n".join([place, *printed])
        difference = examples.explain_difference(example.shown, printed)
        assert not difference, f"{place}\n{difference}\n(python tests/examples.py writes it anew)"


def test_a_difference_in_an_example_is_noticed():
    assert examples.explain_difference(["a", "b"], ["a", "c"])
    assert examples.explain_difference(["a", "[...]", "z"], ["a", "z"])
    assert examples.explain_difference(["a", "[...]", "z"], ["b", "x", "z"])
    assert not examples.explain_difference(["a", "[...]", "z"], ["a", "x", "y", "z"])
    assert not examples.explain_difference(["acme-2026-01-02"], ["acme-2027-03-04"])
    entry = "x8d3b7  2026-12-06  acme  Ask Jane  [49290373]"
    assert not examples.explain_difference(
        [entry], ["1bk2zc  2027-01-01  acme  Ask Jane  [49290373]"]
    )
    assert examples.explain_difference([entry], ["1bk2zc  Friday  acme  Ask Jane  [49290373]"])
    assert examples.explain_difference([entry], ["1bk2zc  2027-01-01  acme  Ask Jane"])
    assert not examples.explain_difference(
        ["acme  Jane has waited 1 day"], ["acme  Jane has waited 20 days"]
    )
    assert examples.explain_difference(
        ["acme  Jane has waited 1 day"], ["acme  Ken has waited 1 day"]
    )


# words of the program that pages repeat


def test_every_warning_in_the_pages_is_one_of_the_program():
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "trail").rglob("*.py"))
    warnings = first_column(sections("docs/errors.md")["Warnings"])
    assert len(warnings) >= 5
    for warning in warnings:
        for words in re.split(r"'?…'?|^N messages ", warning):
            assert words in source, warning


def test_every_problem_in_the_pages_is_one_that_verify_names():
    pages = ("damage.py", "verify.py", "audit.py")
    source = "".join(read(f"trail/archive/{page}") for page in pages)
    source += read("trail/intake/comparison.py")
    problems = first_column(sections("docs/operations.md")["A damaged archive"])
    assert len(problems) >= 8
    for problem in problems:
        assert f'"{problem.partition(":")[0]}' in source, problem


def test_the_file_name_in_the_pages_is_one_of_the_demo(demo):
    (name,) = [b for b in code_blocks(read("docs/formats/archive.md")) if ".trail,S=" in b]
    assert [p.name for p in (demo / "trail-demo").rglob(name)] == [name]


# the set-up lines


def test_the_first_block_of_the_readme_sets_up_and_runs_the_demo():
    (line,) = code_blocks(read("README.md"))[0].splitlines()
    steps = line.split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[-1] == ".venv/bin/trail demo"
    assert [s for s in steps if "pip" in s] == [
        ".venv/bin/pip install -q -r requirements.lock",
        ".venv/bin/pip install -q --no-deps .",
    ]
    for step in steps[1:]:
        for name in re.findall(r"-r (\S+)", step):
            assert (ROOT / name).is_file()


def test_the_test_block_is_one_line_that_ci_takes_from_the_readme():
    (line,) = code_blocks(sections("README.md")["Test"])[0].splitlines()
    steps = line.split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[-1] == ".venv/bin/python -m pytest -n auto --dist worksteal"
    ci = read(".ci/run")
    extract = re.search(r"line=\$\((awk .+ README\.md)\)", ci)
    assert extract, ".ci/run takes the line from the README"
    taken = subprocess.run(["bash", "-c", extract[1]], cwd=ROOT, capture_output=True, check=True)
    assert taken.stdout.decode().strip() == line


def test_make_sets_up_as_the_readme_does():
    (line,) = code_blocks(sections("README.md")["Test"])[0].splitlines()
    recipes = (
        read("Makefile")
        .replace("$(BIN)", ".venv/bin")
        .replace("$(VENV)", ".venv")
        .replace("$(PYTHON)", "python3")
    )
    commands = {recipe.strip() for recipe in recipes.splitlines() if recipe.startswith("\t")}
    assert set(line.split(" && ")) <= commands


# links, and words


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in PAGES]
)
def test_every_link_leads_somewhere(page):
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(other), f"{page.name}: {target} has no such heading"


def test_every_page_can_be_reached_from_the_index():
    linked = set(re.findall(r"\]\(([^)#]+)\)", read("docs/index.md")))
    there = {p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")} - {"index.md"}
    assert there == linked


def test_decisions_are_numbered_and_short():
    pages = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [int(p.name[:4]) for p in pages]
    assert numbers == sorted(set(numbers))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} ")
        assert [f"**{part}.**" in text for part in ("Context", "Choice", "Price")] == [True] * 3, (
            page
        )


def test_the_changelog_has_this_version():
    versions = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == trail.__version__
    assert tomllib.loads(read("pyproject.toml"))["project"]["version"] == trail.__version__


def test_every_dependency_is_explained():
    wanted = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    names = [re.split(r"[<>=!]", line)[0] for line in wanted]
    table = re.findall(
        r"^\| ([\w-]+) \|", read("docs/decisions/0002-dependencies.md"), re.MULTILINE
    )
    assert table[1:] == names


def test_no_page_names_a_machine_or_a_registry():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found = re.search(
            r"/tmp/|/opt/|/work/|/root\b|pypi\.org|pythonhosted|npmjs|debian\.org", text
        )
        assert not found, f"{page.name}: {found[0] if found else ''}"
