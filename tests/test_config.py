"""The configuration: what is accepted, what is refused, and whether the error leads to the line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.config import Config, find_account, find_client, load_config, parse_config
from trail.config.digest import DigestSettings
from trail.config.load import Handoff
from trail.config.schema import KEYS
from trail.errors import ConfigError, UnknownClient
from trail.model import Account, Client, Hours

PATH = Path("/etc/trail/config.toml")
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"

ACCOUNT = '[[account]]\nname = "work"\nhost = "imap.studio.example"\nuser = "me@studio.example"\n'
CLIENT = '[[client]]\nslug = "acme"\ndomains = ["acme.example"]\n'


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, PATH)
    return caught.value


def test_the_example_documents_every_key_and_its_default():
    text = EXAMPLE.read_text(encoding="utf-8")
    for level, keys in KEYS.items():
        part = text if not level else text.partition(f"[{level}]")[2].partition("\n[")[0]
        for key in set(keys) - {"account", "client", "handoff", "caldav", "digest", "book"}:
            assert re.search(rf"^(# )?{key} = ", part, re.MULTILINE), (level, key)
    config = parse_config(text, PATH)
    assert config.clients[0].subjects == ("[acme]",)
    account = Account("work", "imap.studio.example", "me@studio.example")  # the defaults
    assert config.accounts == (replace(account, password_env="TRAIL_WORK_PASSWORD"),)


def test_an_empty_file_is_a_configuration_without_accounts(tmp_path):
    path = tmp_path / "config.toml"
    path.touch()
    assert load_config(path) == Config(path, archive=Path.home() / "trail")


def test_all_values_arrive_in_the_form_rules_are_compared_in():
    config = parse_config(
        'archive = "box"\nscope = "everything"\nme = ["Me@Studio.Example", "me@studio.example"]\n'
        '[[account]]\nname = "work"\nhost = "IMAP.Studio.Example"\nuser = "Me"\nsecurity = "starttls"\n'
        'every = "1h"\ntimeout = 5\nca_file = "ca.pem"\npassword_command = ["pass", "a", "a"]\n'
        'folders = ["INBOX", "Clients/Acme "]\n'
        '[[client]]\nslug = "acme"\ndomains = ["@ACME.example", "*.bücher.example"]\n'
        'addresses = ["Jane@Mail.Example"]\nsubjects = ["[ACME]"]\n',
        PATH,
    )
    assert config == Config(
        PATH,
        archive=Path("/etc/trail/box"),
        scope="everything",
        me=("me@studio.example",),
        accounts=(
            Account(
                "work",
                "imap.studio.example",
                "Me",
                port=143,
                security="starttls",
                password_command=("pass", "a", "a"),
                every=3600.0,
                timeout=5.0,
                folders=("INBOX", "Clients/Acme "),
                ca_file="/etc/trail/ca.pem",
            ),
        ),
        clients=(
            Client(
                "acme",
                "acme",
                addresses=("jane@mail.example",),
                domains=("acme.example", "xn--bcher-kva.example"),
                subjects=("[acme]",),
            ),
        ),
    )


def test_what_hand_offs_are_sealed_with_is_read_and_checked():
    config = parse_config(
        '[handoff]\nkey_file = "key.pem"\ntimestamp_url = "http://tsa.example/x"\ntimestamp_ca = "/a/ca.pem"\n',
        PATH,
    )
    assert config.handoff == Handoff(
        PATH.parent / "key.pem", "http://tsa.example/x", Path("/a/ca.pem")
    )
    error = refusal('[handoff]\nkey_fil = "x"\n')
    assert error.message == f'{PATH}:2: handoff: unknown key "key_fil"'
    assert error.hint == 'did you mean "key_file"?'
    assert "[handoff]" in refusal('key_file = "x"').hint
    for url in ("ftp://tsa.example", "tsa.example", "http://me:pw@tsa.example", "http://"):
        assert "http://" in refusal(f'[handoff]\ntimestamp_url = "{url}"').message
    assert "must be a table" in refusal("[[handoff]]").message


def test_when_and_where_to_a_digest_goes_is_read_and_checked():
    me = 'me = ["me@studio.example", "mia@studio.example"]\n'
    config = parse_config(
        f'{me}[digest]\nat = "7:05"\nto = ["file", "mail"]\naddress = "Mia@studio.example"\n'
        'host = "smtp.studio.example"\nsecurity = "starttls"\nuser = "mia"\nca_file = "ca.pem"\n',
        PATH,
    )
    server = Account("digest", "smtp.studio.example", "mia", 587, "starttls", ca_file="/etc/trail/ca.pem")  # fmt: skip
    assert config.digest == DigestSettings((7, 5), ("file", "mail"), "mia@studio.example", server)
    assert parse_config(me, PATH).digest == DigestSettings()
    for wrong, words in (
        ('at = "24:00"', "time of the day"),
        ('at = "half past seven"', "time of the day"),
        ('to = ["pager"]', '"pager" is none of'),
        ('to = ["mail"]', "digest: host: is missing"),
        ('address = "jane@acme.example"', "none of your own addresses"),
        ('host = "smtp.studio.example"\nsecurity = "plain"', "readable to another machine"),
        ('password_env = "A"\npassword_command = ["b"]', "stands beside password_env"),
        ('password = "x"', "a password does not belong"),
        ('time = "07:30"', 'unknown key "time"'),
    ):
        assert words in refusal(f"{me}[digest]\n{wrong}\n").message, wrong
    nobody = refusal('[digest]\nto = ["mail"]\nhost = "smtp.studio.example"\n')
    assert "there is nobody to mail to" in nobody.message
    assert "[digest]" in refusal('at = "07:30"').hint


def test_what_hand_offs_are_made_with_is_read_and_checked():
    config = parse_config('[handoff]\nletter = "letter.md.j2"\nlanguage = "danish"\n', PATH)
    assert config.handoff == Handoff(letter=PATH.parent / "letter.md.j2", language="danish")
    error = refusal('[handoff]\nleter = "x"\n')
    assert error.message == f'{PATH}:2: handoff: unknown key "leter"'
    assert error.hint == 'did you mean "letter"?'
    assert "[handoff]" in refusal('letter = "x"').hint
    assert "'danish'" in refusal('[handoff]\nlanguage = "da"').message
    assert "must be a table" in refusal('handoff = "x"').message
    assert "must be a table" in refusal("[[handoff]]").message


def test_a_relative_configuration_path_still_gives_an_absolute_archive(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_config('archive = "box"', Path("config.toml")).archive == tmp_path / "box"


def test_a_file_from_an_editor_on_windows_is_read(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (ACCOUNT + CLIENT).replace("\n", "\r\n").encode())
    assert load_config(path).clients[0].slug == "acme"


def test_a_missing_file_leads_to_init_and_demo(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "none.toml")
    assert "none.toml" in caught.value.message
    assert "trail init" in caught.value.hint
    assert "trail demo" in caught.value.hint


@pytest.mark.parametrize("path", ["", "\0"])
def test_a_path_that_cannot_be_read_is_a_config_error(tmp_path, path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / path)


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b'scope = "clients"\nme = ["\xff"]\n')
    with pytest.raises(ConfigError, match=r"config\.toml:2: is not UTF-8"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb =\n", 2),
        ('a = """\n\n', 3),
        ("a = 1\na = 2\n", 2),
        ("a = 1" + "0" * 5000, ""),
        ("a = " + "[" * 20_000, ""),
    ],
)
def test_a_text_that_is_not_toml_is_told_with_its_line(text, line):
    assert refusal(text).message.startswith(f"{PATH}:{line}" if line else f"{PATH}")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('hots = "x"', '1: unknown key "hots"', "keys there are"),
        ('scop = "x"', '1: unknown key "scop"', 'did you mean "scope"?'),
        (
            ACCOUNT + 'hots = "x"',
            '5: account "work": unknown key "hots"',
            'did you mean "host"?',
        ),
        (ACCOUNT + 'me = ["me@studio.example"]', 'unknown key "me"', "belongs at the top"),
        ('every = "5m"', '1: unknown key "every"', "belongs under [[account]]"),
        (ACCOUNT + '"\\u001b[31m" = 1', 'unknown key "\\x1b[31m"', "keys there are"),
        (
            ACCOUNT + "port = 99999",
            '5: account "work": port: must be between 1 and 65535 (is 99999)',
            "",
        ),
        (ACCOUNT + "port = 0x" + "f" * 5000, "port: must be between 1 and 65535", ""),
        (ACCOUNT + 'port = "993"', "port: must be a whole number", ""),
        (ACCOUNT + "port = true", "port: must be a whole number", ""),
        (ACCOUNT + "insecure = 1", "insecure: must be true or false", ""),
        (ACCOUNT + 'folders = "INBOX"', "folders: must be a list", ""),
        (ACCOUNT + "folders = {}", "folders: must be a list", ""),
        (ACCOUNT + 'folders = [\n"A",\n""]', '7: account "work": folders: must not be empty', ""),
        (ACCOUNT + "folders = [1]", "folders: must be a text in quotes", ""),
        ('archive = ""', "archive: must not be empty", ""),
        ('archive = "a\\u0000"', "archive: must not hold control characters", ""),
        ('scope = "all"', "scope: must be 'clients' or 'everything'", ""),
        ('me = ["nobody"]', '1: me: "nobody" is not an address', ""),
        ('[[account]]\nname = "w"\nhost = "h"', '1: account "w": user: is missing', ""),
        ('[[account]]\nhost = "h"\nuser = "u"', "1: account 1: name: is missing", ""),
        ('[account]\nname = "w"', "1: account: must be written as [[account]]", ""),
        ("account = [1]", "1: account 1: must be a table", ""),
        (ACCOUNT.replace("work", "My Work"), "name: must be made of a-z", "folder"),
        (ACCOUNT.replace("work", "work."), "name: must be made of a-z", "folder"),
        (ACCOUNT.replace("work", "nul.x"), "name: nul.x is a reserved name on Windows", "folder"),
        (ACCOUNT.replace("imap.", "imaps://"), "host: must be the name of a host", "port"),
        (ACCOUNT.replace("imap.studio", "a@b"), "host: must be the name of a host", "port"),
        (ACCOUNT + ACCOUNT, "6: account", ""),
        (CLIENT + CLIENT, '5: client "acme": slug: another client has this slug already', ""),
        ('[[client]]\nslug = "acme"', '1: client "acme": has no rule', "domains ="),
        ('[[client]]\nslug = "acme"\ndomains = []', '1: client "acme": has no rule', ""),
        (CLIENT + 'subjects = ["ab"]', 'subjects: "ab" is too short', "[ACME]"),
        (CLIENT + 'addresses = ["acme.example"]', "is not an address", ""),
        (CLIENT.replace("acme.e", "a b.e"), '"a b.example" is not a domain', ""),
        (CLIENT.replace("acme.e", "jane@acme.e"), "is not a domain", "belongs in addresses"),
        (CLIENT.replace("acme.e", "straße.e"), "xn-- form", ""),
        (CLIENT.replace("acme.example", "com"), "whole top-level domain", "own domain"),
    ],
)
def test_a_mistake_is_told_with_line_key_and_next_step(text, message, hint):
    error = refusal(text)
    assert message in error.message
    assert error.message.startswith(f"{PATH}:")
    assert "\n" not in error.message
    assert hint in error.hint


