# SPDX-License-Identifier: Apache-2.0
"""The runtimes that are watched: how each is started, and what is special about it."""
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import uuid

from lib import cases, listening, peers
from lib.versions import from_npm, from_pypi, program, said_by

FUNCTIONS = pathlib.Path(__file__).resolve().parent / "functions"


@dataclasses.dataclass
class Runtime:
    """One way to run a function."""
    name: str
    title: str
    version: object  # a function that says which one is here
    start: object  # a function that makes the command; it gets the folder that all functions are in
    env: dict = dataclasses.field(default_factory=dict)
    headers: dict = dataclasses.field(default_factory=dict)  # what its platform sends; functions: with each
    method: str = "POST"
    stop: int = signal.SIGTERM
    socket: str = ""  # the socket in the folder it listens on, where it cannot choose a port
    says: str = ""  # how it tells its port, where it listens on several
    function: str = ""  # the service name of the process that serves, where it is another than the server's
    handed: bool = False  # its configuration hands on what watches, and so wants it set, if to nothing
    per_event: bool = False  # a process for each event, which is asked by nobody else
    has_watched_parent: bool = True
    beside: bool = False  # its parent serves no HTTP: its spans stand beside the server's
    notes: str = ""

    @property
    def body(self):
        return b"" if self.method == "GET" else b"e2e"

    @property
    def service(self):
        return self.function or self.name

    @property
    def is_cold_each_time(self):
        return self.per_event or bool(self.function)

    def sends(self):
        """What its platform sends with a request."""
        return {name: value() if callable(value) else value for name, value in self.headers.items()}

    def command(self, folder):
        return [str(word) for word in self.start(folder)]


def javascript(path):
    return peers.path("javascript") / path


def python_server(name):
    return peers.path("python_servers") / name


def python_of_servers():
    return python_server("python3")


