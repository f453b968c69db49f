# SPDX-License-Identifier: Apache-2.0
"""Boards drawn by Grafana's own panels in a browser, about history.py's past: what README.md here says.

    with Studio(folder) as studio:
        studio.draw(board, "dark", 1280)    # what is to be seen, by page/measure.js
        studio.picture()                    # bytes of a PNG, as high as the board
"""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import history
from browser import Browser
from lib import peers, prometheus

PAGE = pathlib.Path(__file__).resolve().parent / "page"
HEIGHT = 900
# Seen from the middle on, that is with both versions of one function.
RANGE_S = 3600 + 1800


def bundle(folder):
    """The page and Grafana's libraries in one script, in @folder; its path."""
    modules = peers.path("grafana_scenes")
    folder = pathlib.Path(folder)
    # Modules are looked for from the source's place; it has none beside it.
    run = subprocess.run(
        [modules / ".bin/esbuild", PAGE / "main.jsx", "--bundle", f"--outdir={folder}", "--format=iife", "--log-level=error",
         "--jsx=transform", "--main-fields=module,browser,main", '--define:process.env.NODE_ENV="production"',
         "--define:global=globalThis", "--alias:react-router-dom-v5-compat=react-router-dom",
         *(f"--alias:{name}={PAGE / 'empty.js'}" for name in ("fs", "path", "crypto")),
         *(f"--loader:.{kind}=dataurl" for kind in ("svg", "ttf", "png", "woff", "woff2"))],
        env={**os.environ, "NODE_PATH": str(modules)}, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"esbuild: {run.stderr[-3000:]}")
    icons = folder / "public/build/img"
    icons.mkdir(parents=True)
    (icons / "icons").symlink_to(modules / "@grafana/ui/dist/public/img/icons")
    page = folder / "index.html"
    page.write_bytes((PAGE / "index.html").read_bytes())
    return page


class Studio:
    """A browser with the page in it, and a Prometheus that knows the past; or @server, which is scraped every @scrape_s."""

    def __init__(self, folder, traces=None, server=None, scrape_s=history.STEP):
        self._open = []
        folder = pathlib.Path(folder)
        page = bundle(folder)
        try:
            self.server = server or self._keep(
                prometheus.Prometheus(folder, data=prometheus.past(folder, history.lines())))
            self.browser = self._keep(Browser(folder))
            self.browser.size(1280, HEIGHT)
            self.browser.open(page)
            self.browser.call("coldspan.begin", f"http://127.0.0.1:{self.server.port}", scrape_s, traces or {})
        except BaseException:
            self.stop()
            raise

    def _keep(self, one):
        self._open.append(one)
        return one

    def draw(self, board, theme, width, until=history.END, span=RANGE_S, **settings):
        """What is there to be seen of the @span before @until. settings: open (rows that are closed), values (of
        variables)."""
        self.browser.said.clear()
        self.browser.size(width, HEIGHT)
        self.browser.call("coldspan.draw", board, {
            "theme": theme, "from": _iso(until - span), "to": _iso(until), **settings})
        return self.resized(width)

    def resized(self, width):
        """The same board in a window as wide as @width, and as high as the board is."""
        self.browser.size(width, HEIGHT)
        self.browser.evaluate("coldspan.drawn()")
        self.browser.size(width, max(HEIGHT, self.browser.evaluate("document.documentElement.scrollHeight")))
        self.browser.evaluate("coldspan.drawn()")
        return self.browser.evaluate("coldspan.measure()")

    def picture(self):
        return self.browser.picture()

    def stop(self):
        while self._open:
            self._open.pop().stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _iso(seconds):
    import datetime
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
