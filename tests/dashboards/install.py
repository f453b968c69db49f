#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan dashboards install`: a folder that Grafana, Prometheus and a compose file find everything in, and boards
sent to Grafana's HTTP API.

usage: install.py --build DIR [--only WORDS]
"""
import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import yaml_files
from lib import cases, listening, peers, prometheus
from lib.cases import case

ENVIRONMENT = {"COLDSPAN_DASHBOARDS": str(boards.ROOT / "dashboards"), "PATH": os.environ["PATH"]}
UIDS = [path.stem for path in sorted(boards.FOLDER.glob("*.json"))]


def _run(args, *words, **environment):
    return subprocess.run([args.coldspan, "dashboards", *words], capture_output=True, text=True, check=False,
                          timeout=120, env={**ENVIRONMENT, **environment})


def _installed(args, folder):
    got = _run(args, "install", folder / "a/kit")
    assert got.returncode == 0, got
    return folder / "a/kit"


def _texts(value):
    if isinstance(value, dict):
        for inside in value.values():
            yield from _texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _texts(inside)
    elif isinstance(value, str):
        yield value


@case
def every_file_that_another_names_is_there(args, folder):
    kit = _installed(args, folder)
    named = set()
    for path in [*kit.glob("*.y*ml"), *kit.glob("provisioning/*/*.yaml")]:
        text = path.read_text("utf-8")
        assert "/etc/coldspan" not in text, path
        named |= {word.split(":")[0].rstrip("/*.yaml") if "*" in word else word.split(":")[0]
                  for word in re.findall(rf"{re.escape(str(kit))}[^\s,\]]*", text)}
    assert len(named) >= 6, named
    for name in named:
        assert pathlib.Path(name).exists(), name


@case
def twice_is_as_once(args, folder):
    def state(kit):
        return {path: path.read_bytes() for path in kit.rglob("*") if path.is_file()}
    first = state(_installed(args, folder))
    assert state(_installed(args, folder)) == first and len(first) >= 11
    assert {path.stem for path in first if path.parent.name == "boards"} == set(UIDS)


@case
def prometheus_takes_its_configuration_and_its_rules(args, folder):
    kit = _installed(args, folder)
    got = prometheus.tool("check", "config", kit / "prometheus.yml", peer=prometheus.CURRENT)
    assert got.returncode == 0 and "rules found" in got.stdout, got
    assert got.stdout.count("SUCCESS") >= 3, got.stdout


@case
def data_sources_lead_to_each_other(args, folder):
    sources = yaml_files.read(_installed(args, folder) / "provisioning/datasources/coldspan.yaml")["datasources"]
    by_uid = {one["uid"]: one for one in sources}
    assert sorted(one["type"] for one in sources) == ["loki", "prometheus", "tempo"]
    assert all(one["url"].startswith("http://127.0.0.1:") for one in sources)
    metrics, traces, logs = (next(one["jsonData"] for one in sources if one["type"] == kind)
                             for kind in ("prometheus", "tempo", "loki"))
    exemplar, = metrics["exemplarTraceIdDestinations"]
    assert exemplar["name"] == "trace_id" and by_uid[exemplar["datasourceUid"]]["type"] == "tempo"
    assert by_uid[traces["tracesToMetrics"]["datasourceUid"]]["type"] == "prometheus"
    assert by_uid[traces["tracesToLogsV2"]["datasourceUid"]]["type"] == "loki"
    assert by_uid[logs["derivedFields"][0]["datasourceUid"]]["type"] == "tempo"
    for query in traces["tracesToMetrics"]["queries"]:
        expr = query["query"].replace("$$__tags", 'faas_name="x"')
        assert "$" not in expr
        (folder / "rule.yaml").write_text(f"groups: [{{name: a, rules: [{{record: a, expr: '{expr}'}}]}}]")
        got = prometheus.tool("check", "rules", folder / "rule.yaml")
        assert got.returncode == 0, got
    # What is a "$" to Grafana's provisioning is doubled, all of them.
    for text in _texts(sources):
        assert not re.search(r"(?<!\$)\$(?!\$)", text.replace("$$", "")), text


@case
def the_compose_file_is_one(args, folder):
    kit = _installed(args, folder)
    compose = yaml_files.read(kit / "compose.yaml")
    assert set(compose) == {"name", "services", "volumes"} and set(compose["services"]) >= {"grafana", "prometheus"}
    for name, service in compose["services"].items():
        image, _, tag = service["image"].partition(":")
        assert re.fullmatch(r"[a-z]+/[a-z]+", image) and re.fullmatch(r"v?\d+\.\d+\.\d+", tag), name
        assert service["network_mode"] == "host", f"{name} is not on the host's loopback"
        volumes = dict(one.split(":")[:2] for one in service["volumes"])
        assert all(source in compose["volumes"] or source == str(kit) == target
                   for source, target in volumes.items()), name
    with contextlib.suppress(FileNotFoundError):
        got = subprocess.run(["docker", "compose", "-f", kit / "compose.yaml", "config", "--quiet"],
                             capture_output=True, text=True, check=False)
        assert got.returncode == 0 or "is not a docker command" in got.stderr or "unknown" in got.stderr, got


@case
def nothing_listens_beyond_loopback(args, folder):
    kit = _installed(args, folder)
    for path in [*kit.glob("*.y*ml"), *kit.glob("provisioning/*/*.yaml")]:
        assert "0.0.0.0" not in path.read_text("utf-8"), path
    for name in ("tempo.yaml", "loki.yaml"):
        server = yaml_files.read(kit / name)["server"]
        assert server["http_listen_address"] == server["grpc_listen_address"] == "127.0.0.1", name
    services = yaml_files.read(kit / "compose.yaml")["services"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]


@case
def a_folder_that_cannot_be_is_one_line(args, folder):
    (folder / "file").write_text("")
    for name, code, wanted in ((folder / "file", 1, "file"), (folder / "file/kit", 1, "Not a directory"),
                               (folder / "a b", 2, "letters, digits"), (folder / "a$b", 2, "letters, digits")):
        got = _run(args, "install", name)
        assert got.returncode == code and got.stderr.count("\n") == 1 and wanted in got.stderr, (name, got)
        assert code == 1 or not name.exists(), f"{name} was made"
    (folder / "c d").mkdir()
    got = subprocess.run([args.coldspan, "dashboards", "install", "kit"], cwd=folder / "c d", capture_output=True,
                         text=True, check=False, env=ENVIRONMENT)
    assert got.returncode == 2 and "letters, digits" in got.stderr and not list((folder / "c d").iterdir()), got


@case
def others_may_read_it_whatever_the_umask(args, folder):
    """Grafana's user and that of Prometheus are not who installs."""
    got = subprocess.run(["sh", "-c", 'umask 077 && exec "$0" dashboards install a/kit', args.coldspan],
                         cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert got.returncode == 0, got
    modes = {path: path.stat().st_mode & 0o777 for path in (folder / "a").rglob("*")}
    modes[folder / "a"] = (folder / "a").stat().st_mode & 0o777
    assert len(modes) > 11 and all(mode == (0o755 if path.is_dir() else 0o644) for path, mode in modes.items()), modes


@case
def what_is_typed_wrong_is_one_line(args, folder):
    for words, wanted in ((["install"], "needs a DIR"), (["install", "a", "b"], "one too many"),
                          (["install", "a", "--url", "http://x"], "one too many"), ([], "needs one of"),
                          (["instal"], 'did you mean "install"'), (["list", "x"], "no argument"),
                          (["list", "--url", "http://x"], "belongs to"),
                          (["install", "--url", "http://me:secret@x"], "GRAFANA_TOKEN"),
                          (["install", "--url", "x"], "no scheme"), (["install", "--url", "ftp://x"], "http://")):
        got = _run(args, *words)
        assert got.returncode == 2 and got.stderr.count("\n") == 1 and wanted in got.stderr, (words, got)
    got = _run(args, "list", COLDSPAN_DASHBOARDS="/nosuch")
    assert got.returncode == 1 and "COLDSPAN_DASHBOARDS names /nosuch" in got.stderr, got


# --- Grafana's HTTP API --------------------------------------------------------------------------------

class Grafana(http.server.ThreadingHTTPServer):
    """What the two calls that we make do, as Grafana's documentation of its API has them; it checks what it gets."""
    TOKEN = "glsa_abc"

    def __init__(self, prefix="", folder_is_there=False, broken=()):
        super().__init__(("127.0.0.1", 0), Handler)
        self.prefix, self.folders, self.boards, self.broken = prefix, set(), {}, broken
        if folder_is_there:
            self.folders.add("coldspan")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}{self.prefix}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.answer(body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer(self, body):
        server = self.server
        if self.headers.get("Authorization") != f"Bearer {server.TOKEN}":
            return 401, {"message": "Unauthorized"}
        if self.headers["Content-Type"] != "application/json":
            return 415, {"message": "no JSON"}
        asked = json.loads(body)
        if self.path == f"{server.prefix}/api/folders":
            if asked["uid"] in server.folders:
                return 412, {"message": "a folder with that uid exists"}
            server.folders.add(asked["uid"])
            return 200, {"uid": asked["uid"]}
        if self.path != f"{server.prefix}/api/dashboards/db":
            return 404, {"message": "Not found"}
        uid = asked["dashboard"]["uid"]
        if uid in server.broken:
            return 400, {"message": "bad dashboard data"}
        if asked["folderUid"] not in server.folders:
            return 404, {"message": "folder not found"}
        if asked["dashboard"].get("id") is not None or (uid in server.boards and asked.get("overwrite") is not True):
            return 412, {"message": "A dashboard with the same uid exists"}
        server.boards[uid] = asked["dashboard"]
        return 200, {"status": "success", "uid": uid}

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def _grafana(**more):
    server = Grafana(**more)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@case
def boards_are_sent_whole_and_again(args, folder):
    for more in ({}, {"folder_is_there": True}, {"prefix": "/grafana"}):
        with _grafana(**more) as server:
            for url in (server.url, server.url + "/"):
                got = _run(args, "install", "--url", url, GRAFANA_TOKEN=server.TOKEN)
                assert got.returncode == 0, got
                assert all(f"  {server.url}/d/{uid}\n" in got.stdout for uid in UIDS), got
            assert server.boards == {path.stem: json.loads(path.read_text("utf-8"))
                                     for path in boards.FOLDER.glob("*.json")}
            got = _run(args, "install", "--json", "--url", server.url, GRAFANA_TOKEN=server.TOKEN)
            assert json.loads(got.stdout)["sent"] == len(UIDS), got


@case
def what_grafana_refuses_is_said(args, folder):
    with _grafana(broken=UIDS[2:3]) as server:
        got = _run(args, "install", "--url", server.url)
        assert got.returncode == 1 and "GRAFANA_TOKEN" in got.stderr and "401" in got.stderr, got
        got = _run(args, "install", "--url", server.url, GRAFANA_TOKEN="secret-and-wrong")
        assert got.returncode == 1 and "secret" not in got.stderr + got.stdout and "401" in got.stderr, got
        got = _run(args, "install", "--url", server.url, GRAFANA_TOKEN=server.TOKEN)
        assert got.returncode == 1 and f"{UIDS[2]}: Grafana says 400 bad dashboard data" in got.stderr, got
        assert sorted(server.boards) == UIDS[:2] and got.stdout.count("\n") == 2, got
        got = _run(args, "install", "--json", "--url", server.url, GRAFANA_TOKEN=server.TOKEN)
        assert got.returncode == 1 and json.loads(got.stdout)["sent"] == 2, got
        got = _run(args, "install", "--url", server.url + "/elsewhere", GRAFANA_TOKEN=server.TOKEN)
        assert got.returncode == 1 and "404" in got.stderr and "is this the address" in got.stderr, got
        got = _run(args, "install", "--url", server.url, GRAFANA_TOKEN="a\nX-Evil: 1")
        assert got.returncode == 2 and "no token has" in got.stderr, got
        url = server.url
    got = _run(args, "install", "--url", url, GRAFANA_TOKEN="x")
    assert got.returncode == 1 and "is Grafana running?" in got.stderr and got.stderr.count("\n") == 1, got


# --- docs/grafana.md -----------------------------------------------------------------------------------

def _commands():
    """The first five commands of the page."""
    text = (boards.ROOT / "docs/grafana.md").read_text("utf-8")
    return re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1].splitlines()


