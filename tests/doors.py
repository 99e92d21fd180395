"""The command line as a user has it: a configuration, an archive, and `trail` itself, in this process or beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from trail.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD_VARIABLE = "TRAIL_TEST_PASSWORD"
ACME_RULES = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'
TRAIL = [sys.executable, "-W", "error", "-m", "trail"]


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """stdout as JSON, which must be all there is on it."""
        return json.loads(self.out)


@dataclass
class Desk:
    """A folder with a configuration. `trail(...)` runs a command in this process, `start(...)` in one of its own."""

    root: Path
    capsys: Any
    config: Path = field(init=False)
    archive: Path = field(init=False)
    environ: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self):
        self.config = self.root / "config.toml"
        self.archive = self.root / "archive"

    def set_up(
        self, *servers, scope="everything", clients=(ACME_RULES,), me="me@studio.example", **account
    ):
        """Write the configuration; `account` are further keys of every account, in TOML."""
        lines = [f'archive = "{self.archive}"', f'scope = "{scope}"', f'me = ["{me}"]']
        lines += ["", "[handoff]", 'key_file = "signing-key.pem"']
        for number, server in enumerate(servers):
            keys = {
                "name": "work" if number == 0 else f"work{number + 1}", "host": server.host, "port": server.port,
                "security": "plain", "user": server.user, "password_env": PASSWORD_VARIABLE,
            } | account  # fmt: skip
            lines += [
                "",
                "[[account]]",
                *(
                    f"{key} = {json.dumps(value)}"
                    for key, value in keys.items()
                    if value is not None
                ),
            ]
        for client in clients:
            lines += ["", "[[client]]", client]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.environ[PASSWORD_VARIABLE] = servers[0].password if servers else ""
        os.environ[PASSWORD_VARIABLE] = self.environ[
            PASSWORD_VARIABLE
        ]  # the fixture takes it away again
        return self

    def trail(self, *words) -> Answer:
        """Run a command line in this process."""
        self.capsys.readouterr()
        code = run(["--config", str(self.config), *map(str, words)])
        return Answer(code, *self.capsys.readouterr())

    def done(self, *words) -> Answer:
        """Run a command line that must succeed without a warning."""
        answer = self.trail(*words)
        assert answer.code == 0, answer
        return answer

    def start(self, *words, **options) -> subprocess.Popen:
        """Start the command line in a process of its own; a warning of Python's is an error there."""
        environ = os.environ | self.environ | options.pop("env", {})
        words = ["--config", str(self.config), *map(str, words)]
        process = subprocess.Popen([*TRAIL, *words], env=environ, text=True, **options)
        self.processes.append(process)
        return process

    def clear(self):
        """End what is still running."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def status(self) -> Any:
        """What `trail status` tells, whether everything is fine or not."""
        answer = self.trail("status", "--json")
        assert answer.code == (0 if answer.data["fine"] else 100), answer
        return answer.data

    def run_beside(self, *words, **options) -> Answer:
        """Run a command line in a process of its own to its end."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        with self.start(*words, **pipes) as process:
            out, err = process.communicate(timeout=60)
        return Answer(process.returncode, out, err)

    def ids(self, *query) -> list[str]:
        """The ids a search finds."""
        return [
            hit["id"] for hit in self.done("search", "--json", "--limit", 1000, *query).data["hits"]
        ]
