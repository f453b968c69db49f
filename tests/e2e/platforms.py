#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function with a platform's environment, under `coldspan run`, and the resource that is exported of it,
as OpenTelemetry's own classes decode it (tests/lib/otlp_sink.py).

usage: platforms.py --coldspan FILE
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from environments import LAMBDA, PLATFORMS
from lib import cases, otlp_json, otlp_sink
from lib.cases import case

# Of any process: not the platform's.
HELD = ("container.id", "k8s.pod.uid", "faas.max_memory")
ALWAYS = ("process.", "telemetry.", "coldspan.script")


def export(args, environment):
    """The resource of what ran, and all that was exported, as text."""
    before = len(args.sink.requests)
    subprocess.run([args.coldspan, "run", "--quiet", f"--otlp={args.sink.endpoint}", "--", "cat"],
                   input=b"x", env={"PATH": "/usr/bin:/bin", **environment}, stdout=subprocess.DEVNULL,
                   check=True, timeout=60)
    requests = args.sink.wait(lambda got: any(span["name"] == "cold start" for span in
                                              otlp_json.of_requests(got[before:])))[before:]
    resources = [span["resource"] for span in otlp_json.of_requests(requests)]
    assert all(resource == resources[0] for resource in resources), resources
    return resources[0], str(requests)


def told(resource):
    return {key: value for key, value in resource.items() if not key.startswith(ALWAYS)}


def platform(name, environment, expected):
    def check(args):
        resource, written = export(args, environment)
        said = told(resource)
        # What holds this machine's processes (containers.py); a platform's own word goes before it.
        held = {key: value for key, value in args.plain.items() if key in HELD}
        assert said.pop("coldspan.platform", "") == name.partition(" ")[0], resource
        if "faas.instance" not in expected:
            own = said.pop("faas.instance")  # ours: a number of the collector's, and the pid
            assert own.endswith(f"-{resource['process.pid']}"), resource
        assert said == {**held, **expected}, f"\n{said}\nexpected\n{expected}"
        assert "secret" not in written and "10.96.0.1" not in written, written
    cases.register(name or "none", check)


for one, (variables, attributes) in PLATFORMS.items():
    platform(one, variables, attributes)


@case("what the operator says goes before what the platform says")
def operator(args):
    resource, _ = export(args, {
        **LAMBDA, "OTEL_RESOURCE_ATTRIBUTES":
        "service.name=shop,service.namespace=x%2Cy,cloud.region=mine,process.pid=1,team=blue"})
    assert resource["service.name"] == "shop" and resource["faas.name"] == "orders", resource
    assert resource["service.namespace"] == "x,y" and resource["team"] == "blue", resource
    assert resource["cloud.region"] == "mine" and isinstance(resource["process.pid"], int), resource


@case("OTEL_SERVICE_NAME names the service, and the function keeps its name")
def service_name(args):
    resource, _ = export(args, {**LAMBDA, "OTEL_SERVICE_NAME": "mine",
                                "OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"})
    assert resource["service.name"] == "mine" and resource["faas.name"] == "orders", resource
    assert "coldspan.resource.refused" not in resource, resource


@case("of malformed resource attributes none counts, and that is said")
def malformed(args):
    resource, _ = export(args, {**LAMBDA, "OTEL_RESOURCE_ATTRIBUTES": "team=blue,service.name=shop,broken"})
    assert resource["service.name"] == "orders" and "team" not in resource, resource
    assert resource["coldspan.resource.refused"] == "OTEL_RESOURCE_ATTRIBUTES", resource


if __name__ == "__main__":
    given = cases.parser(__doc__, "coldspan").parse_args()
    with tempfile.TemporaryDirectory() as scratch, otlp_sink.OtlpSink(scratch) as given.sink:
        given.plain, _ = export(given, {})
        cases.main(given, given)
