"""The questions of `trail init`: each is also a flag, and most have an answer to propose.

In: flags, and a terminal or none. Out: complete answers, each of them checked.
Must never wait for an answer where nobody can give one, nor use without asking a server that only DNS vouches for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from trail.cli.later import typer
from trail.config import checks
from trail.config.domains import covers, normalise_address
from trail.config.oauth import PROVIDERS
from trail.config.template import Answers
from trail.fetch.providers import Server

if TYPE_CHECKING:
    from trail.cli.app import Session
    from trail.fetch.lookup import Found

    LookUp = Callable[[str], Iterator[Found]]
    """Gives the servers found for an address."""


_Checked = TypeVar("_Checked")


def check_flag(flag: str, value: str, check: Callable[[str], _Checked]) -> _Checked:
    """Return what `check` makes of the value. Raises BadParameter naming the flag when it is no good."""
    try:
        return check(value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=flag) from None


@dataclass(frozen=True, slots=True)
class Questions:
    """Asks a person, or takes what a flag or a default says where there is none."""

    interactive: bool

    def ask(
        self, flag: str, question: str, given: str, default: str, check: Callable[[str], Any] = str
    ) -> str:
        """Return `given`, else the answer. Raises BadParameter naming `flag` when it is no good."""

        def use(value: str) -> str:
            return str(check_flag(flag, value.strip(), check))

        if given:
            return use(given)
        if self.interactive:
            return str(typer.prompt(question, default=default or None, value_proc=use, err=True))
        if default:
            return use(default)
        raise typer.BadParameter("is missing, and nobody is here to ask", param_hint=flag)

    def ask_password(self, question: str) -> str:
        """Return what is typed unseen; "" where nobody is asked, or nothing was typed."""
        if not self.interactive:
            return ""
        return str(typer.prompt(question, "", hide_input=True, show_default=False, err=True))

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return yes or no; no where nobody is asked."""
        return self.interactive and typer.confirm(question, default=default, err=True)


def ask_answers(
    session: Session,
    given: Answers,
    before: Answers,
    questions: Questions,
    look_up: LookUp | None = None,
) -> Answers:
    """Return complete answers: those given, else a person's, to whom `before` is proposed.

    `look_up` finds servers of an address; without it only those that everybody knows are proposed.
    """
    ask = questions.ask
    known = "".join(before.me[:1])
    first = ask("--me", "Your address", "".join(given.me[:1]), known, normalise_address)
    server, is_settled = Server(before.host or f"imap.{first.rpartition('@')[2]}"), False
    if not given.host and not before.host:
        found = look_up(first) if look_up else _look_nowhere(first)
        nothing = "no server found" if look_up else "nobody was asked for the server"
        server, is_settled = _choose_server(session, questions, server, found, nothing)
    if server.note:
        session.note(f"{first.rpartition('@')[2]}: {server.note}")

    def settle(flag: str, question: str, said: str, known: str, check: Callable[[str], Any]) -> str:
        return check(known) if is_settled and not said else ask(flag, question, said, known, check)

    account = ask(
        "--account", "Account name", given.account, before.account or "work", checks.check_slug
    )
    host = settle("--host", "IMAP server", given.host, server.host, checks.check_host)
    security = settle(
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
    port = str(settle("--port", "Port", given.port, port, _check_port))
    user = ask("--user", "User name", given.user, before.user or server.user or first, checks.check_text)  # fmt: skip
    provider, client_id = _ask_oauth(questions, given, before, server)
    source = given if given.has_source else before
    return Answers(
        me=(first, *(given.me[1:] or before.me[1:])),
        account=account,
        host=host,
        security=security,
        port=port,
        user=user,
        password_env="" if provider else source.password_env,
        password_command=() if provider else source.password_command,
        oauth_provider=provider,
        oauth_client_id=client_id,
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


def _choose_server(
    session: Session, questions: Questions, guess: Server, found: Iterator[Found], nothing: str
) -> tuple[Server, bool]:
    """Return the server that is to be used and that no more is to be asked about it; else the guess, for `nothing` was found."""
    declined = False
    for one in found:
        if not one.server.host:
            return one.server, False
        words = f"{one.how}: {one.server}"
        if questions.interactive:
            if questions.confirm(f"{words}; use it?", default=True):
                return one.server, True
            declined = True
        elif one.is_sure:
            session.note(words)
            return one.server, True
        else:
            session.note(
                f"{words}; not used, for DNS can be forged: --host {one.server.host} if it is right"
            )
    if not declined:
        session.note(f"{nothing}; {guess.host} is a guess")
    return guess, False


def _look_nowhere(address: str) -> Iterator[Found]:
    from trail.fetch.lookup import Found
    from trail.fetch.providers import find_provider

    known = find_provider(address)
    return iter(()) if known is None else iter((Found(known, "known provider"),))


def _ask_oauth(
    questions: Questions, given: Answers, before: Answers, server: Server
) -> tuple[str, str]:
    """Return provider and client id where the account is to sign in with OAuth2, else two empty texts."""
    wanted = given.oauth_provider or given.oauth_client_id or before.oauth_provider
    if not wanted and (given.has_source or before.has_source or not server.needs_oauth):
        return "", ""
    if not wanted and not questions.confirm("Sign in with OAuth2?", default=True):
        return "", ""
    provider = questions.ask(
        "--oauth-provider",
        "Provider (google, microsoft)",
        given.oauth_provider,
        before.oauth_provider or server.oauth,
        _one_of(*PROVIDERS),
    )
    question = "Client id of your app (docs/oauth.md tells how to get one)"
    return provider, questions.ask(
        "--oauth-client-id",
        question,
        given.oauth_client_id,
        before.oauth_client_id,
        checks.check_text,
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
