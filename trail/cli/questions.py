"""The questions of `trail init`: each is also a flag, and most have an answer to propose.

In: flags, and a terminal or none. Out: complete answers, each of them checked.
Must never wait for an answer where nobody can give one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from trail.cli.providers import guess_server
from trail.config import checks
from trail.config.domains import covers, normalise_address
from trail.config.template import Answers

if TYPE_CHECKING:
    from trail.cli.app import Session


@dataclass(frozen=True, slots=True)
class Questions:
    """Asks a person, or takes what a flag or a default says where there is none."""

    interactive: bool

    def ask(
        self, flag: str, question: str, given: str, default: str, check: Callable[[str], Any] = str
    ) -> str:
        """Return `given`, else the answer. Raises BadParameter naming `flag` when it is no good."""

        def use(value: str) -> str:
            try:
                return str(check(value.strip()))
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint=flag) from None

        if given:
            return use(given)
        if self.interactive:
            return str(typer.prompt(question, default=default or None, value_proc=use, err=True))
        if default:
            return use(default)
        raise typer.BadParameter("is missing, and nobody is here to ask", param_hint=flag)

    def ask_password(self) -> str:
        """Return what is typed unseen; "" where nobody is asked, or nothing was typed."""
        if not self.interactive:
            return ""
        question = "Password (not shown; leave empty to set a variable later)"
        return str(typer.prompt(question, "", hide_input=True, show_default=False, err=True))

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return yes or no; no where nobody is asked."""
        return self.interactive and typer.confirm(question, default=default, err=True)


def ask_answers(session: Session, given: Answers, before: Answers, questions: Questions) -> Answers:
    """Return complete answers: those given, else a person's, to whom `before` is proposed."""
    ask = questions.ask
    known = "".join(before.me[:1])
    first = ask("--me", "Your address", "".join(given.me[:1]), known, normalise_address)
    server = guess_server(first)
    if server.note:
        session.note(f"{first.rpartition('@')[2]}: {server.note}")
    account = ask(
        "--account", "Account name", given.account, before.account or "work", checks.check_slug
    )
    host = ask("--host", "IMAP server", given.host, before.host or server.host, checks.check_host)
    security = ask(
        "--security",
        "Security (tls, starttls, plain)",
        given.security,
        before.security or server.security,
        _one_of("tls", "starttls", "plain"),
    )
    port = "993" if security == "tls" else "143"
    if (host, security) == (server.host, server.security):
        port = str(server.port)
    if before.port and security == before.security:
        port = before.port
    source = given if given.has_source else before
    return Answers(
        me=(first, *(given.me[1:] or before.me[1:])),
        account=account,
        host=host,
        security=security,
        port=ask("--port", "Port", given.port, port, _check_port),
        user=ask("--user", "User name", given.user, before.user or first, checks.check_text),
        password_env=source.password_env,
        password_command=source.password_command,
        archive=ask(
            "--archive",
            "Archive folder",
            given.archive,
            before.archive or "~/trail",
            checks.check_text,
        ),
        scope=ask(
            "--scope",
            "Keep mail of (clients, everything)",
            given.scope,
            before.scope or "clients",
            _one_of("clients", "everything"),
        ),
        every=given.every or before.every,
        clients=given.clients or before.clients or _ask_clients(questions, first),
    )


def split_client(pair: str) -> tuple[str, str]:
    """Return slug and rule of "acme=acme.example". Raises ValueError."""
    slug, equals, rule = (part.strip() for part in pair.partition("="))
    if not equals:
        raise ValueError("must be like acme=acme.example or acme=jane@mail.example")
    checks.check_slug(slug)
    if "@" in rule.lstrip("@"):
        return slug, checks.check_address(rule)
    return slug, checks.check_domain(rule)


def _ask_clients(questions: Questions, me: str) -> tuple[tuple[str, str], ...]:
    def check(pair: str) -> str:
        if pair and pair != "-":
            rule = split_client(pair)[1]
            if me == rule or ("@" not in rule and covers(rule, me)):
                raise ValueError("would take in your own address")
        return pair

    clients: list[tuple[str, str]] = []
    question = "A client, as name=domain or name=address (- for none)"
    while questions.interactive:
        pair = questions.ask("--client", question, "", "-", check)
        if pair == "-":
            break
        clients.append(split_client(pair))
        question = "Another client (- for none)"
    return tuple(clients)


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value.lower()

    return check


def _check_port(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > len("65535"):
        raise ValueError("must be a number between 1 and 65535")
    return checks.check_port(int(value))
