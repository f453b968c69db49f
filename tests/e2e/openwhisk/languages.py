# SPDX-License-Identifier: Apache-2.0
"""The loops, one a language, and what is sent to any of them."""
import dataclasses
import pathlib
import platform
import re

from lib import cases
from lib.versions import said_by

HERE = pathlib.Path(__file__).resolve().parent
LOOPS, SEEN = HERE / "loops", HERE / "seen"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SECRET = "do-not-tell"


@dataclasses.dataclass
class Language:
    title: str
    version: object
    program: str
    file: str
    notes: str = ""


PYTHON = "/usr/bin/python3"
LANGUAGES = {
    "python": Language("Python, `stdin.readline` and `os.fdopen(3)`", said_by(PYTHON, "--version"), PYTHON, "loop.py"),
    "node": Language("Node, `readline` and `fs.writeSync`", said_by("node", "-p", "'node ' + process.versions.node"),
                     "node", "loop.js"),
    "ruby": Language("Ruby, `gets` and `IO.new(3)`", said_by("ruby", "--version"), "ruby", "loop.rb"),
    "php": Language("PHP, `fgets` and `php://fd/3`", said_by("php", "--version"), "php", "loop.php"),
    "bash": Language("bash, `read` and `echo >&3`", said_by("bash", "--version"), "bash", "loop.sh",
                     notes="its `echo` writes inside of libc, and so do its log lines"),
}


def web(name):
    """Parameters of a web action."""
    return {"name": name, "password": SECRET,
            "__ow_headers": {"traceparent": f"00-{TRACE}-{CALLER}-01", "authorization": SECRET}}


def needs_the_kernels_word():
    """The parent is not watched, so that the kernel alone tells how the loop has ended."""
    kernel = tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups()))
    if kernel < (6, 15):
        cases.skip("before Linux 6.15 a pidfd does not tell how its process ended")
