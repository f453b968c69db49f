#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What we tell of a process, against what OpenTelemetry's own detectors of resources (for Node.js: AWS,
Azure, GCP, container, environment) tell of the same process, on each platform. A difference is a failure
unless it stands below with its reason, and so is one that stands there and is none any more.

usage: detectors.py --coldspan FILE
"""
import contextlib
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from environments import MIB, PLATFORMS
from lib import cases, control_groups, otlp_json, peers
from lib.cases import case

GUEST = pathlib.Path(__file__).with_name("guests") / "detectors.mjs"
ID = "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
NOBODY_ASKED = "only the metadata server tells: nobody is asked (docs/platforms.md)"

# (platform, key): what they say, what we say (None: nothing), why. By environments.PLATFORMS' names.
DIFFERENT = {
    ("vercel", "faas.version"): ("$LATEST", "dpl_7", "Vercel's deployments are what has versions"),
    ("azure.functions", "faas.max_memory"): ("1536", 1536 * MIB, "an integer, in bytes: semantic conventions"),
    ("azure.functions", "cloud.resource_id"): (
        "/subscriptions/1111-22/resourceGroups/rg/providers/Microsoft.Web/sites/shop", None,
        "of a function, not of the app, so of a span: semantic conventions, a MUST"),
    **{(platform, key): (said, None, NOBODY_ASKED)
       for platform in ("gcp_cloud_functions", "gcp_cloud_run")
       for key, said in (("cloud.region", "europe-west1"), ("cloud.account.id", "shop-1"),
                         ("faas.instance", "00f46b"))},
}
# docs.cloud.google.com/run/docs/container-contract, "Metadata server"
METADATA = {"project/project-id": "shop-1", "project/numeric-project-id": "7",
            "instance/region": "projects/7/regions/europe-west1", "instance/id": "00f46b"}


class Metadata(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = METADATA.get(self.path.removeprefix("/computeMetadata/v1/"))
        if self.path in ("/", "/computeMetadata/v1/instance"):
            said = "{}"
        body = (said or "").encode()
        self.send_response(200 if said else 404)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def google():
    """Its metadata server, as environment variables by which their library finds it."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"GCE_METADATA_HOST": f"127.0.0.1:{server.server_address[1]}",
               "METADATA_SERVER_DETECTION": "assume-present"}
        server.shutdown()


def ask(args, folder, environment, before=""):
    """What they say and what we say of one process. @before: shell that runs first in it."""
    node = shutil.which("node") or cases.skip("node is not installed")
    written = folder / "traces.jsonl"
    written.unlink(missing_ok=True)
    run = subprocess.run(
        ["sh", "-c", f'{before or "true"} && exec "$@"', "sh", args.coldspan, "run", "--quiet", "--file",
         written, "--", node, GUEST, peers.path("detectors")], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, check=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "METADATA_SERVER_DETECTION": "none", **environment})
    spans = otlp_json.of_file(written)
    return json.loads(run.stdout), spans[0]["resource"]


def compare(name, theirs, ours):
    for key, said in theirs.items():
        theirs_and_ours = said, ours.get(key)
        if (name, key) in DIFFERENT:
            told, expected, _ = DIFFERENT[name, key]
            if key == "faas.instance" and expected is None:  # ours: what names no instance of theirs
                theirs_and_ours = said, None
            assert theirs_and_ours == (told, expected), (name, key, theirs_and_ours)
        else:
            assert said == ours.get(key) and type(said) is type(ours.get(key)), \
                f"{name}: {key}: they say {said!r}, we {ours.get(key)!r}"
    for key in (key for platform, key in DIFFERENT if platform == name):
        assert key in theirs, f"{name}: {key}: they say nothing of it any more"


def platform(name, environment):
    def check(args, folder):
        with google() if name.startswith("gcp") else contextlib.nullcontext({}) as found:
            theirs, ours = ask(args, folder, {**environment, **found})
        # Theirs takes the last part of any path for an id, if it is hexadecimal.
        if len(theirs.get("container.id", "")) != len(ID):
            theirs.pop("container.id", None)
        if name in ("aws_lambda", "azure.functions", "gcp_cloud_functions", "gcp_cloud_run"):
            assert theirs["cloud.platform"] == name, theirs
        compare(name, theirs, ours)
    cases.register(name or "none", check)


for one, (variables, _) in PLATFORMS.items():
    platform(one, variables)


@case("a container")
def container(args, folder):
    with control_groups.group(f"docker-{ID}.scope") as group:
        theirs, ours = ask(args, folder, {}, before=control_groups.enter(group))
    assert theirs == {"container.id": ID}, theirs
    compare("container", theirs, ours)


# OTEL_RESOURCE_ATTRIBUTES: what they and we make of it. None: it is refused.
ATTRIBUTES = {
    "team=blue,service.namespace=shop": {"team": "blue", "service.namespace": "shop"},
    " a = x y ,b=2,": {"a": "x y", "b": "2"},
    "a%2Cb=x%2Cy%3Dz,c%3D=1": {"a,b": "x,y=z", "c=": "1"},
    "a=%e2%82%ac": {"a": "€"},
    "a=1,%61=2,a=3": {"a": "3"},
    "a=,b=1": {"a": "", "b": "1"},
    ",,": {},
    "a=1,b": None,
    "=1": None,
    "a=%zz": None,
}


@case("attributes that the operator gave")
def attributes(args, folder):
    for text, expected in ATTRIBUTES.items():
        theirs, ours = ask(args, folder, {"OTEL_RESOURCE_ATTRIBUTES": text})
        keys = set().union(*(said or {} for said in ATTRIBUTES.values()))
        for who, said in ("they", theirs), ("we", ours):
            assert {key: said[key] for key in said if key in keys} == (expected or {}), (text, who, said)
        assert ("coldspan.resource.refused" in ours) == (expected is None), (text, ours)


@case("a value with a bare = in it: they refuse it all, we do not")
def bare_equals(args, folder):
    theirs, ours = ask(args, folder, {"OTEL_RESOURCE_ATTRIBUTES": "a=b=c"})
    assert "a" not in theirs and ours["a"] == "b=c", (theirs, ours)


if __name__ == "__main__":
    given = cases.parser(__doc__, "coldspan").parse_args()
    cases.main(given, given, folder=True)
