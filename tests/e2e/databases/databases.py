#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a function asks real databases with real clients: CLIENT spans by OpenTelemetry's conventions.

usage: databases.py --build DIR --language node|python|java|php|ruby --database postgresql|mysql|redis

A database of the test's own (tests/lib/databases.py), a watched server that asks it in as many ways as its clients
know, and a real OpenTelemetry Collector behind ours. All is asked once; each case looks at a part of what was told.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lib import cases, databases, otelcol, otlp_json, peers
from lib.cases import case
from lib.served import Watched, answer, connected, tool

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = {"postgresql": databases.Postgresql, "mysql": databases.Mariadb, "redis": databases.Redis}
CLIENT, ERROR = 3, 2  # a span's kind; a status
SYSTEM = {"mysql": "mariadb"}  # as the server calls itself
ANOTHER, CHANGES = {"mysql": "mysql", "redis": "3"}, {"mysql": "USE", "redis": "SELECT"}  # where "another" goes, and how
SECRET = "s3cr3t-of-the-function"
# What must be nowhere: who asks, with what, and what for.
NEVER = [SECRET, databases.PASSWORD, databases.USER, "nowhere", "generate_series", "seq_1_to", "repeat("]

TLS, ANY = "tls", ...
# What is asked: the operations that are told, in their order, each with what its span says beside.
SQL = {
    "simple": [("SELECT",)], "unix": [("SELECT",)], "large": [("SELECT",)],
    "transaction": [("BEGIN",), ("CREATE",), ("INSERT",), ("COMMIT",)],
}
TOLD = {
    ("postgresql", "node"): {
        **SQL, "values": [("SELECT",)], "prepared": [("SELECT",), ("EXECUTE",)], "failing": [("SELECT", "42P01")],
        "late": [("SELECT", "22012")], "copy": [("CREATE",), ("COPY",), ("COPY",)],
        "notified": [("LISTEN",), ("NOTIFY",)], "stranger": [(None, "28P01")], "tls": TLS},
    ("postgresql", "python"): {
        **SQL, "values": [("SELECT",)], "prepared": [("SELECT",), ("EXECUTE",), ("EXECUTE",)],
        "failing": [("SELECT", "42P01")], "late": [("SELECT", "22012")], "copy": [("CREATE",), ("COPY",), ("COPY",)],
        "pipeline": [("BATCH SELECT", None, 3)], "stranger": [(None, "28P01")], "tls": TLS},
    ("mysql", "node"): {
        **SQL, "transaction": [("START",), ("CREATE",), ("INSERT",), ("COMMIT",)],
        "prepared": [("PREPARE",), ("EXECUTE",), ("EXECUTE",)], "failing": [("SELECT", "1146")],
        "late": [("SELECT", "1242")], "compressed": [("SELECT",)], "stranger": [(None, "1045")], "tls": TLS},
    ("mysql", "python"): {
        **{what: [("SET",), ("SET",), *told] for what, told in SQL.items()}, "failing": [("SET",), ("SET",), ("SELECT", "1146")],
        "late": [("SET",), ("SET",), ("SELECT", "1242")], "stranger": [(None, "1045")], "tls": TLS},
    ("redis", "node"): {
        what: [("PIPELINE", "ERR", 3), ("INFO",), *told, ("QUIT",)] for what, told in {
            "simple": [("SET",), ("GET",)], "unix": [("SET",)], "failing": [("SET",), ("LPUSH", "WRONGTYPE")],
            "pipeline": [("PIPELINE", None, 3)], "same": [("PIPELINE SET", None, 2)], "multi": [("MULTI", None, 2)],
            "changes": [("MULTI SET", None, 2)], "large": [("SET",), ("GET",)], "script": [("EVAL", "_OTHER")]}.items()},
    ("redis", "python"): {
        what: [("AUTH",), ("CLIENT", "ERR"), ("CLIENT", "ERR"), *told] for what, told in {
            "simple": [("SET",), ("GET",)], "unix": [("SET",)], "failing": [("SET",), ("LPUSH", "WRONGTYPE")],
            "pipeline": [("PIPELINE", None, 3)], "same": [("PIPELINE SET", None, 2)], "multi": [("MULTI", None, 2)],
            "changes": [("MULTI SET", None, 2)], "large": [("SET",), ("GET",)], "script": [("EVAL", "_OTHER")]}.items()},
}
TOLD["redis", "node"].update({
    "resp3": [("PIPELINE", "ERR", 4), ("SET",), ("GET",)], "published": ANY, "tls": TLS})
