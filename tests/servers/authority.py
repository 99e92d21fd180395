"""A timestamp authority (RFC 3161) on this machine: `openssl ts` behind a small HTTP server, with faults."""

from __future__ import annotations

import http.server
import shutil
import socketserver
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[tsa]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,timeStamping
[ts]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
"""


def available() -> bool:
    return shutil.which("openssl") is not None


class Authority:
    """Stamps what it is asked to. `fault`: down, error, garbage, silent, slow, another (a stamp over something else)."""

    def __init__(self, folder: Path, name: str = "A test authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.fault = ""
        self.asked = 0
        self.ca_file = folder / "ca.pem"
        (folder / "config").write_text(_CONFIG.format(name=name, folder=folder))
        (folder / "serial").write_text("01\n")
        make = ["openssl", "req", "-config", "config", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]  # fmt: skip
        self._run(*make, "-x509", "-days", "30", "-extensions", "ca", "-subj", f"/CN={name} root", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
        self._run(*make, "-keyout", "tsa.key", "-out", "tsa.csr")
        self._run("openssl", "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "config", "-extensions", "tsa", "-out", "tsa.pem")  # fmt: skip

    def _run(self, *words: str) -> None:
        subprocess.run(words, cwd=self.folder, check=True, capture_output=True)

    def stamp(self, request: bytes) -> bytes:
        (self.folder / "request").write_bytes(request)
        self._run("openssl", "ts", "-reply", "-config", "config", "-section", "ts", "-queryfile", "request", "-out", "reply")  # fmt: skip
        return (self.folder / "reply").read_bytes()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/stamp"

    def __enter__(self) -> Self:
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                request = self.rfile.read(int(self.headers["Content-Length"]))
                if authority.fault == "silent":
                    time.sleep(30)
                    return
                if authority.fault == "slow":
                    self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                    for _ in range(600):
                        self.wfile.write(b"X: y\r\n")
                        time.sleep(0.05)
                    return
                good = self.headers["Content-Type"] == "application/timestamp-query"
                self.send_response(200 if good and authority.fault != "error" else 500)
                self.end_headers()
                if authority.fault == "garbage":
                    self.wfile.write(b"<html>Sign in to the hotel's network</html>")
                else:
                    self.wfile.write(authority.stamp(authority.alter(request)))

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                """A client that has left is none of ours."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def alter(self, request: bytes) -> bytes:
        """What is asked instead: the last bytes of the imprint, or of the nonce, changed."""
        if self.fault != "another":
            return request
        at = request.index(b"\x04\x20") + 2  # an OCTET STRING of 32 bytes
        return request[:at] + bytes(32) + request[at + 32 :]

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