def server_version(name, option):
    def version():
        said = subprocess.run(["env", f"LD_LIBRARY_PATH={libraries()}", debian(name), option],
                              capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.[\d.]+\d", said.stdout + said.stderr)
        return f"{name} {found.group(0)}"
    return version


def rust(folder):
    subprocess.run([program("rustc"), "-O", "-o", folder / "server", folder / "server.rs"], check=True)
    return [folder / "server"]


def java(folder):
    subprocess.run([program("javac"), "-d", folder, folder / "Server.java"], check=True)
    return [program("java"), "-cp", folder, "Server"]


def serverless(_):
    return [program("node"), peers.path("serverless") / ".bin/serverless", "offline", "start", "--host",
            "127.0.0.1", "--httpPort", listening.free_port(), "--lambdaPort", listening.free_port()]


def static_parent(mode, function):
    """A Go program without any library, which starts @function."""
    def make(folder):
        go = shutil.which("go", path=f"{os.environ['PATH']}:/usr/local/go/bin")
        if not go:
            cases.skip("go is not installed")
        subprocess.run([go, "build", "-o", folder / "parent", folder / "static_parent.go"], check=True,
                       env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"})
        return [folder / "parent", mode, "/usr/bin/python3", function]
    return make


def watchdog(name, title, mode, function, notes, **more):
    """What OpenFaaS's gateway sends: when it had the request, and an id of its own."""
    return Runtime(name, f"static parent in Go, {title}", said_by("/usr/bin/python3", "--version"),
                   static_parent(mode, function), says=r"Serving: \S+:(\d+)", notes=notes,
                   has_watched_parent=False,
                   headers={"X-Start-Time": lambda: str(time.time_ns()), "X-Call-Id": lambda: str(uuid.uuid4())},
                   **more)


SERVERS = "usr/sbin"


def debian(name):
    return peers.path("servers") / SERVERS / name


def configured(folder, name):
    """The path of a configuration for this folder."""
    path = folder / name
    path.write_text(path.read_text().replace("FOLDER", str(folder))
                    .replace("SBIN", str(peers.path("servers") / SERVERS)))
    return path


def nginx(folder):
    return [debian("nginx"), "-p", folder, "-c", configured(folder, "nginx.conf")]


def lighttpd(name):
    """To be stopped by SIGINT: after SIGTERM its status is 0 or 1, as it comes, without us as well."""
    return lambda folder: ["env", f"LD_LIBRARY_PATH={libraries()}", debian("lighttpd"), "-D", "-m",
                           peers.path("servers") / "usr/lib/lighttpd", "-f", configured(folder, name)]


def libraries():
    """The folder of the servers' libraries."""
    return next((peers.path("servers") / "usr/lib").glob("*-linux-gnu"))


RUNTIMES = [
    Runtime("ruby-webrick", "Ruby, WEBrick", said_by("ruby", "--version"),
            lambda _: [program("ruby"), "webrick.rb"]),
    Runtime("ruby-tcp", "Ruby, TCPServer", said_by("ruby", "--version"),
            lambda _: [program("ruby"), "tcp.rb"]),
    Runtime("php", "PHP, `php -S`", said_by("php", "--version"),
            lambda _: [program("php"), "-S", "127.0.0.1:0", "hello.php"]),
    Runtime("perl", "Perl, HTTP::Daemon", said_by("perl", "-e", "printf 'perl %vd', $^V"),
            lambda _: [program("perl"), "daemon.pl"]),
    Runtime("python", "Python, http.server", said_by("/usr/bin/python3", "--version"),
            lambda _: ["/usr/bin/python3", "server.py"]),
    # Its control socket is opened by a thread: whether it says so before it is told to end is chance.
    Runtime("gunicorn", "Python, gunicorn (pre-fork)", from_pypi(python_of_servers, "gunicorn"),
            lambda _: [python_server("gunicorn"), "--bind", "127.0.0.1:0", "--workers", "1",
                       "--no-control-socket", "wsgi"]),
    Runtime("functions-framework-python", "Python, functions-framework",
            from_pypi(python_of_servers, "functions-framework"),
            lambda _: [python_server("functions-framework"), "--target", "hello", "--source",
                       "framework.py", "--host", "127.0.0.1", "--port", "0"]),
    Runtime("functions-framework-node", "Node, functions-framework",
            from_npm("functions_framework", "@google-cloud/functions-framework"),
            lambda _: [peers.path("functions_framework"), "--target", "hello", "--source",
                       "framework.js", "--port", "0"]),
    Runtime("node", "Node, http", said_by("node", "-p", "'node ' + process.versions.node"),
            lambda _: [program("node"), "http.js"]),
    Runtime("node-cluster", "Node, cluster (connections are sent)",
            said_by("node", "-p", "'node ' + process.versions.node"), lambda _: [program("node"), "cluster.js"],
            notes="a worker is ready when it tells its primary that it listens: connections come as messages"),
    Runtime("azure-custom-handler", "Azure custom handler in Node", said_by("node", "-p", "'node ' + process.versions.node"),
            lambda _: [program("node"), "azure.js"],
            env={"FUNCTIONS_CUSTOMHANDLER_PORT": "0", "FUNCTIONS_WORKER_RUNTIME": "Custom",
                 "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": "6f7a3bbd-7f35-4d2c-9ad7-61f1a3e6d0b4",
                 "FUNCTIONS_APP_ROOT_PATH": "/home/site/wwwroot", "WEBSITE_SITE_NAME": "shop"},
            headers={"X-Azure-Functions-InvocationId": "0a4f8c2e-2d10-4c0b-8d4b-d2a8e5f0c6d1",
                     "X-Azure-Functions-HostVersion": "4.1041.200", "User-Agent": "Azure-Functions-Host"}),
    Runtime("deno", "Deno", from_npm("javascript", "deno"),
            lambda _: [javascript("@deno/linux-x64-glibc/deno"), "run", "--no-remote", "-A", "deno.js"]),
    Runtime("bun", "Bun", from_npm("javascript", "bun"),
            lambda _: [javascript("@oven/bun-linux-x64/bin/bun"), "run", "bun.js"],
            notes="it opens files by system calls of its own"),
    Runtime("workerd", "workerd", from_npm("javascript", "workerd"),
            lambda _: [javascript("@cloudflare/workerd-linux-64/bin/workerd"), "serve", "worker.capnp"]),
    Runtime("edge-runtime", "Vercel's edge-runtime", from_npm("javascript", "edge-runtime"),
            lambda _: [javascript(".bin/edge-runtime"), "--listen", "--port", "0", "--host", "127.0.0.1",
                       "edge.js"]),
    Runtime("serverless-offline", "serverless-offline (Node)",
            from_npm("serverless", "serverless-offline"), serverless, says=r"Server ready: \S+:(\d+)",
            env={"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}),
    Runtime("nginx", "nginx (static file, pre-fork)", server_version("nginx", "-v"), nginx, method="GET",
            socket="http.sock"),
    Runtime("lighttpd-cgi", "lighttpd, CGI in Python", server_version("lighttpd", "-v"),
            lighttpd("cgi.conf"), socket="http.sock", stop=signal.SIGINT, function="lighttpd-cgi-function", handed=True,
            notes="only where mod_setenv hands `COLDSPAN_SOCKET` on, or the collector is where it is looked for"),
    Runtime("fcgiwrap", "fcgiwrap under lighttpd, CGI in Python", server_version("fcgiwrap", "-h"),
            lighttpd("fastcgi.conf"), socket="http.sock", stop=signal.SIGINT, function="fcgiwrap-function",
            beside=True, notes="below the caller's span: FastCGI, by which fcgiwrap is asked, is not followed"),
    watchdog("static-parent-fork", "a process per event", "fork", "event.py", per_event=True,
             notes="as OpenFaaS's classic watchdog starts its functions, and of-watchdog in mode `serializing`"),
    watchdog("static-parent-streaming", "a process per event, streamed", "streaming", "event.py", per_event=True,
             notes="as of-watchdog in mode `streaming`"),
    watchdog("static-parent-http", "a server behind a proxy", "http", "server.py",
             notes="as of-watchdog in mode `http`: started before the first request came"),
    Runtime("java", "Java, com.sun.net.httpserver", said_by("java", "--version"), java),
    Runtime("rust", "Rust, std", said_by("rustc", "--version"), rust),
]
