"""Real browsers for tests, driven with the standard library alone.

Chromium speaks its DevTools protocol over a pair of pipes, Firefox speaks Marionette over a socket. Both start
without a profile, see no network (a proxy that answers nothing stands in its place and notes who asked), and end with the block.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 60.0
"""Seconds for anything to happen."""


class NoWayOut:
    """A proxy that leads nowhere: `asked` has the first line of whatever knocked."""

    def __enter__(self):
        self.asked = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _listen(self):
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(5)
                with contextlib.suppress(OSError):
                    self.asked.append(visitor.recv(500).split(b"\r\n")[0].decode("latin-1"))


class Chromium:
    """One window. `requests` has the address of everything its pages asked for, as its own log has it."""

    name = "chromium"

    def __init__(self, program: str, profile: Path, proxy: int, *, javascript: bool = True) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        command = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--lang=en-GB", "--proxy-bypass-list=<-loopback>",
            f"--proxy-server=127.0.0.1:{proxy}", f"--user-data-dir={profile}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "bash", *command],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._arrived = threading.Condition()
        self._answers, self._events, self._number, self._closed = {}, [], 0, False
        self.requests, self.complaints = [], []
        threading.Thread(target=self._listen, daemon=True).start()
        self._session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        if not javascript:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, AssertionError):
            self._session = None
            self.call("Browser.close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        if self._process.poll() is None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
        os.close(self._out)

    def _listen(self):
        buffer = b""
        with contextlib.suppress(OSError):
            while piece := os.read(self._in, 1 << 20):
                buffer += piece
                *whole, buffer = buffer.split(b"\0")
                for message in whole:
                    self._take(json.loads(message))
        os.close(self._in)
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()

    def _take(self, message):
        with self._arrived:
            if "id" in message:
                self._answers[message["id"]] = message
            elif message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"])[:2000])
            elif message["method"] == "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            else:
                self._events.append(message["method"])
            self._arrived.notify_all()

    def call(self, method, **params):
        with self._arrived:
            self._number += 1
            number = self._number
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        with self._arrived:
            done = self._arrived.wait_for(
                lambda: self._closed or number in self._answers, timeout=LIMIT
            )
            assert done, f"no answer to {method}"
            assert number in self._answers, "the browser is gone"
            answer = self._answers.pop(number)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, url: str) -> None:
        self._events.clear()
        self.call("Page.navigate", url=url)
        with self._arrived:
            loaded = self._arrived.wait_for(
                lambda: "Page.loadEventFired" in self._events, timeout=LIMIT
            )
        assert loaded, f"{url} did not load"

    def run(self, script: str):
        """The value of a script's last expression; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        for key in keys:
            text = {"Enter": "\r", "Tab": ""}.get(key, key if len(key) == 1 else "")
            code = {"Enter": 13, "Escape": 27, "Tab": 9}.get(key, 0)
            common = {"key": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def look(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def print_page(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


class Firefox:
    """One window. What it asks of the network goes to the proxy, which is its log."""

    name = "firefox"

    def __init__(self, program: str, profile: Path, proxy: int) -> None:
        profile.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        prefs = {
            "marionette.port": port, "network.proxy.type": 1, "network.proxy.http": "127.0.0.1",
            "network.proxy.http_port": proxy, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": proxy,
            "network.proxy.allow_hijacking_localhost": True, "datareporting.policy.dataSubmissionEnabled": False,
            "toolkit.telemetry.enabled": False, "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
            "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
            "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
            "extensions.getAddons.cache.enabled": False, "services.settings.server": "data:,",
            "remote.settings.server": "data:,", "app.normandy.enabled": False, "intl.accept_languages": "en-GB",
            "browser.region.network.url": "", "browser.topsites.contile.enabled": False, "extensions.update.enabled": False,
        }  # fmt: skip
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in prefs.items()]
        (profile / "user.js").write_text("\n".join(lines))
        self._process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(profile), "MOZ_HEADLESS": "1", "MOZ_DISABLE_AUTO_SAFE_MODE": "1"},
            start_new_session=True,
        )  # fmt: skip
        self._number, self._buffer = 0, b""
        end = time.monotonic() + LIMIT
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
                break
            except OSError:
                assert time.monotonic() < end, "Firefox did not start"
                assert self._process.poll() is None, "Firefox ended"
                time.sleep(0.1)
        self._read()
        self.call("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, AssertionError):
            self.call("Marionette:Quit", flags=["eForceQuit"])
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        if self._process.poll() is None:
            os.killpg(self._process.pid, 9)
            self._process.wait()

    def _read(self):
        while b":" not in self._buffer:
            self._buffer += self._receive()
        length, _, rest = self._buffer.partition(b":")
        while len(rest) < int(length):
            rest += self._receive()
        self._buffer = rest[int(length) :]
        return json.loads(rest[: int(length)])

    def _receive(self):
        piece = self._socket.recv(1 << 20)
        assert piece, "Firefox is gone"
        return piece

    def call(self, method, **params):
        self._number += 1
        data = json.dumps([0, self._number, method, params]).encode()
        self._socket.sendall(f"{len(data)}:".encode() + data)
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def open(self, url: str) -> None:
        self.call("WebDriver:Navigate", url=url)

    def run(self, script: str):
        wrapped = (
            "const done = arguments[arguments.length - 1];"
            f"Promise.resolve((0, eval)({json.dumps(script)})).then(done, (e) => done('' + e));"
        )
        return self.call("WebDriver:ExecuteAsyncScript", script=wrapped, args=[])["value"]

    def press(self, *keys: str) -> None:
        named = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}
        actions = []
        for key in keys:
            value = named.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": actions}])  # fmt: skip

    def look(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        self.call("WebDriver:SetWindowRect", width=width, height=height)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(
            base64.b64decode(self.call("WebDriver:TakeScreenshot", full=False)["value"])
        )