def test_all_mistakes_are_listed_in_the_order_of_the_file():
    text = 'scope = "all"\nme = [\n  "me@x.example",\n  "nobody"]\n' + ACCOUNT + "port = 0\nx = 1\n"
    error = refusal(text + ACCOUNT + CLIENT.replace("acme.example", "gmail.com"))
    lines = [line.removeprefix(f"{PATH}:").partition(":")[0] for line in error.message.split("\n")]
    assert lines == ["1", "4", "9", "10", "12", "17"]
    assert "line 17: list their addresses instead" in error.hint


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "pass",
        "secret",
        "PASSWORD",
        "imap_password",
        "passwd",
        '"pass word"',
        "pw",
        "api-key",
        "passwort",
    ],
)
@pytest.mark.parametrize("before", ["", ACCOUNT, CLIENT, ACCOUNT + "[account.login]\n"])
def test_a_password_is_refused_without_being_repeated(key, before):
    error = refusal(before + f'{key} = "hunter2"\n')
    assert "hunter2" not in error.message + error.hint
    assert "does not belong" in error.message
    assert "password_env" in error.hint


@pytest.mark.parametrize(
    "line", ['password_command = "hunter2"', 'password_env = "hunter-2"', "password_env = 5"]
)
def test_a_password_in_the_wrong_key_is_not_repeated(line):
    error = refusal(ACCOUNT + line)
    assert "hunter" not in error.message + error.hint
    assert "password_" in error.message
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def test_two_sources_for_one_password_are_refused():
    error = refusal(ACCOUNT + 'password_env = "A"\npassword_command = ["b"]\n')
    assert ':6: account "work": password_command: stands beside password_env' in error.message


