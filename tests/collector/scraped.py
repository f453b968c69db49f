# SPDX-License-Identifier: Apache-2.0
"""A collector that is scraped, and what a Prometheus says of it."""
import http.client
import re
import time
import urllib.parse

from harness import LIMIT_S, Collector


class Scraped(Collector):
    """@at: where it is to listen; None: its environment says so. @more: other flags."""

    def __init__(self, binary, *more, at="0", env=None):
        super().__init__(binary, *([] if at is None else ["--prometheus", at]), *more, env=env)
        said = self.line(lambda text: "metrics for Prometheus: " in text)
        self.url = urllib.parse.urlsplit(re.search(r"http://\S+", said)[0])

    def ask(self, method="GET", path="/metrics", headers=None):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=LIMIT_S)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()


def until(what, condition):
    deadline = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)
    return found


def value(server, expr):
    return sum(number for _, number in server.instant(expr))
