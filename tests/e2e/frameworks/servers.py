# SPDX-License-Identifier: Apache-2.0
"""The servers: how each is started. Each says `line NAME` and answers `hello NAME LENGTH` to /hello/NAME."""
import dataclasses
import pathlib
import platform
import shutil
import subprocess
from collections.abc import Callable

from lib import cases, listening, peers

HERE = pathlib.Path(__file__).resolve().parent


def program(name):
    return shutil.which(name) or cases.skip(f"{name} is not installed")


def python(*words):
    return lambda _: [peers.path("frameworks_python") / "python3", *words]


def uvicorn(*words):
    return python("-m", "uvicorn", "--port", "0", "--lifespan", "off", "--log-level", "critical", *words, "asgi:app")


def gunicorn(*words):
    return python("-m", "gunicorn", "-b", "127.0.0.1:0", "--log-level", "critical", *words, "wsgi:app")


def node(name):
    return lambda _: [program("node"), HERE / f"{name}.js"]


def puma(*words):
    return lambda _: [program("puma"), "-q", "-b", "tcp://127.0.0.1:0", "-t", "4:4", *words, HERE / "config.ru"]


def java(name):
    """With a folder for its classes."""
    def command(folder):
        if name == "vertx-epoll" and platform.machine() != "x86_64":
            cases.skip("its library in C is that for x86-64 (tests/peers/frameworks_java)")
        classpath = f"{folder}:{peers.path('frameworks_java')}/*"
        subprocess.run([program("javac"), "-cp", classpath, "-d", folder, HERE / "Frameworks.java"], check=True)
        return [program("java"), "-cp", classpath, "Frameworks", name, folder]
    return command


@dataclasses.dataclass
class Server:
    title: str
    command: Callable  # given a folder of its own
    takes_chunks: bool = True
    node_path: bool = False

    def env(self):
        found = {"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        if self.node_path:
            found["NODE_PATH"] = str(peers.path("frameworks_node"))
        return found


# A WSGI application has no length of a body in chunks.
SERVERS = {
    "aiohttp": Server("aiohttp", python(HERE / "own_aiohttp.py")),
    "express": Server("Express", node("express"), node_path=True),
    "fastify": Server("Fastify", node("fastify"), node_path=True),
    "gunicorn-gevent": Server("Gunicorn, gevent", gunicorn("-k", "gevent"), takes_chunks=False),
    "gunicorn-gthread": Server("Gunicorn, threads", gunicorn("--threads", "4"), takes_chunks=False),
    "hypercorn": Server("Hypercorn", python("-m", "hypercorn", "-b", "127.0.0.1:0", "--log-level", "critical", "asgi:app")),
    "puma": Server("Puma", puma()),
    "puma-cluster": Server("Puma, cluster", puma("-w", "2")),
    "tomcat": Server("Tomcat", java("tomcat")),
    "tornado": Server("Tornado", python(HERE / "own_tornado.py")),
    "undertow": Server("Undertow", java("undertow")),
    "uvicorn-asyncio": Server("Uvicorn, asyncio and h11", uvicorn("--loop", "asyncio", "--http", "h11")),
    "uvicorn-uvloop": Server("Uvicorn, uvloop and httptools", uvicorn("--loop", "uvloop", "--http", "httptools")),
    "vertx": Server("Vert.x (Netty)", java("vertx")),
    "vertx-epoll": Server("Vert.x (Netty's own epoll)", java("vertx-epoll")),
    "waitress": Server("Waitress", lambda folder: python(HERE / "wsgi.py", str(listening.free_port()))(folder),
                       takes_chunks=False),
}