@pytest.mark.parametrize("command", ["[]", '["a", 1]', '["a\\u0000"]'])
def test_a_password_command_is_a_list_of_texts(command):
    assert "password_command: must" in refusal(ACCOUNT + f"password_command = {command}").message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "mail.localhost"])
def test_plain_is_allowed_to_this_machine(host):
    text = ACCOUNT.replace("imap.studio.example", host) + 'security = "plain"'
    assert parse_config(text, PATH).accounts[0].port == 143


def test_plain_to_another_machine_needs_the_word_insecure():
    text = ACCOUNT + 'security = "plain"\n'
    assert "insecure = true" in refusal(text).hint
    assert ":5: account" in refusal(text).message
    assert parse_config(text + "insecure = true", PATH).accounts[0].insecure
    assert "insecure" in refusal(text.replace("imap.studio.example", "10.0.0.1")).hint


@pytest.mark.parametrize(
    ("written", "seconds"),
    [('"90s"', 90), ('"5m"', 300), ('"1.5 h"', 5400), ('"1d"', 86400), ("10", 10), ("10.5", 10.5)],
)
def test_lengths_of_time(written, seconds):
    assert parse_config(ACCOUNT + f"every = {written}", PATH).accounts[0].every == seconds


@pytest.mark.parametrize(
    "written",
    [
        '"9s"',
        "9",
        '"5"',
        '"5 minutes"',
        '"-5m"',
        "-60",
        "inf",
        "nan",
        "true",
        '""',
        "[]",
        '"\u0665m"',
        "0x" + "f" * 5000,
        '"366d"',
        "1979-05-27",
    ],
)
def test_what_is_no_length_of_time_or_too_short_is_refused(written):
    assert ':5: account "work": every: must be' in refusal(ACCOUNT + f"every = {written}").message


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "@GMail.com", "hotmail.co.uk", "live.nl", "outlook.com", "yahoo.com.br", "icloud.com", "me.com", "gmx.net", "web.de", "proton.me", "protonmail.com", "aol.com", "mail.com", "yandex.ru", "qq.com", "163.com", "fastmail.com", "zoho.eu", "t-online.de", "orange.fr", "free.fr", "laposte.net", "libero.it", "comcast.net"],
)  # fmt: skip
def test_the_domain_of_a_free_mail_provider_is_no_client(domain):
    error = refusal(CLIENT.replace("acme.example", domain))
    assert "free mail provider" in error.message
    assert "addresses" in error.hint