@case
def the_page_leads_to_a_metric_in_five_commands(args, folder):
    """As they stand there, but for the containers, and for places that are a test's."""
    install, compose, collector, watch, function = _commands()
    assert re.fullmatch(r"docker compose -f /srv/coldspan/compose.yaml up --detach", compose), compose
    script = "\n".join(["set -e", install, collector, watch, function, "unset LD_PRELOAD",
                        # The metrics of a process that has ended are there a look later.
                        "until curl -sf http://127.0.0.1:9464/metrics | grep '^faas_init_duration_seconds_count'; do",
                        "  sleep 0.1", "done", "kill $! && wait $!"])
    for theirs, ours in (("/srv/coldspan", folder / "kit"), (":9464", f":{listening.free_port()}"),
                         (":4318", f":{listening.closed_port()}"), ("/tmp/coldspan.sock", folder / "c.sock")):
        assert theirs in script, theirs
        script = script.replace(theirs, str(ours))
    with subprocess.Popen(["bash", "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True,
                          env={**ENVIRONMENT, "HOME": str(folder), "PATH":
                               f"{args.build / 'agent'}:{args.build / 'collector'}:{os.environ['PATH']}"}) as shell:
        try:
            said = shell.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)  # the collector, too, which has the pipes
            said = shell.communicate()
    assert "faas_init_duration_seconds_count{" in said[0], said
    assert (folder / "kit/compose.yaml").is_file()


