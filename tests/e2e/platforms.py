#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function with a platform's environment, under `coldspan run`, and the resource that is exported of it.

usage: platforms.py --coldspan FILE
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json
from lib.cases import case

POD = "figlet-7d8f9c6b5-x2k4z"
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "orders", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9",
          "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
          "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
          "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]0a1b", "AWS_REGION": "eu-west-1"}
# What is exported of LAMBDA; of other platforms: the environment, and the whole of what is said of them.
ON_AWS = {"cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-west-1",
          "faas.max_memory": 134217728, "aws.log.group.names": ["/aws/lambda/orders"],
          "aws.log.stream.names": ["2026/11/21/[$LATEST]0a1b"],
          "faas.instance": "2026/11/21/[$LATEST]0a1b", "faas.name": "orders", "service.name": "orders"}
PLATFORMS = {
    "aws_lambda": (LAMBDA, {**ON_AWS, "faas.version": "$LATEST"}),
    "vercel": ({**LAMBDA, "VERCEL": "1", "VERCEL_DEPLOYMENT_ID": "dpl_7", "VERCEL_ENV": "production"},
               {**ON_AWS, "faas.version": "dpl_7", "deployment.environment.name": "production"}),
    "gcp_cloud_functions": (
        {"FUNCTION_TARGET": "helloHttp", "K_SERVICE": "orders", "K_REVISION": "orders-00007-abc"},
        {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_functions", "faas.name": "orders",
         "service.name": "orders", "faas.version": "orders-00007-abc"}),
    "gcp_cloud_run": (
        {"K_CONFIGURATION": "orders", "K_SERVICE": "orders", "K_REVISION": "orders-00007-abc"},
        {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run", "faas.name": "orders",
         "service.name": "orders", "faas.version": "orders-00007-abc"}),
    "gcp_cloud_run (a job)": (
        {"CLOUD_RUN_JOB": "nightly", "CLOUD_RUN_EXECUTION": "nightly-x1", "CLOUD_RUN_TASK_INDEX": "3"},
        {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run", "faas.name": "nightly",
         "service.name": "nightly", "gcp.cloud_run.job.execution": "nightly-x1",
         "gcp.cloud_run.job.task_index": 3}),
    "knative": (
        {"K_SERVICE": "figlet", "K_REVISION": "figlet-00001", "K_CONFIGURATION": "figlet",
         "KUBERNETES_SERVICE_HOST": "10.96.0.1", "HOSTNAME": POD},
        {"faas.name": "figlet", "service.name": "figlet", "faas.version": "figlet-00001",
         "faas.instance": POD, "k8s.pod.name": POD, "kn.service.name": "figlet",
         "kn.revision.name": "figlet-00001", "kn.configuration.name": "figlet"}),
    "azure.functions": (
        {"FUNCTIONS_CUSTOMHANDLER_PORT": "7071", "WEBSITE_SITE_NAME": "shop",
         "WEBSITE_INSTANCE_ID": "ab12", "WEBSITE_MEMORY_LIMIT_MB": "1536", "REGION_NAME": "West Europe",
         "WEBSITE_OWNER_NAME": "1111-22+rg-WestEuropewebspace-Linux"},
        {"cloud.provider": "azure", "cloud.platform": "azure.functions", "cloud.region": "West Europe",
         "cloud.account.id": "1111-22", "service.name": "shop", "faas.instance": "ab12",
         "faas.max_memory": 1610612736}),
    "openwhisk": (
        {"__OW_ACTION_NAME": "/guest/hello", "__OW_ACTION_VERSION": "0.0.3", "__OW_NAMESPACE": "guest",
         "__OW_API_KEY": "secret", "HOSTNAME": "h1"},
        {"faas.name": "/guest/hello", "service.name": "/guest/hello", "faas.version": "0.0.3",
         "faas.instance": "h1", "coldspan.openwhisk.namespace": "guest"}),
    "openfaas": (
        {"fprocess": "cat --token=secret", "KUBERNETES_SERVICE_HOST": "10.96.0.1", "HOSTNAME": POD,
         "OPENFAAS_NAMESPACE": "openfaas-fn"},
        {"faas.name": "figlet", "service.name": "figlet", "faas.instance": POD, "k8s.pod.name": POD,
         "k8s.namespace.name": "openfaas-fn"}),
    "deno_deploy": ({"DENO_DEPLOYMENT_ID": "d1", "DENO_REGION": "gcp-europe-west3"},
                    {"service.name": "cat", "faas.name": "cat", "faas.version": "d1",
                     "cloud.region": "gcp-europe-west3"}),
    "": ({"HOSTNAME": "h1", "AWS_REGION": "eu-west-1", "SECRET": "secret"},
         {"service.name": "cat", "faas.name": "cat"}),
}
# Of any process: not the platform's.
ALWAYS = ("process.", "telemetry.", "coldspan.script")


def export(args, folder, environment):
    """The resource of what ran, and the bytes that were exported."""
    written = folder / "traces.jsonl"
    subprocess.run([args.coldspan, "run", "--quiet", "--file", written, "--", "cat"], input=b"x",
                   env={"PATH": "/usr/bin:/bin", **environment}, stdout=subprocess.DEVNULL, check=True,
                   timeout=60)
    spans = otlp_json.of_file(written)
    assert any(span["name"] == "cold start" for span in spans), spans
    resources = [span["resource"] for span in spans]
    assert all(resource == resources[0] for resource in resources), resources
    return resources[0], written.read_text()


def told(resource):
    return {key: value for key, value in resource.items() if not key.startswith(ALWAYS)}


def platform(name, environment, expected):
    def check(args, folder):
        resource, written = export(args, folder, environment)
        said = told(resource)
        assert said.pop("coldspan.platform", "") == name.partition(" ")[0], resource
        if "faas.instance" not in expected:
            own = said.pop("faas.instance")  # ours: a number of the collector's, and the pid
            assert own.endswith(f"-{resource['process.pid']}"), resource
        assert said == expected, f"\n{said}\nexpected\n{expected}"
        assert "secret" not in written and "10.96.0.1" not in written, written
    cases.register(name or "none", check)


for one, (variables, attributes) in PLATFORMS.items():
    platform(one, variables, attributes)


@case("what the operator says goes before what the platform says")
def operator(args, folder):
    resource, _ = export(args, folder, {
        **LAMBDA, "OTEL_RESOURCE_ATTRIBUTES":
        "service.name=shop,service.namespace=x%2Cy,cloud.region=mine,process.pid=1,team=blue"})
    assert resource["service.name"] == "shop" and resource["faas.name"] == "orders", resource
    assert resource["service.namespace"] == "x,y" and resource["team"] == "blue", resource
    assert resource["cloud.region"] == "mine" and isinstance(resource["process.pid"], int), resource


@case("OTEL_SERVICE_NAME names the service, and the function keeps its name")
def service_name(args, folder):
    resource, _ = export(args, folder, {**LAMBDA, "OTEL_SERVICE_NAME": "mine",
                                        "OTEL_RESOURCE_ATTRIBUTES": "service.name=shop,broken"})
    assert resource["service.name"] == "mine" and resource["faas.name"] == "orders", resource


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("--coldspan", required=True)
    given = parser.parse_args()
    cases.main(given, given, folder=True)
