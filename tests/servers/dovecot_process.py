"""A Dovecot of our own: its configuration, certificate and process, in a temporary folder.

In: users with passwords; signed tokens (see `servers.oauth`) open the same mailboxes. Out: a running server on free loopback ports. It needs no root; as root it
gives its privileges away, since Dovecot keeps no mail as user 0. `remove` leaves nothing.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

from servers.certificate import write_certificate

NOBODY = 65534
CONFIG = """
base_dir={home}/run
state_dir={home}/run
log_path={home}/log
protocols=imap
listen=127.0.0.1
default_internal_user={user}
default_internal_group={group}
default_login_user={user}
first_valid_uid=0
disable_plaintext_auth=no
auth_failure_delay=0
auth_username_format=%u
auth_verbose=yes
mail_fsync=never
mail_max_userip_connections=1000
ssl=yes
ssl_cert=<{home}/cert.pem
ssl_key=<{home}/key.pem
mail_location=maildir:{home}/mail/%n/Maildir
auth_mechanisms=plain login {bearer}
passdb {{
  driver=passwd-file
  mechanisms=plain login
  args=scheme=PLAIN username_format=%n {home}/passwd/%n
}}
passdb {{
  driver=oauth2
  mechanisms=oauthbearer xoauth2
  args={home}/oauth2.conf
}}
userdb {{
  driver=static
  # a static userdb asks the passdbs whether a user is there, which the one for tokens cannot tell
  args=uid={uid} gid={gid} home={home}/mail/%n allow_all_users=yes
}}
namespace inbox {{
  inbox=yes
  separator=/
{special_use}
}}
service anvil {{
  chroot=
  unix_listener anvil-auth-penalty {{
    mode=0
  }}
}}
service stats {{
  chroot=
}}
service imap-login {{
  chroot=
  service_count=0
  inet_listener imap {{
    port={port}
  }}
  inet_listener imaps {{
    port={tls_port}
    ssl=yes
  }}
}}
"""

# tokens are JWTs that Dovecot checks by itself: no provider has to be asked
OAUTH2 = """
introspection_mode=local
local_validation_key_dict=fs:posix:prefix={home}/keys/
username_attribute=sub
scope=imap
"""
TOKEN_KEY = b"a key that only tests know, of thirty-two bytes or more"


def find_free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listening.getsockname()[1] for listening in sockets]
    for listening in sockets:
        listening.close()
    return ports


def explain_absence() -> str | None:
    """Why Dovecot cannot run on this machine; None when it can."""
    for program in ("dovecot", "doveadm", *(("setpriv",) if os.geteuid() == 0 else ())):
        if _find(program) is None:
            return f"{program} is not installed (Debian: apt install dovecot-imapd)"
    return None


def _find(program: str) -> str | None:
    # Debian keeps dovecot in /usr/sbin, which is not in everybody's PATH
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class DovecotProcess:
    """One Dovecot. `start` and `stop` may follow each other; ports and mail stay until `remove`."""

    def __init__(
        self,
        users: dict[str, str],
        special_use: dict[str, str],
        bearer: tuple[str, ...] = ("oauthbearer", "xoauth2"),
    ) -> None:
        self.users: dict[str, str] = {}
        self.numbers = count(1)
        self.port, self.tls_port = find_free_ports(2)
        # not below pytest's own folder, which only its owner may enter
        self.home = Path(tempfile.mkdtemp(prefix="trail-dovecot-"))
        self.home.chmod(0o755)
        self.config = self.home / "dovecot.conf"
        self.ca_file = self.home / "cert.pem"
        self._process: subprocess.Popen[bytes] | None = None
        self._as_root = os.geteuid() == 0
        self.uid, self.gid = (NOBODY, NOBODY) if self._as_root else (os.geteuid(), os.getegid())
        for folder in ("run", "mail", "passwd"):
            (self.home / folder).mkdir()
        write_certificate(self.ca_file, self.home / "key.pem")
        self.config.write_text(self._render_config(special_use, bearer))
        (self.home / "oauth2.conf").write_text(OAUTH2.format(home=self.home))
        key = self.home / "keys" / "default" / "HS256" / "default"
        key.parent.mkdir(parents=True)
        key.write_bytes(base64.b64encode(TOKEN_KEY))
        self.give_away(self.home)
        for name, password in users.items():
            self.add_user(name, password)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait for the banner. Raises RuntimeError with the log when there is none."""
        if self.running:
            return
        command = [*self._privileges(), _find("dovecot"), "-F", "-c", str(self.config)]
        # one that had to be killed leaves its sockets, which the next one takes for a Dovecot at work
        shutil.rmtree(self.home / "run", ignore_errors=True)
        (self.home / "run").mkdir(exist_ok=True)
        self.give_away(self.home / "run")
        with (self.home / "stderr").open("wb") as complaints:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )
        deadline = time.monotonic() + 15
        while not self._answers():
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"Dovecot does not start: {self.read_log()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop with all its children; may be called more than once."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # its children, too
            self._process.wait()
        self._process = None

    def remove(self) -> None:
        """Stop, and delete everything."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def add_user(self, name: str, password: str) -> None:
        """Let one more user in; no restart is needed."""
        self.users[name] = password
        # a file for each user, because Dovecot looks for changes in one only once a second
        entry = self.home / "passwd" / name
        entry.write_text(f"{name}:{{PLAIN}}{password}\n")
        self.give_away(entry)

    def run_doveadm(self, *arguments: str) -> str:
        """Run doveadm against this server and give what it prints."""
        command = [*self._privileges(), _find("doveadm"), "-c", str(self.config), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise RuntimeError(f"doveadm {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def give_away(self, path: Path) -> None:
        """Make a file, or a folder with all in it, the server's own."""
        if not self._as_root:
            return
        os.chown(path, self.uid, self.gid)
        for inner in path.rglob("*"):
            os.chown(inner, self.uid, self.gid)

    def read_log(self) -> str:
        """What Dovecot complained of."""
        logs = (self.home / "stderr", self.home / "log")
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())

    def _privileges(self) -> list[str]:
        if not self._as_root:
            return []
        return [
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "--pdeathsig=TERM",
        ]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                return client.recv(4) == b"* OK"
        except OSError:
            return False

    def _render_config(self, special_use: dict[str, str], bearer: tuple[str, ...]) -> str:
        import grp  # noqa: PLC0415 - not there on Windows, where Dovecot is not either
        import pwd  # noqa: PLC0415 - as above

        mailboxes = "".join(
            f'  mailbox "{folder}" {{\n    special_use = {attribute}\n    auto = no\n  }}\n'
            for folder, attribute in special_use.items()
        )
        return CONFIG.format(
            home=self.home,
            user=pwd.getpwuid(self.uid).pw_name,
            group=grp.getgrgid(self.gid).gr_name,
            uid=self.uid,
            gid=self.gid,
            port=self.port,
            tls_port=self.tls_port,
            special_use=mailboxes,
            bearer=" ".join(bearer),
        )
