#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lighttpd makes the environment of CGI scripts anew: one that is not told where the collector is stays dark.

usage: dark.py --build DIR

mod_cgi hands LD_PRELOAD on by itself, but not COLDSPAN_SOCKET. The server is watched, the script is not, nothing is
made up for it, and `coldspan doctor` says why.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lib import cases, otlp_json, watching
from lib.cases import case
from lives import SERVER
from server import LIMIT_S, Context, Server
from table import FUNCTIONS, Runtime, lighttpd, server_version

NOT_WATCHED = 3


def examined_while_it_runs(args, server, context):
    """What doctor says of the script and of the server, while an event is handled."""
    with socket.create_server(("127.0.0.1", 0)) as peer, server.connect() as client:
        peer.settimeout(LIMIT_S)
        lines = [f"POST /hang/{peer.getsockname()[1]} HTTP/1.1", "Host: a", "Content-Length: 3",
                 *(f"{name}: {value}" for name, value in context.headers().items())]
        client.sendall("\r\n".join([*lines, "", "e2e"]).encode())
        waiting, (_, port) = peer.accept()
        with waiting:
            script = server.owner_of(port)
            said = [subprocess.run([args.build / "agent/coldspan", "doctor", "--no-socket", str(pid)], text=True,
                                   capture_output=True, check=False, timeout=LIMIT_S)
                    for pid in (script, server.pid)]
            waiting.sendall(b"x")
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return script, *said


@case
def a_script_that_is_not_told_where_the_collector_is_stays_dark_and_doctor_says_why(args, folder):
    dark = Runtime("lighttpd", "", server_version("lighttpd", "-v"), lighttpd("dark.conf"),
                   socket="http.sock", stop=signal.SIGINT)
    shutil.copytree(FUNCTIONS, folder / "functions")
    written, announce = folder / "traces.jsonl", folder / "announce.sock"
    env = {**os.environ, "LD_PRELOAD": str(args.build / "preload/libcoldspan.so"),
           "COLDSPAN_SOCKET": str(announce)}
    collector = watching.start([args.build / "collector/coldspan-collector", "--file", written], announce,
                               stderr=subprocess.DEVNULL)
    context = Context()
    try:
        server = Server(dark, folder / "functions", env)
        try:
            script, of_script, of_server = examined_while_it_runs(args, server, context)
            server.ask(Context())  # what the first answer's end was is told by now
        finally:
            server.stop()
        watching.stop(collector)
    finally:
        watching.kill(collector)
    assert of_script.returncode == NOT_WATCHED, (of_script.stdout, of_script.stderr)
    assert "announced to nobody" in of_script.stdout, of_script.stdout
    assert of_server.returncode == 0, (of_server.stdout, of_server.stderr)
    spans = otlp_json.of_file(written)
    assert not [span for span in spans if span["resource"]["process.pid"] == script], "the script was seen"
    mine = [span for span in spans if span["traceId"] == context.trace_id and span["kind"] == SERVER]
    assert len(mine) == 1 and mine[0]["parentSpanId"] == context.span_id, mine  # the server's


if __name__ == "__main__":
    arguments = cases.parser(__doc__, "build").parse_args()
    cases.main(arguments, arguments, folder=True)
