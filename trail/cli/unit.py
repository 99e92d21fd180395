"""The systemd unit of the daemon (systemd.service(5), systemd.kill(5)). Comes in: a command. Goes out: text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def describe_unit(command: list[str], config_path: Path) -> str:
    """A systemd user unit (systemd.service(5)) that runs the daemon with this configuration."""
    words = " ".join(
        _quote_for_systemd(word) for word in [*command, "--config", str(config_path), "daemon"]
    )
    return f"""[Unit]
Description=trail: keeps client mail
Documentation=man:systemd.service(5)
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart={words}
Restart=on-failure
RestartSec=60
# 3: the configuration cannot be used; 22: another daemon is at work. Neither mends itself.
RestartPreventExitStatus=3 22
# the daemon ends its worker processes by itself
KillMode=mixed
TimeoutStopSec=20
# variables that password_env names: EnvironmentFile=%h/.config/trail/environment
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _quote_for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(c in escaped for c in " \t'\"\\;") else escaped