# --- the mixin -----------------------------------------------------------------------------------------

def _jsonnet(expression):
    root = peers.path("jsonnet")
    libraries = ":".join(str(path.parent) for path in root.glob("usr/lib/*/libjsonnet.so.0"))
    got = subprocess.run([root / "usr/bin/jsonnet", "-e", expression], capture_output=True, text=True, check=False,
                         cwd=boards.ROOT / "dashboards/mixin", env={"LD_LIBRARY_PATH": libraries})
    assert got.returncode == 0, got.stderr
    return json.loads(got.stdout)


@case
def the_mixin_is_current(args, folder):
    yaml_files.read(boards.ROOT / "dashboards/rules/coldspan-alerts.yaml")  # it is made with the same reader
    subprocess.run([sys.executable, boards.ROOT / "dashboards/mixin/generate.py", folder], check=True)
    made = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert len(made) == 3
    for name, text in made.items():
        committed = (boards.ROOT / "dashboards/mixin" / name).read_text("utf-8")
        assert committed == text, f"dashboards/mixin/{name} is out of date: dashboards/mixin/generate.py"


@case
def the_mixin_holds_boards_and_rules(args, folder):
    mixin = _jsonnet("local m = import 'mixin.libsonnet'; {b: m.grafanaDashboards, r: m.prometheusRules, "
                    "a: m.prometheusAlerts}")
    assert mixin["b"] == {path.name: json.loads(path.read_text("utf-8")) for path in boards.FOLDER.glob("*.json")}
    for kind, name in (("r", "recording"), ("a", "alerts")):
        assert mixin[kind] == yaml_files.read(boards.ROOT / f"dashboards/rules/coldspan-{name}.yaml"), name
        (folder / f"{name}.json").write_text(json.dumps(mixin[kind]), "utf-8")
        got = prometheus.tool("check", "rules", folder / f"{name}.json")
        assert got.returncode == 0, got


@case
def the_mixin_puts_addresses_before_its_links(args, folder):
    alerts = _jsonnet("((import 'mixin.libsonnet') + {_config+:: {runbookBase: 'https://r.example/x/', "
                     "dashboardBase: 'https://g.example', tags: ['mine']}}).prometheusAlerts")
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert len(rules) > 10
    for rule in rules:
        page = rule["annotations"]["runbook_url"].removeprefix("https://r.example/x/")
        assert (boards.ROOT / page).is_file(), rule
        assert rule["annotations"]["dashboard_url"].removeprefix("https://g.example/d/") in UIDS, rule


def main():
    args = cases.parser(__doc__, "build").parse_args()
    args.coldspan = args.build / "agent/coldspan"
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