@pytest.mark.parametrize(
    "domain", ["live.acme.example", "yahoo.acme.example", "notgmail.com", "mail.acme.com"]
)
def test_a_domain_that_only_looks_like_a_free_mail_provider_is_accepted(domain):
    assert parse_config(CLIENT.replace("acme.example", domain), PATH).clients[0].domains == (
        domain,
    )


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ('domains = ["studio.example"]', 4),
        ('domains = ["acme.example",\n"example.org", "mail.example.org"]', 4),
        ('addresses = ["ME@studio.example"]', 4),
    ],
)
def test_a_rule_that_takes_in_an_own_address_is_refused(rule, line):
    me = 'me = ["me@studio.example", "me@sub.mail.example.org"]\n'
    error = refusal(f'{me}[[client]]\nslug = "acme"\n{rule}\n')
    assert f':{line}: client "acme": ' in error.message
    assert "all of your mail would be this client's" in error.hint


def test_two_clients_may_share_an_address():
    rule = '\naddresses = ["jane@mail.example"]\n'
    text = f'[[client]]\nslug = "a"{rule}[[client]]\nslug = "b"{rule}'
    assert len(parse_config(text, PATH).clients) == 2


CONFIG = parse_config(
    ACCOUNT
    + CLIENT
    + '[[client]]\nslug = "beta"\nname = "Beta GmbH"\ndomains = ["b.example"]\n'
    + '[[client]]\nslug = "twin-1"\nname = "Twin"\ndomains = ["t.example"]\n'
    + '[[client]]\nslug = "twin-2"\nname = "TWIN"\ndomains = ["t.example"]\n',
    PATH,
)


