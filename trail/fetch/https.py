"""One question over HTTPS and its answer: small, in time, and never over anything else.

In: an https address, and a form to post or none. Out: the status and the first bytes of the answer.
Must never go to an address that is not https unless told that it may, nor put an address's query, a form or an answer into an error or a log.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.request
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from trail.config.checks import is_this_machine
from trail.errors import ConfigError, ServerUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 64 * 1024
"""Bytes of an answer that are read; a longer one is none."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Reply(NamedTuple):
    """What came back."""

    status: int
    content: bytes


def ask(
    url: str,
    *,
    body: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    ca_file: str | None = None,
    timeout: float = 20.0,
    redirects: int = 0,
    plain: bool = False,
) -> Reply:
    """GET `url`, or POST the form `body` to it; `timeout` in seconds, for all of it.

    `ca_file` is trusted besides the system's certificates. `plain` allows http: for what proves itself, and holds no secret.
    Raises ServerUnreachable, which names the host only.
    """
    deadline = time.monotonic() + timeout
    while True:
        host = urlsplit(url).hostname or ""
        if urlsplit(url).scheme not in ({"http", "https"} if plain else {"https"}):
            raise ServerUnreachable(f"{host}: leads away from https", "nothing was sent there")
        request = urllib.request.Request(  # noqa: S310 - the scheme is looked at above
            url,
            data=body.encode() if isinstance(body, str) else body,
            headers={"User-Agent": "trail", "Accept": "application/json, */*", **(headers or {})},
        )
        problem = ""
        try:
            with _open(request, host, ca_file, deadline) as response:
                reply = Reply(response.status, _read(response, deadline))
                onward = response.headers.get("Location", "")
        except ssl.SSLError as error:
            problem = f"no secure connection ({getattr(error, 'verify_message', '') or error.reason or 'TLS'})"
        except TimeoutError:
            problem = "no answer in time"
        except OSError as error:  # URLError is one, with the reason inside
            problem = _explain(error)
        except (http.client.HTTPException, ValueError) as error:
            problem = f"no HTTP answer ({type(error).__name__})"
        if problem:
            hint = "check the address and the network; then try again"
            if "certificate" in problem:
                hint = "if it has a certificate of your own, name its authority in `ca_file`"
            raise ServerUnreachable(f"{host}: {problem}", hint)
        if redirects and body is None and reply.status in _REDIRECTS and onward:
            url, redirects = urljoin(url, onward), redirects - 1
            continue
        return reply


def _open(
    request: urllib.request.Request, host: str, ca_file: str | None, deadline: float
) -> http.client.HTTPResponse:
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise ConfigError(
                f"ca_file {ca_file} cannot be used ({error.strerror or error})",
                "it must be a file of certificates in PEM form",
            ) from None
    # no handler for other schemes, redirects, errors or cookies: what is left is one exchange
    opener = urllib.request.OpenerDirector()
    if not is_this_machine(host):
        opener.add_handler(urllib.request.ProxyHandler())  # the system's proxy, where there is one
    opener.add_handler(urllib.request.HTTPSHandler(context=context))
    opener.add_handler(urllib.request.HTTPHandler())  # `ask` lets through what is to go there
    answer: http.client.HTTPResponse = opener.open(request, timeout=_left(deadline))
    return answer


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    content = b""
    while piece := response.read1(LIMIT):
        content += piece
        if len(content) > LIMIT:
            raise ValueError("too long")
        _left(deadline)
    return content


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _explain(error: OSError) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not valid for it ({reason.verify_message})"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return str(getattr(reason, "strerror", None) or type(reason).__name__)
