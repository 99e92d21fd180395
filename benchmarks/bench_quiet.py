"""What a round costs that finds nothing new: seconds, and round trips for each of 100 folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailboxes import fill, make_messages, write_config
from measuring import Row, middle
from setting import Proxy

if TYPE_CHECKING:
    from setting import Setting

FOLDERS = 100
MESSAGES = 20
"""In each folder."""


class CountingProxy(Proxy):
    """Counts the lines from the client. Each is a command trail waits for: a round trip."""

    commands = 0

    def _pass_on(self, line: object, target: object, data: bytes, *, down: bool) -> None:
        if not down:
            self.commands += data.count(b"\r\n")
        super()._pass_on(line, target, data, down=down)


def run(setting: Setting) -> list[Row]:
    user = setting.new_user()
    messages = list(make_messages(FOLDERS * MESSAGES))
    for number in range(FOLDERS):
        name = f"Folder {number:02}" if number else "INBOX"
        fill(user, messages[number * MESSAGES : (number + 1) * MESSAGES], name)
    place = setting.scratch / "quiet"
    with CountingProxy(user.host, user.port) as proxy:
        direct, port = user.port, proxy.port
        config = write_config(place, user)
        setting.trail(config, "sync")
        runs = [setting.trail(config, "sync") for _ in range(5)]
        config.write_text(config.read_text().replace(f"port = {direct}", f"port = {port}"))
        before = proxy.commands
        setting.trail(config, "sync")
        trips = (proxy.commands - before) / FOLDERS
    seconds = middle(runs)
    return [
        Row("nothing new, 100 folders", f"{seconds:.2f} s", "< 2 s", ok=seconds < 2),
        Row(
            "round trips a folder",
            f"{trips:.2f}",
            "<= 3",
            ok=trips <= 3,
            note="all commands of the round, login and logout included, over 100",
        ),
    ]
