#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What psql, mariadb and redis-cli ask real databases, as a function themselves, and on behalf of one that starts them.

usage: programs.py --build DIR --database postgresql|mysql|redis

A function in bash is its event, and its programs are children; one in Python serves HTTP, and starts the program for
a request. All is told to a real OpenTelemetry Collector; each case looks at a part of what came there.
"""
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lib import cases, databases, otelcol, otlp_json, peers, watching
from lib.cases import case
from lib.served import LIMIT_S, answer, connected, tool

HERE = pathlib.Path(__file__).resolve().parent
SERVER, CLIENT, ERROR = 2, 3, 2  # kinds of a span; a status
SECRET = "s3cr3t-of-the-function"
NEVER = [SECRET, databases.PASSWORD, databases.USER, "nowhere"]
TLS = "tls"


@dataclasses.dataclass
class Asked:
    """@script: bash, where CLIENT is the program with whom to ask; @told: (operation, error), a list; or TLS."""
    script: str
    told: object
    unix: bool = False


SQL = f"SELECT '{SECRET}'; SELECT * FROM nowhere"
PROGRAMS = {
    "postgresql": (databases.Postgresql, "usr/lib/postgresql/15/bin/psql",
                   "-X -q -h 127.0.0.1 -p $PORT -U $ASKER -d $DATABASE", {
        "query": Asked(f'''CLIENT -c "SELECT '{SECRET}'"''', [("SELECT", None)]),
        "several": Asked(f'''CLIENT -c "SELECT '{SECRET}'" -c "SELECT * FROM nowhere"''',
                         [("SELECT", None), ("SELECT", "42P01")]),
        "together": Asked('CLIENT -c "BEGIN; SELECT 1; COMMIT"', [("BEGIN", None)]),
        "copied": Asked("""CLIENT -c "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100)) TO STDOUT" >/dev/null""",
                        [("COPY", None)]),
        "twice": Asked('CLIENT -c "SELECT 1"; CLIENT -c "SELECT 2"', [("SELECT", None), ("SELECT", None)]),
        "unix": Asked('CLIENT -h "$FOLDER" -c "SELECT 1"', [("SELECT", None)], unix=True),
        "stranger": Asked('PGPASSWORD=wrong CLIENT -c "SELECT 1"', [(None, "28P01")]),
        TLS: Asked('PGSSLMODE=require CLIENT -c "SELECT 1"', TLS),
    }),
    "mysql": (databases.Mariadb, "usr/bin/mariadb", "--no-defaults -s -h 127.0.0.1 -P $PORT -u $ASKER $DATABASE", {
        "query": Asked(f'''CLIENT --skip-ssl -e "SELECT '{SECRET}'"''', [("SELECT", None)]),
        "several": Asked(f'CLIENT --skip-ssl -e "{SQL}"', [("SELECT", None), ("SELECT", "1146")]),
        "twice": Asked('CLIENT --skip-ssl -e "SELECT 1"; CLIENT --skip-ssl -e "SELECT 2"',
                       [("SELECT", None), ("SELECT", None)]),
        "compressed": Asked('CLIENT --skip-ssl --compress -e "SELECT 1"', [("SELECT", None)]),
        "unix": Asked('CLIENT --skip-ssl -h localhost -S "$SOCKET" -e "SELECT 1"', [("SELECT", None)], unix=True),
        "stranger": Asked('CLIENT --skip-ssl -pwrong -e "SELECT 1"', [(None, "1045")]),
        TLS: Asked('CLIENT --ssl --ssl-ca=$CERT -e "SELECT 1"', TLS),
    }),
    "redis": (databases.Redis, "usr/bin/redis-cli", "-h 127.0.0.1 -p $PORT", {
        "query": Asked(f"CLIENT SET a {SECRET}", [("AUTH", None), ("SET", None)]),
        "several": Asked(f"CLIENT LPUSH a {SECRET}", [("AUTH", None), ("LPUSH", "WRONGTYPE")]),
        "together": Asked(r'printf "SET x 1\nGET x\n" | CLIENT',
                          [("AUTH", None), ("COMMAND", None), ("SET", None), ("GET", None)]),
        "twice": Asked("CLIENT GET a; CLIENT GET b", 2 * [("AUTH", None), ("GET", None)]),
        "unix": Asked('CLIENT -s "$SOCKET" GET a', [("AUTH", None), ("GET", None)], unix=True),
        "stranger": Asked("REDISCLI_AUTH=wrong CLIENT GET a", [("AUTH", "WRONGPASS"), ("GET", "NOAUTH")]),
        TLS: Asked("CLIENT --tls --cacert $CERT -p $TLS_PORT GET a", TLS),
    }),
}
# What the program is given on its standard input where it is the function, and what is told of that.
DIRECT = {
    "postgresql": ("SELECT 1;\n", [("SELECT", None)]),
    "mysql": ("SELECT 1;\n", [("SELECT", None)]),
    "redis": ("GET a\n", [("AUTH", None), ("GET", None)]),
}
BASH = 'read -r event; exec </dev/null\n{}\necho "done"'


def _by_start(spans):
    return sorted(spans, key=lambda span: span["start"])


class Story:
    """All that was asked and told."""

    def __init__(self, args, folder):
        kind, program, options, self.asked = PROGRAMS[args.database]
        root = peers.path("databases")
        libraries = next((root / "usr/lib").glob("*-linux-gnu"))
        self.invocations, self.calls = {}, {}
        with kind() as database, otelcol.Otelcol(folder / "otelcol") as behind:
            self.port, self.tls_port = database.port, getattr(database, "tls_port", database.port)
            self.folder = str(database.folder)
            self.env = {**os.environ, "PORT": str(self.port), "TLS_PORT": str(self.tls_port),
                        "ASKER": databases.USER, "DATABASE": databases.DATABASE, "FOLDER": self.folder,
                        "SOCKET": str(database.socket()), "CERT": str(database.cert),
                        "PGPASSWORD": databases.PASSWORD, "MYSQL_PWD": databases.PASSWORD,
                        "REDISCLI_AUTH": databases.PASSWORD, "PGSSLMODE": "disable", "HOME": str(folder),
                        "LD_LIBRARY_PATH": str(libraries)}
            announce = folder / "announce.sock"
            collector = watching.start(
                [args.build / "collector/coldspan-collector", "--otlp", behind.endpoint], announce,
                stderr=subprocess.DEVNULL)
            self.env.update(LD_PRELOAD=str(args.build / "preload/libcoldspan.so"), COLDSPAN_SOCKET=str(announce))
            self.client = f'"{root / program}" {options}'
            try:
                for one in self.asked.values():
                    self._run(BASH.format(one.script.replace("CLIENT", self.client)))
                direct = self.client + (" --skip-ssl" if args.database == "mysql" else "")
                self._run(f"exec {direct}", DIRECT[args.database][0])
                self._serve()
                collector.send_signal(signal.SIGTERM)
                assert collector.wait(LIMIT_S) == 0, "the collector did not stop with status 0"
            finally:
                watching.kill(collector)
            told = behind.stop()
            self.text = told.read_text()
            spans = otlp_json.of_file(told)
        self.name = pathlib.Path(program).name
        # Most read what they are to ask inside of libc: then there is a start, and no invocation.
        self.direct = _by_start(span for span in spans if span["kind"] == CLIENT and
                                span["resource"]["service.name"] == self.name)
        found = _by_start(span for span in spans if span["kind"] == SERVER and
                          span["resource"]["service.name"] != self.name)
        names = [*self.asked, "served", "served again"]
        assert len(found) == len(names), (names, found)
        for what, invocation in zip(names, found):
            self.invocations[what] = invocation
            self.calls[what] = _by_start(span for span in spans if span["kind"] == CLIENT and
                                         span["parentSpanId"] == invocation["spanId"])

    def _run(self, script, event="the event\n"):
        run = subprocess.run([tool("bash"), "-c", script], env=self.env, cwd=self.env["HOME"],
                             input=event.encode(), capture_output=True, timeout=LIMIT_S, check=False)
        assert run.returncode == 0, (script, run)

    def _serve(self):
        script = next(iter(self.asked.values())).script.replace("CLIENT", self.client)
        server = subprocess.Popen(["/usr/bin/python3", HERE / "starter.py", script], env=self.env,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            port = int(server.stdout.readline())
            for _ in range(2):
                with connected(port) as (sock, stream):
                    sock.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    assert answer(stream)[0] == 200
            assert server.wait(LIMIT_S) == 0
        finally:
            watching.kill(server)
            server.stdout.close()


def _said(call):
    return call["attributes"].get("db.operation.name"), call["attributes"].get("error.type")


def _expected(args, story):
    told = {what: one.told for what, one in story.asked.items()}
    first = story.asked["query"].told
    return {**told, "served": first, "served again": first}


@case
def what_a_program_asks_is_of_the_invocation_that_started_it(args, story):
    for what, expected in _expected(args, story).items():
        if expected == TLS:
            continue
        said = [_said(call) for call in story.calls[what]]
        assert said == expected, (what, said, expected)


@case
def a_program_may_be_the_function_itself(args, story):
    said = [_said(call) for call in story.direct if call["name"] != "COMMAND"]  # Redis's: which commands there are
    assert said == DIRECT[args.database][1], said
    numbers = {call["attributes"]["coldspan.connection.number"] for call in story.direct}
    assert numbers == {1}, story.direct


@case
def a_program_that_was_started_says_nothing_of_itself(args, story):
    names = {span["resource"]["service.name"] for span in story.invocations.values()}
    assert names == {"bash", "starter"}, names


@case
def calls_of_programs_are_as_others_are(args, story):
    for what, calls in story.calls.items():
        invocation = story.invocations[what]
        for call in calls:
            told, failed = call["attributes"], call["status"] == ERROR
            assert call["traceId"] == invocation["traceId"] and invocation["start"] <= call["start"], call
            assert "coldspan.connection.number" not in told, call
            if what == TLS and args.database == "redis":
                assert call["name"] == "TLS", call
            else:
                system = {"mysql": "mariadb"}.get(args.database, args.database)
                assert told["db.system.name"] == system, call
                assert call["name"] == told.get("db.operation.name", system), call
                refused = failed and "db.operation.name" not in told  # who is refused is in none
                assert what == TLS or told.get("db.namespace") == (
                    "0" if system == "redis" else None if refused else databases.DATABASE), call
            assert failed == ("error.type" in told), call
            if what in story.asked and story.asked[what].unix:
                assert told["server.address"].startswith(story.folder), call
            else:
                assert told["server.address"] == "127.0.0.1", call
                assert told["server.port"] == (story.tls_port if what == TLS else story.port), call
            assert what == TLS or "coldspan.approximate" not in told, call


@case
def an_invocation_counts_what_its_programs_moved(args, story):
    for what, calls in story.calls.items():
        told = story.invocations[what]["attributes"]
        new = [call for call in calls if not call["attributes"]["coldspan.connection.reused"]]
        assert told["coldspan.connections.opened"] == len(new) == (2 if what == "twice" else 1), (what, told, calls)
        received = sum(call["attributes"].get("coldspan.response.bytes", 0) for call in calls)
        assert told["coldspan.network.received_bytes"] == received + told.get("coldspan.request.bytes", 0), (what, told)


@case
def inside_of_tls_turns_are_told_and_no_operation(args, story):
    for call in story.calls[TLS]:
        told = call["attributes"]
        assert told["tls.protocol.version"] == "1.3" and "db.operation.name" not in told, call
    assert story.calls[TLS][0]["attributes"]["coldspan.tls_ns"] > 0, story.calls[TLS][0]


@case
def nothing_that_was_asked_or_answered_is_in_what_we_tell(args, story):
    for secret in NEVER:
        assert secret.lower() not in story.text.lower(), f"{secret} was told"
    assert "db.system.name" in story.text


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--database", choices=PROGRAMS, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        story = Story(args, pathlib.Path(folder))
    cases.main(args, args, story)


if __name__ == "__main__":
    main()