TOLD["redis", "python"].update({
    "resp3": [("HELLO",), ("CLIENT", ANY), ("CLIENT", "ERR"), ("CLIENT", "ERR"), ("SET",), ("GET",)], "tls": TLS})
# What JDBC's drivers and Ruby's gems ask; PHP's pgsql is not seen (tests/e2e/http_clients.py).
TOLD["postgresql", "ruby"] = {
    **SQL, "values": [("SELECT",)], "prepared": [("SELECT",), ("EXECUTE",), ("EXECUTE",)], "failing": [("SELECT", "42P01")],
    "late": [("SELECT", "22012")], "copy": [("CREATE",), ("COPY",), ("COPY",)], "stranger": [(None, "28P01")], "tls": TLS}
TOLD["mysql", "ruby"] = {
    **SQL, "transaction": [("START",), ("CREATE",), ("INSERT",), ("COMMIT",)],
    "prepared": [("PREPARE",), ("EXECUTE",), ("EXECUTE",)], "failing": [("SELECT", "1146")], "late": [("SELECT", "1242")],
    "another": [("USE",), ("SELECT",)], "stranger": [(None, "1045")], "tls": TLS}
TOLD["mysql", "php"] = {
    **TOLD["mysql", "ruby"], "values": [("PREPARE",), ("EXECUTE",), ("USE",), ("SELECT",)]}
del TOLD["mysql", "php"]["another"]
TOLD["redis", "ruby"] = {
    what: [("AUTH",), *told] for what, told in {
        "simple": [("SET",), ("GET",)], "unix": [("SET",)], "failing": [("SET",), ("LPUSH", "WRONGTYPE")],
        "pipeline": [("PIPELINE", None, 3)], "same": [("PIPELINE SET", None, 2)], "multi": [("MULTI", None, 2)],
        "large": [("SET",), ("GET",)], "script": [("EVAL", "_OTHER")],
        "another": [("SELECT",), ("SET",), ("GET",)]}.items()}
TOLD["redis", "ruby"]["tls"] = TLS
TOLD["postgresql", "java"] = {
    what: [("SET",), *told] for what, told in {
        "simple": [("SELECT",)], "values": [("SELECT",)], "prepared": [("SELECT",), ("SELECT",)], "large": [("SELECT",)],
        "failing": [("SELECT", "42P01")], "late": [("SELECT", "22012")], "batch": [("CREATE",), ("BATCH", None, 3)],
        "transaction": [("BATCH", None, 2), ("INSERT",), ("COMMIT",)]}.items()}  # BEGIN goes with what comes next
TOLD["postgresql", "java"].update({"stranger": [(None, "28P01")], "tls": TLS})
TOLD["mysql", "java"] = {
    what: [("SET",), *told] for what, told in {
        "simple": [("SELECT",)], "values": [("SELECT",)], "large": [("SELECT",)], "failing": [("SELECT", "1146")],
        "prepared": [("BATCH", None, 2), ("EXECUTE",)], "late": [("SELECT", "1242")],
        "transaction": [("SET",), ("CREATE",), ("INSERT",), ("COMMIT",)]}.items()}
TOLD["mysql", "java"].update({"stranger": [(None, "1045")], "tls": TLS})
TOLD["redis", "java"] = {
    what: [("AUTH",), ("PIPELINE CLIENT", "ERR", 2), *told] for what, told in {
        "simple": [("SET",), ("GET",)], "failing": [("SET",), ("LPUSH", "WRONGTYPE")], "pipeline": [("PIPELINE", None, 3)],
        "multi": [("MULTI", None, 2), ("EXEC",)], "large": [("SET",), ("GET",)], "script": [("EVAL", "_OTHER")],
        "another": [("SELECT",), ("SET",), ("GET",)]}.items()}
NO_FAILURE = {"PIPELINE", "PIPELINE CLIENT", "CLIENT"}  # with "ERR": what Redis's clients ask as they connect


def _ask(port, path):
    with connected(port) as (sock, stream):
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        status, body = answer(stream)
        assert status == 200, (path, status, body.decode())


