"""What is wrong with an archive: told by `trail status` in one line each, with the command that mends it.

Comes in: the configuration, and what `read_status` gathered. Goes out: problems as JSON-ready data, the worst first; none
when everything is fine. What no command mends, such as a message its sender garbled, is no problem.
"""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from trail import render
from trail.attribute.rules import find_idle_rules
from trail.terminal import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.config import Config
    from trail.model import Account

STALE = timedelta(days=1)
"""How long an account may go without a look where no daemon runs."""
LATE = timedelta(minutes=30)
"""How much later than three intervals the daemon's look may be: another account's first round takes its time."""
_LOGIN_WORDS = (
    "refused the login",
    "password",
    "keyring",
    "sign-in",
    "signed in",
    "sign in",
    "oauth",
)
"""What our errors about logins say (LoginRejected, SecretUnavailable)."""
_DISK_WORDS = ("no room", "disk")


def find_problems(config: Config, data: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Each with kind, account (or null), text, since (or null) and command (or empty)."""
    if not (config.archive / "ledger.db").is_file() and (config.archive / "mail").is_dir():
        text = "the archive has mail, and no ledger.db: put it back from a backup, or have it made anew from the mail"
        return [_problem("damage", None, text, None, "trail sync")]
    found = [
        problem
        for account in config.accounts
        for told in data["accounts"]
        if told["account"] == account.name
        for problem in _find_in_account(config, account, told, data, now)
    ]
    return found + list(_find_in_archive(config, data))


def _find_in_account(
    config: Config, account: Account, told: dict[str, Any], data: dict[str, Any], now: datetime
) -> Iterator[dict[str, Any]]:
    name = account.name
    sync = f"trail sync {name}"
    if told["error"]:
        why = told["error"].removeprefix(f'account "{name}": ')
        yield _problem(
            "failing", name, f"FAILING: {why}", told["failing_since"], _mend(config, account, why)
        )
    elif told["syncing"]:
        return
    elif told["last_started_at"] is None and data["writing"] and data["daemon"]["running"]:
        return  # its turn comes, after the first round of another
    elif told["last_started_at"] is None:
        yield _problem("never", name, "never synced", None, sync)
    elif told["last_success_at"] is None:
        yield _problem("never", name, "never synced to the end", told["last_started_at"], sync)
    elif _is_stale(account, told, now, running=data["daemon"]["running"]):
        yield _problem("stale", name, "not looked at", told["last_success_at"], sync)
    failures = [f for f in data["failures"] if f["account"] == name]
    if failures:
        count = render.count_of(len(failures), "message")
        first = min(f["since"] for f in failures)
        yield _problem("failed", name, f"{count} could not be fetched", first, sync)
    for warning in told["warnings"]:
        yield _problem("warning", name, warning.removeprefix(f'account "{name}": '), None, "")


def _is_stale(account: Account, told: dict[str, Any], now: datetime, *, running: bool) -> bool:
    longest = timedelta(seconds=3 * account.every) + LATE if running else STALE
    return now - datetime.fromisoformat(told["last_success_at"]) > longest


def _find_in_archive(config: Config, data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    verified = data["verified"]
    if verified and verified["problems"]:
        count = render.count_of(verified["problems"], "problem")
        text = f"{count} found by the last `trail verify`"
        yield _problem("damage", None, text, verified["at"], "trail verify --repair")
    accounts = [account.name for account in config.accounts]
    for text in find_idle_rules(config.clients, accounts, data["listed"]):
        yield _problem("rule", None, text, None, "")
    if data["index"]["doubt"] == "damaged" and not (data["index"]["rebuild"] or {}).get("running"):
        yield _problem("index", None, "part of the index is damaged", None, "trail reindex")
    if data["forgetting"] and not data["writing"]:
        text = "something that was forgotten is still to be taken from the disk"
        yield _problem("forgetting", None, text, None, "trail sync")
    if data["writing"]:  # whoever writes is about to see to it
        return
    if data["unattributed"]:
        count = render.count_of(data["unattributed"], "message")
        text = f"{count} not yet attributed under the present rules"
        yield _problem("unattributed", None, text, None, "trail sync")
    elif data["index"]["lag"]:
        count = render.count_of(data["index"]["lag"], "message")
        yield _problem("lag", None, f"the index is {count} behind", None, "trail sync")


def _mend(config: Config, account: Account, why: str) -> str:
    """The command that mends a failing account, or shows what is the matter."""
    text = why.lower()
    if any(word in text for word in _DISK_WORDS):
        return shlex.join(["df", "-h", str(config.archive)])
    if not any(word in text for word in _LOGIN_WORDS):
        return f"trail sync {account.name}"  # tries again now, and says more
    if account.password_command or account.password_env or "no keyring" in text:
        return f"trail sync {account.name}"  # the command would show a password, the variable is another process's
    return f"trail login {account.name}"  # OAuth2, or the keyring


def _problem(
    kind: str, account: str | None, text: str, since: str | None, command: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "account": account,
        "text": clean_text(text),
        "since": since,
        "command": command,
    }