@pytest.mark.parametrize("name", ["beta", "BETA", "Beta GmbH", " beta gmbh "])
def test_a_client_is_found_by_slug_or_name_whatever_the_case(name):
    assert find_client(CONFIG, name).slug == "beta"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nobody", "trail clients"),
        ("betta", "did you mean beta?"),
        ("amce", "acme"),
        ("twin", "twin-1, twin-2"),
    ],
)
def test_an_unknown_client_is_told_with_the_nearest_names(name, hint):
    with pytest.raises(UnknownClient) as caught:
        find_client(CONFIG, name)
    assert hint in caught.value.hint


def test_without_any_client_the_hint_says_how_to_add_one():
    with pytest.raises(UnknownClient) as caught:
        find_client(parse_config("", PATH), "acme")
    assert "trail client add" in caught.value.hint


def test_an_account_is_found_by_its_name_or_the_names_are_listed():
    assert find_account(CONFIG, "Work").name == "work"
    with pytest.raises(ConfigError) as caught:
        find_account(CONFIG, "home")
    assert "work" in caught.value.hint
    with pytest.raises(ConfigError, match="no account"):
        find_account(parse_config("", PATH), "home")


def test_a_home_nobody_has_is_a_plain_folder():
    config = parse_config('archive = "~no-such-user-here/x"', PATH)
    assert config.archive == Path("/etc/trail/~no-such-user-here/x")


KNOWN = {key for keys in KEYS.values() for key in keys}
KEY = st.sampled_from([*sorted(KNOWN), "password", "x.y", '"a b"', "''", "a"])
SCALAR = st.one_of(
    st.sampled_from(
        [
            '"a@b.example"',
            '"b.example"',
            '"5m"',
            "993",
            "true",
            "inf",
            "1979-05-27",
            '"tls"',
            "0x1",
            "'''x'''",
            '""',
        ]
    ),
    st.integers().map(str),
    st.text(max_size=8).map(lambda text: "'" + text + "'"),
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n".join(items) + "]"),
        st.lists(st.tuples(KEY, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
LINE = st.one_of(
    st.tuples(KEY, VALUE).map(" = ".join),
    st.sampled_from(["[[account]]", "[[client]]", "[account]", "[client.x]", "[[account.x]]", "# c", "", ACCOUNT, CLIENT]),
    st.text(max_size=12),
)  # fmt: skip


def config_or_error(read, *arguments):
    try:
        return read(*arguments)
    except ConfigError as error:
        return error


@settings(max_examples=300, deadline=None)
@given(st.lists(LINE, max_size=8).map("\n".join))
def test_any_text_is_a_configuration_or_a_config_error(text):
    assert isinstance(config_or_error(parse_config, text, PATH), Config | ConfigError)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_configuration_or_a_config_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    assert isinstance(config_or_error(load_config, path), Config | ConfigError)


def test_a_language_for_stemming_is_the_archives_or_a_clients():
    client = '[[client]]\nslug = "a"\ndomains = ["a.example"]\n'
    config = parse_config(f'stemming = "danish"\n{client}stemming = "german"\n', Path("c.toml"))
    assert (config.stemming, config.clients[0].stemming) == ("danish", "german")
    assert parse_config(client, Path("c.toml")).clients[0].stemming == ""
    with pytest.raises(ConfigError, match="stemming"):
        parse_config('stemming = "klingon"\n', Path("c.toml"))


def test_working_hours_are_read_and_checked():
    assert parse_config("", PATH).hours == Hours()
    config = parse_config(
        '[book]\nhours = "8:30-16:30"\ndays = "sun-tue, thu"\nquestionnaire = "mine"\n', PATH
    )
    assert config.hours == Hours(8 * 60 + 30, 16 * 60 + 30, (0, 1, 3, 6))
    assert config.questionnaire == PATH.parent / "mine"
    for wrong in ('hours = "17-9"', 'hours = "9-25"', 'hours = "all day"', 'days = "weekdays"', 'days = "mon-"'):  # fmt: skip
        assert "book: " in refusal(f"[book]\n{wrong}\n").message, wrong