def _command(args, folder):
    """A function that asks, and what it needs in its environment."""
    if args.language == "python":
        return [peers.path("databases_python"), HERE / "client.py"], {}
    if args.language == "node":
        return [tool("node"), HERE / "client.js"], {"CLIENTS": str(peers.path("databases_node"))}
    if args.language == "java":
        drivers = f"{peers.path('databases_java')}/*"
        subprocess.run([tool("javac"), "-cp", drivers, "-d", folder, HERE / "Client.java"], check=True)
        return [tool("java"), "-XX:TieredStopAtLevel=1", "-cp", f"{drivers}:{folder}", "Client"], {}
    root = peers.path("databases_debian")
    libraries = {"LD_LIBRARY_PATH": str(next((root / "usr/lib").glob("*-linux-gnu")))}
    if args.language == "ruby":
        # Gems as Debian has them: code for every version, and what is compiled.
        folders = [*root.glob("usr/lib/ruby/vendor_ruby"), *root.glob("usr/lib/*-linux-gnu/ruby/vendor_ruby/*"),
                   *root.glob("usr/share/rubygems-integration/all/gems/*/lib")]
        return [tool("ruby"), *(f"-I{folder}" for folder in folders), HERE / "client.rb"], libraries
    modules = next((root / "usr/lib/php").glob("2*"))
    own = subprocess.run([tool("php"), "-r", "echo PHP_EXTENSION_DIR;"], check=True, capture_output=True, text=True).stdout
    names = ["mysqlnd", "pdo", "mysqli", "pdo_mysql", "pgsql", "pdo_pgsql"]
    return [tool("php"), "-n", *(f"-dextension={modules / name if (modules / f'{name}.so').exists() else f'{own}/{name}'}.so"
                                 for name in names), HERE / "client.php"], libraries


class Story:
    """All that was asked and told, and the settings of the database."""

    def __init__(self, args, folder):
        with SERVERS[args.database]() as database, otelcol.Otelcol(folder / "otelcol") as collector:
            self.settings = {
                "port": database.port, "tls_port": getattr(database, "tls_port", database.port),
                "folder": str(database.folder), "socket": str(database.socket()), "cert": str(database.cert),
                "user": databases.USER, "password": databases.PASSWORD, "database": databases.DATABASE,
                "secret": SECRET}
            command, env = _command(args, folder)
            with Watched(args.build, folder, command, ["--otlp", collector.endpoint],
                         DATABASE=json.dumps(self.settings), **env) as watched:
                port = int(watched.first_line().split()[1])
                for what in TOLD[args.database, args.language]:
                    _ask(port, f"/{args.database}/{what}")
                self.start, _, invocations = watched.finish(port)
            theirs = collector.stop()
            self.text = theirs.read_text() + watched.traces.read_text()
            spans = otlp_json.of_file(theirs)
        self.invocations = {span["attributes"]["url.path"].split("/")[-1]: span for span in invocations}
        self.calls = {what: sorted((span for span in spans if span["kind"] == CLIENT
                                    and span["parentSpanId"] == invocation["spanId"]), key=lambda span: span["start"])
                      for what, invocation in self.invocations.items()}


def _said(call):
    told = call["attributes"]
    return (told.get("db.operation.name"), told.get("db.response.status_code") or told.get("error.type"),
            told.get("db.operation.batch.size"))


@case
def each_query_is_a_span_with_its_operation_and_how_it_failed(args, story):
    for what, expected in TOLD[args.database, args.language].items():
        calls = story.calls[what]
        if expected in (TLS, ANY):
            continue
        said = [_said(call) for call in calls]
        wanted = [(*one, *[None] * (3 - len(one))) for one in expected]
        assert len(said) == len(wanted) and all(
            mine in (his, ANY) for a, b in zip(wanted, said) for mine, his in zip(a, b)), (what, said, wanted)


@case
def spans_are_as_the_conventions_for_databases_have_them(args, story):
    for what, calls in story.calls.items():
        for call in calls:
            told = call["attributes"]
            if what == "tls" and args.database == "redis":  # TLS from its first byte: what is in it is not known
                assert call["name"] == "TLS" and "db.system.name" not in told, call
                continue
            system = SYSTEM.get(args.database, args.database)
            assert told["db.system.name"] == system, call
            assert call["name"] == told.get("db.operation.name", system), call
            code, failed = told.get("db.response.status_code"), call["status"] == ERROR
            assert failed == ("error.type" in told), call
            assert failed == bool(code) or (args.database == "redis" and (
                (code == "ERR" and call["name"] in NO_FAILURE) or told["error.type"] == "_OTHER")), call
            assert not failed or told["error.type"] == (code or "_OTHER"), call
            assert not any(key.startswith("db.query") for key in told), call


