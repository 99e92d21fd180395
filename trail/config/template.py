"""A first configuration, with comments that make the second edit easy.

In: answers to the questions of `trail init`. Out: the text of a `config.toml`.
Must never hold a password: only where it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from trail.config.edit import to_toml


@dataclass(frozen=True, slots=True)
class Answers:
    """What a new configuration is made of; empty where there is no answer (yet)."""

    me: tuple[str, ...] = ()
    account: str = ""
    host: str = ""
    port: str = ""
    security: str = ""
    user: str = ""
    password_env: str = ""
    password_command: tuple[str, ...] = ()
    oauth_provider: str = ""
    """Set where it signs in with OAuth2; then there is no password."""
    oauth_client_id: str = ""
    archive: str = ""
    scope: str = ""
    every: str = ""
    """A length of time, such as "5m"; empty for the default."""
    clients: tuple[tuple[str, str], ...] = ()
    """Pairs of a slug and one rule: a domain, or an address."""

    @property
    def has_source(self) -> bool:
        """Whether it says what the login is done with; else it is a password in the keyring."""
        return bool(self.password_env or self.password_command or self.oauth_provider)


def render_config(answers: Answers) -> str:
    """Write the configuration of complete `answers`. The text is not checked."""
    sections = [_render_top(answers), _render_account(answers), _render_clients(answers)]
    return "\n".join(sections)


def _render_top(answers: Answers) -> str:
    return f"""\
# The configuration of trail. Every key is explained in config.example.toml.
# Passwords never stand in here.

archive = {to_toml(answers.archive)}
scope = {to_toml(answers.scope)}  # "clients": other people's mail stays on the server; or "everything"
me = {to_toml(answers.me)}  # all of your own addresses
"""


def _render_account(answers: Answers) -> str:
    if answers.oauth_provider:
        password = f"""\
auth = "oauth2"  # `trail login {answers.account}` signs in
oauth_provider = {to_toml(answers.oauth_provider)}
oauth_client_id = {to_toml(answers.oauth_client_id)}"""
    elif answers.password_command:
        password = f"password_command = {to_toml(answers.password_command)}"
    elif answers.password_env:
        password = f"password_env = {to_toml(answers.password_env)}  # the variable's name"
    else:
        password = "# the password is in the keyring; or use password_env or password_command"  # noqa: S105 - a comment
    every = f"every = {to_toml(answers.every)}" if answers.every else '# every = "5m"'
    return f"""\
[[account]]
name = {to_toml(answers.account)}
host = {to_toml(answers.host)}
port = {answers.port}
security = {to_toml(answers.security)}
user = {to_toml(answers.user)}
{password}
{every}  # how often `trail daemon` looks
# folders = []  # the only folders to archive; empty: all but junk, trash and drafts
"""


def _render_clients(answers: Answers) -> str:
    if not answers.clients:
        return """\
# Clients: `trail client add` writes such tables, or you do.
# [[client]]
# slug = "acme"
# name = "Acme Ltd"
# domains = ["acme.example"]
# addresses = ["jane@mail.example"]
# folders = ["Clients/Acme"]
# subjects = ["[ACME]"]
"""
    rules: dict[str, dict[str, list[str]]] = {}
    for slug, rule in answers.clients:
        kind = "addresses" if "@" in rule.lstrip("@") else "domains"
        rules.setdefault(slug, {}).setdefault(kind, []).append(rule)
    tables = []
    for slug, kinds in rules.items():
        lines = [f"{kind} = {to_toml(values)}\n" for kind, values in kinds.items()]
        tables.append(f"[[client]]\nslug = {to_toml(slug)}\n" + "".join(lines))
    return "\n".join(tables)
