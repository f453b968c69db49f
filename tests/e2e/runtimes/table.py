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
    ports: tuple = ()  # those that it listens on where it cannot be told others, in a network of its own; the first is asked
    volatile: tuple = ()  # headers of its answers that differ each time
    chance: str = "(?!)"  # what it prints or does not, as it comes, without us as well
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


def watchdog(name, title, program, env, **more):
    """One of OpenFaaS's, with what OpenFaaS's gateway sends: when it had the request, and an id of its own."""
    def version():
        archive, = (peers.ROOT / "tests/peers/watchdogs").glob(f"{program}-*.tar.gz")
        return archive.name.removesuffix(".tar.gz").replace(f"{program}-", f"{program} ")
    return Runtime(name, f"OpenFaaS, {title}", version, lambda _: [peers.path("watchdogs") / program],
                   env={"port": str(WATCHDOG_PORTS[0]), "TMPDIR": ".", "healthcheck_interval": "10ms", **env},
                   has_watched_parent=False, volatile=("x-duration-seconds",),
                   chance="Error reading std(out|err): .* file already closed",
                   headers={"X-Start-Time": lambda: str(time.time_ns()), "X-Call-Id": lambda: str(uuid.uuid4())},
                   **{"ports": WATCHDOG_PORTS, **more})


WATCHDOG_PORTS = (8080, 8081)  # requests, metrics; the latter cannot be chosen
BEHIND_WATCHDOG = 8082
EVENT = {"fprocess": "/usr/bin/python3 event.py"}
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
    watchdog("classic-watchdog", "classic-watchdog", "classic-watchdog", EVENT, per_event=True),
    watchdog("of-watchdog-serializing", "of-watchdog, mode `serializing`", "of-watchdog",
             {"mode": "serializing", **EVENT}, per_event=True),
    watchdog("of-watchdog-streaming", "of-watchdog, mode `streaming`", "of-watchdog",
             {"mode": "streaming", **EVENT}, per_event=True),
    watchdog("of-watchdog-http", "of-watchdog, mode `http`, Node behind it", "of-watchdog",
             {"mode": "http", "fprocess": "node template.js", "PORT": str(BEHIND_WATCHDOG),
              "http_upstream_url": f"http://127.0.0.1:{BEHIND_WATCHDOG}"},
             ports=(*WATCHDOG_PORTS, BEHIND_WATCHDOG)),
    Runtime("java", "Java, com.sun.net.httpserver", said_by("java", "--version"), java),
    Runtime("rust", "Rust, std", said_by("rustc", "--version"), rust),
]
