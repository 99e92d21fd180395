"""What a service manager needs to keep the daemon up: systemd, launchd, the Task Scheduler of Windows.

Comes in: the command that starts the daemon, as a list of words. Goes out: text to save, or to paste.
"""

from __future__ import annotations

import plistlib
import re
import subprocess
from pathlib import Path, PureWindowsPath

LABEL = "trail"


def describe_unit(manager: str, command: list[str]) -> str:
    """What `manager` (systemd, launchd or windows) needs to run the command while its user is logged in, or longer."""
    return {"systemd": _describe_service, "launchd": _describe_agent, "windows": _describe_task}[
        manager
    ](command)


def _describe_service(command: list[str]) -> str:
    """A systemd user unit (systemd.service(5), systemd.kill(5), systemd.exec(5)).

    Only what a user's own manager can do without privileges: where it may not make namespaces, ProtectSystem= and the
    like would keep the unit from starting.
    """
    words = " ".join(_quote_for_systemd(word) for word in command)
    return f"""[Unit]
Description=trail: keeps client mail
Documentation=man:systemd.service(5)
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
ExecStart={words}
Restart=on-failure
RestartSec=60
# 3: the configuration cannot be used; 22: another daemon is at work. Neither mends itself.
RestartPreventExitStatus=3 22
# pinged while the scheduler works and no round has been without a sign of life for an hour
WatchdogSec=300
WatchdogSignal=SIGTERM
# the daemon ends its worker processes by itself
KillMode=mixed
TimeoutStopSec=20
# variables that password_env names: EnvironmentFile=%h/.config/trail/environment
UMask=0077
# no copy of anybody's mail in a core dump
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"""


def _quote_for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(c in escaped for c in " \t'\"\\;") else escaped


def _describe_agent(command: list[str]) -> str:
    """A launchd agent (launchd.plist(5))."""
    log = Path.home() / "Library" / "Logs" / "trail.log"
    settings = {
        "Label": LABEL,
        "ProgramArguments": command,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 60,
        "ExitTimeOut": 20,
        "ProcessType": "Background",
        "Umask": 0o077,
        "HardResourceLimits": {"Core": 0},
        "StandardErrorPath": str(log),
    }
    return plistlib.dumps(settings, sort_keys=False).decode()


def _describe_task(command: list[str]) -> str:
    """A command for PowerShell that registers a task: at this user's logon, without an end, started again after a fault."""
    program = command[0]
    if (path := PureWindowsPath(program)).name.lower() == "python.exe":
        program = str(path.with_name("pythonw.exe"))  # the one that opens no window
    arguments = subprocess.list2cmdline(command[1:])
    return f"""\
Register-ScheduledTask -Force -TaskName {LABEL} -Description 'trail: keeps client mail' `
  -Action (New-ScheduledTaskAction -Execute {_quote_for_powershell(program)} `
    -Argument {_quote_for_powershell(arguments)}) `
  -Trigger (New-ScheduledTaskTrigger -AtLogOn -User "$env:USERDOMAIN\\$env:USERNAME") `
  -Settings (New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) `
    -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew `
    -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1))
"""


def _quote_for_powershell(word: str) -> str:
    """A literal string; the curly quotes end one, too (about_Quoting_Rules)."""
    return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", word) + "'"