@case
def a_call_says_which_database_it_asked(args, story):
    usual = "0" if args.database == "redis" else databases.DATABASE
    for what, calls in story.calls.items():
        said = [call["attributes"].get("db.namespace") for call in calls]
        if what == "tls" or (what == "stranger" and args.database != "redis"):  # who is refused is in none
            assert set(said) == {None}, (what, said)
            continue
        changes = [n for n, call in enumerate(calls) if call["name"] == CHANGES.get(args.database)]
        there = changes[0] + 1 if changes else len(calls)
        other = None if what == "values" else ANOTHER.get(args.database)  # PHP's: by a query, of which no word is told
        assert said == [usual] * there + [other] * (len(calls) - there), (what, said)


@case
def a_call_says_whom_it_asked(args, story):
    for what, calls in story.calls.items():
        for call in calls:
            told = call["attributes"]
            port = story.settings["tls_port" if what == "tls" else "port"]
            if what == "unix":
                path = told["server.address"]
                assert told["network.transport"] == "unix" and path.startswith(story.settings["folder"]), call
                assert path == told["network.peer.address"] and "server.port" not in told, call
            else:
                assert told["server.address"] in ("127.0.0.1", "localhost") and told["server.port"] == port, call
                assert told["network.peer.address"] == "127.0.0.1" and told["network.peer.port"] == port, call


@case
def calls_are_within_the_invocation_that_made_them(args, story):
    asked = set(TOLD[args.database, args.language])
    assert asked <= set(story.calls), asked - set(story.calls)
    for what in asked:
        invocation = story.invocations[what]
        assert story.calls[what], what
        for call in story.calls[what]:
            assert call["traceId"] == invocation["traceId"], call
            assert invocation["start"] <= call["start"] <= invocation["end"], (call, invocation)
            # A word of good-bye in TLS has no answer, and one of the server's may come late.
            if what == "tls" and call is story.calls[what][-1]:
                continue
            assert "coldspan.approximate" not in call["attributes"], call
            assert call["start"] <= call["end"] <= invocation["end"], (call, invocation)


@case
def an_invocation_says_how_many_connections_and_bytes_it_needed(args, story):
    for what in TOLD[args.database, args.language]:
        told, calls = story.invocations[what]["attributes"], story.calls[what]
        numbers = {call["attributes"]["coldspan.connection.number"] for call in calls}
        assert told["coldspan.connections.opened"] == len(numbers), (what, told)
        for mine, of_calls in (("sent", "request"), ("received", "response")):
            own = told[f"coldspan.{'response' if mine == 'sent' else 'request'}.bytes"]
            assert told[f"coldspan.network.{mine}_bytes"] == own + sum(
                call["attributes"].get(f"coldspan.{of_calls}.bytes", 0) for call in calls), (what, mine, told)
    sizes = story.calls["large"][-2 if args.language == "node" and args.database == "redis" else -1]["attributes"]
    assert sizes["coldspan.response.bytes"] >= 1_000_000, sizes


@case
def inside_of_tls_turns_are_told_and_no_operation(args, story):
    if "tls" not in story.calls:
        cases.skip("this client is not asked for that")
    calls = story.calls["tls"]
    for call in calls:
        told = call["attributes"]
        assert told["tls.protocol.version"] == "1.3" and "db.operation.name" not in told, call
    assert calls[0]["attributes"]["coldspan.tls_ns"] > 0, calls[0]


@case
def nothing_that_was_asked_or_answered_is_in_what_we_tell(args, story):
    for secret in NEVER:
        assert secret.lower() not in story.text.lower(), f"{secret} was told"
    assert "db.system.name" in story.text


@case
def what_comes_unasked_is_no_part_of_an_answer(args, story):
    what, name = {"postgresql": ("notified", "LISTEN"), "redis": ("published", "SUBSCRIBE")}.get(
        args.database, (None, None))
    if what not in story.calls:
        cases.skip("this client is not asked for that")
    listening, = [call for call in story.calls[what] if call["name"] == name]
    telling, = [call for call in story.calls[what] if call["name"] in ("NOTIFY", "PUBLISH")]
    assert listening["end"] <= telling["start"], (listening, telling)
    assert listening["attributes"]["coldspan.response.bytes"] < 40, listening


@case
def what_a_copy_moves_is_of_its_call(args, story):
    if "copy" not in story.calls:
        cases.skip("not of this database")
    _, to, back = (call["attributes"] for call in story.calls["copy"])
    assert to["coldspan.request.bytes"] > 50_000 > to["coldspan.response.bytes"], to
    assert back["coldspan.response.bytes"] > 50_000 > back["coldspan.request.bytes"], back


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--language", choices=["node", "python", "java", "php", "ruby"], required=True)
    parser.add_argument("--database", choices=SERVERS, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        story = Story(args, pathlib.Path(folder))
    cases.main(args, args, story)


if __name__ == "__main__":
    main()
