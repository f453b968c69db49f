# SPDX-License-Identifier: Apache-2.0
"""A Chromium without windows, spoken to over its debugging pipe.

    with Browser(folder) as browser:
        browser.open(path)
        browser.size(1280, 800)
        browser.evaluate("document.title")
        browser.picture()               # bytes of a PNG

Names do not resolve in it, and no proxy answers: only files and 127.0.0.1 are there.
"""
import base64
import json
import os
import pathlib
import select
import shlex
import subprocess
import time

from lib import cases, peers

LIMIT_S = 300  # for one answer: machines in CI are slow, and what hangs must end
END_S = 20


class Failed(RuntimeError):
    """What the page threw."""


class Browser:
    def __init__(self, folder):
        root = peers.path("chromium")
        folder = pathlib.Path(folder)
        libraries = root / "usr/lib" / f"{os.uname().machine}-linux-gnu"
        self._log = folder / "chromium.log"
        command = [root / "usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu",
                   "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--mute-audio",
                   f"--user-data-dir={folder}/profile", "--proxy-server=127.0.0.1:9",
                   "--proxy-bypass-list=127.0.0.1", "--allow-file-access-from-files",
                   "--force-color-profile=srgb", "--lang=en-US", "--remote-debugging-pipe", "about:blank"]
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        # It takes descriptors 3 and 4; what comes before them has other numbers here.
        shell = f"exec 3<&{to_browser} 4>&{from_browser}; exec " + shlex.join(map(str, command))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", shell], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(to_browser, from_browser),
                env={**os.environ, "HOME": str(folder), "TZ": "UTC", "LANG": "C.UTF-8",
                     "LD_LIBRARY_PATH": f"{libraries}:{libraries}/pulseaudio"})
        os.close(to_browser)
        os.close(from_browser)
        self._buffer, self._number, self._session, self.said = b"", 0, None, []
        try:
            self._attach()
        except BaseException:
            self.stop()
            raise

    def _attach(self):
        try:
            pages = self._call("Target.getTargets")["targetInfos"]
        except EOFError:
            said = self._log.read_text("utf-8", "replace")
            if "error while loading shared libraries" in said:
                cases.skip(said.strip())
            raise RuntimeError(f"Chromium ended: {said[-2000:]}") from None
        page = next(one["targetId"] for one in pages if one["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self._call("Runtime.enable")
        self._call("Page.enable")

    def _message(self, until):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium does not answer: " + self._log.read_text("utf-8", "replace")[-2000:])
            got = os.read(self._read, 1 << 20)
            if not got:
                raise EOFError
            self._buffer += got
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _call(self, method, **params):
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        until = time.monotonic() + LIMIT_S
        while True:
            message = self._message(until)
            if message.get("id") == self._number:
                if "error" in message:
                    raise Failed(f"{method}: {message['error']}")
                return message["result"]
            self._heard(message)

    def _heard(self, message):
        """What the page says about itself, while it is asked something else."""
        params = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.said.append(params["exceptionDetails"].get("exception", {}).get("description", str(params)))
        elif message.get("method") == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.said.append(" ".join(str(one.get("value", one.get("description"))) for one in params["args"]))

    def open(self, path):
        self._call("Page.navigate", url=pathlib.Path(path).as_uri())
        self.evaluate("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))")

    def size(self, width, height):
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                   mobile=False)

    def evaluate(self, expression):
        """Its value, waited for where it is a promise."""
        got = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in got:
            details = got["exceptionDetails"]
            raise Failed(details.get("exception", {}).get("description", str(details)))
        return got["result"].get("value")

    def call(self, function, *args):
        return self.evaluate(f"{function}({', '.join(map(json.dumps, args))})")

    def picture(self):
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def stop(self):
        os.close(self._write)  # which is how it is told
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
