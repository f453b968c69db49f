# SPDX-License-Identifier: Apache-2.0
"""What functions find in their environment on each platform, by the platforms' own documentation, and what
is to be told of them: names and types of OpenTelemetry's semantic conventions (1.44.0: faas, cloud, k8s, aws,
gcp). Values that stand there as "secret" are to be told to nobody."""

MIB = 1 << 20
POD = "figlet-7d8f9c6b5-x2k4z"

# docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime environment variables"
LAMBDA = {"_HANDLER": "index.handler", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
          "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x", "AWS_LAMBDA_FUNCTION_NAME": "orders",
          "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
          "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
          "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
          "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]0a1b", "AWS_ACCESS_KEY_ID": "secret",
          "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "secret",
          "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "LAMBDA_TASK_ROOT": "/var/task",
          "LAMBDA_RUNTIME_DIR": "/var/runtime", "LANG": "en_US.UTF-8", "TZ": ":UTC"}
ON_AWS = {"cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-west-1",
          "faas.max_memory": 128 * MIB, "aws.log.group.names": ["/aws/lambda/orders"],
          "aws.log.stream.names": ["2026/11/21/[$LATEST]0a1b"],
          "faas.instance": "2026/11/21/[$LATEST]0a1b", "faas.name": "orders", "service.name": "orders"}

# By a name that begins with the value of coldspan.platform: the environment, and what is told of it.
PLATFORMS = {
    "aws_lambda": (LAMBDA, {**ON_AWS, "faas.version": "$LATEST"}),
    # An image of one's own, or a runtime that only has the operating system: no AWS_EXECUTION_ENV.
    "aws_lambda (provided)": (
        {key: value for key, value in LAMBDA.items() if key != "AWS_EXECUTION_ENV"},
        {**ON_AWS, "faas.version": "$LATEST"}),
    # vercel.com/docs/environment-variables/system-environment-variables
    "vercel": ({**LAMBDA, "VERCEL": "1", "VERCEL_DEPLOYMENT_ID": "dpl_7", "VERCEL_ENV": "production",
                "VERCEL_REGION": "dub1", "VERCEL_URL": "orders-git-main.vercel.app"},
               {**ON_AWS, "faas.version": "dpl_7", "deployment.environment.name": "production"}),
    # docs.cloud.google.com/run/docs/configuring/services/environment-variables, of functions
    "gcp_cloud_functions": (
        {"FUNCTION_TARGET": "helloHttp", "FUNCTION_SIGNATURE_TYPE": "http", "K_SERVICE": "orders",
         "K_REVISION": "orders-00007-abc", "PORT": "8080"},
        {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_functions", "faas.name": "orders",
         "service.name": "orders", "faas.version": "orders-00007-abc"}),
    # docs.cloud.google.com/run/docs/container-contract, "Environment variables": services, jobs
    "gcp_cloud_run": (
        {"K_CONFIGURATION": "orders", "K_SERVICE": "orders", "K_REVISION": "orders-00007-abc",
         "PORT": "8080"},
        {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run", "faas.name": "orders",
         "service.name": "orders", "faas.version": "orders-00007-abc"}),
    "gcp_cloud_run (a job)": (
        {"CLOUD_RUN_JOB": "nightly", "CLOUD_RUN_EXECUTION": "nightly-x1", "CLOUD_RUN_TASK_INDEX": "3",
         "CLOUD_RUN_TASK_ATTEMPT": "0", "CLOUD_RUN_TASK_COUNT": "8"},
        {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run", "faas.name": "nightly",
         "service.name": "nightly", "gcp.cloud_run.job.execution": "nightly-x1",
         "gcp.cloud_run.job.task_index": 3}),
    # github.com/knative/specs, specs/serving/runtime-contract.md, "Process"
    "knative": (
        {"K_SERVICE": "figlet", "K_REVISION": "figlet-00001", "K_CONFIGURATION": "figlet", "PORT": "8080",
         "KUBERNETES_SERVICE_HOST": "10.96.0.1", "HOSTNAME": POD},
        {"faas.name": "figlet", "service.name": "figlet", "faas.version": "figlet-00001",
         "faas.instance": POD, "k8s.pod.name": POD, "kn.service.name": "figlet",
         "kn.revision.name": "figlet-00001", "kn.configuration.name": "figlet"}),
    # learn.microsoft.com/azure/app-service/reference-app-settings,
    # learn.microsoft.com/azure/azure-functions/functions-custom-handlers
    "azure.functions": (
        {"FUNCTIONS_CUSTOMHANDLER_PORT": "7071", "FUNCTIONS_EXTENSION_VERSION": "~4",
         "FUNCTIONS_WORKER_RUNTIME": "custom", "WEBSITE_SITE_NAME": "shop", "WEBSITE_INSTANCE_ID": "ab12",
         "WEBSITE_MEMORY_LIMIT_MB": "1536", "WEBSITE_RESOURCE_GROUP": "rg", "WEBSITE_SKU": "Dynamic",
         "REGION_NAME": "West Europe", "AzureWebJobsStorage": "secret",
         "WEBSITE_OWNER_NAME": "1111-22+rg-WestEuropewebspace-Linux"},
        {"cloud.provider": "azure", "cloud.platform": "azure.functions", "cloud.region": "West Europe",
         "cloud.account.id": "1111-22", "service.name": "shop", "faas.instance": "ab12",
         "faas.max_memory": 1536 * MIB}),
    # github.com/apache/openwhisk, docs/actions.md, "Accessing action metadata within the action body"
    "openwhisk": (
        {"__OW_ACTION_NAME": "/guest/hello", "__OW_ACTION_VERSION": "0.0.3", "__OW_NAMESPACE": "guest",
         "__OW_API_KEY": "secret", "__OW_API_HOST": "https://ow.example", "__OW_ACTIVATION_ID": "7f",
         "HOSTNAME": "h1"},
        {"faas.name": "/guest/hello", "service.name": "/guest/hello", "faas.version": "0.0.3",
         "faas.instance": "h1", "coldspan.openwhisk.namespace": "guest"}),
    # github.com/openfaas/classic-watchdog, README.md, "Configuration"
    "openfaas": (
        {"fprocess": "cat --token=secret", "KUBERNETES_SERVICE_HOST": "10.96.0.1", "HOSTNAME": POD,
         "OPENFAAS_NAMESPACE": "openfaas-fn"},
        {"faas.name": "figlet", "service.name": "figlet", "faas.instance": POD, "k8s.pod.name": POD,
         "k8s.namespace.name": "openfaas-fn"}),
    # docs.deno.com/deploy, "Environment variables"
    "deno_deploy": ({"DENO_DEPLOYMENT_ID": "d1", "DENO_REGION": "gcp-europe-west3"},
                    {"service.name": "cat", "faas.name": "cat", "faas.version": "d1",
                     "cloud.region": "gcp-europe-west3"}),
    "": ({"HOSTNAME": "h1", "AWS_REGION": "eu-west-1", "SECRET": "secret"},
         {"service.name": "cat", "faas.name": "cat"}),
}
