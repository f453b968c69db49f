/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/platform: a row is a platform's environment, and what is made of it. */
#include "collector/assembler/platform.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporters/attributes.h"

#define SAID_MAX 512

static struct cs_arena arena;
static const char *variables[CS_VARIABLE_COUNT];
static struct cs_platform platform;

static void clear(void)
{
	cs_arena_deinit(&arena);
}

TestSuite(platform, .fini = clear);

/* What was made of it: "name|function|service|version|instance|key=value…", "" for NULL. */
struct row {
	char environment[SAID_MAX]; /* "NAME=value NAME=value" */
	char told[SAID_MAX];
};

#define POD "figlet-7d8f9c6b5-x2k4z"

static struct row rows[] = {
	{ "VERCEL=1 AWS_LAMBDA_FUNCTION_NAME=f VERCEL_DEPLOYMENT_ID=dpl_1 VERCEL_ENV=preview "
	  "AWS_LAMBDA_LOG_STREAM_NAME=s AWS_REGION=eu-west-1 AWS_LAMBDA_RUNTIME_API=a "
	  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024",
	  "vercel|f|f|dpl_1|s|cloud.provider=aws|cloud.platform=aws_lambda|cloud.region=eu-west-1|"
	  "faas.max_memory=1073741824|aws.log.stream.names=[s]|deployment.environment.name=preview" },
	/* A build of theirs is no function. */
	{ "VERCEL=1 VERCEL_ENV=preview", "|||||" },
	{ "AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001 "
	  "AWS_LAMBDA_FUNCTION_VERSION=$LATEST AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/f "
	  "AWS_LAMBDA_LOG_STREAM_NAME=2026/01/01/[$LATEST]ab AWS_REGION=us-east-1 "
	  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
	  "aws_lambda|f|f|$LATEST|2026/01/01/[$LATEST]ab|cloud.provider=aws|"
	  "cloud.platform=aws_lambda|cloud.region=us-east-1|faas.max_memory=134217728|"
	  "aws.log.group.names=[/aws/lambda/f]|aws.log.stream.names=[2026/01/01/[$LATEST]ab]" },
	/* Without the API it is a name at most; with it alone, somebody's emulator. */
	{ "AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_FUNCTION_VERSION=3 AWS_REGION=us-east-1",
	  "|f|f|3||" },
	{ "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001 AWS_REGION=us-east-1", "|||||" },
	{ "FUNCTION_TARGET=helloHttp K_SERVICE=orders K_REVISION=orders-00007 "
	  "K_CONFIGURATION=orders",
	  "gcp_cloud_functions|orders|orders|orders-00007||cloud.provider=gcp|"
	  "cloud.platform=gcp_cloud_functions" },
	{ "K_SERVICE=orders K_REVISION=orders-00007 K_CONFIGURATION=orders",
	  "gcp_cloud_run|orders|orders|orders-00007||cloud.provider=gcp|"
	  "cloud.platform=gcp_cloud_run" },
	{ "CLOUD_RUN_JOB=nightly CLOUD_RUN_EXECUTION=nightly-x1 CLOUD_RUN_TASK_INDEX=3",
	  "gcp_cloud_run|nightly|nightly|||cloud.provider=gcp|cloud.platform=gcp_cloud_run|"
	  "gcp.cloud_run.job.execution=nightly-x1|gcp.cloud_run.job.task_index=3" },
	{ "K_SERVICE=figlet K_REVISION=figlet-00001 K_CONFIGURATION=figlet "
	  "KUBERNETES_SERVICE_HOST=1 HOSTNAME=" POD,
	  "knative|figlet|figlet|figlet-00001|" POD "|kn.service.name=figlet|"
	  "kn.configuration.name=figlet|kn.revision.name=figlet-00001|k8s.pod.name=" POD },
	/* The same framework's variables, but on a cluster of one's own. */
	{ "FUNCTION_TARGET=hello K_SERVICE=figlet KUBERNETES_SERVICE_HOST=1 HOSTNAME=node-1",
	  "knative|figlet|figlet||node-1|kn.service.name=figlet" },
	{ "FUNCTION_TARGET=hello", "|hello|hello|||" },
	{ "K_SERVICE=figlet K_REVISION=r7", "|figlet|figlet|r7||" },
	{ "FUNCTIONS_CUSTOMHANDLER_PORT=1 WEBSITE_SITE_NAME=shop WEBSITE_INSTANCE_ID=ab12 "
	  "WEBSITE_MEMORY_LIMIT_MB=1536 REGION_NAME=West WEBSITE_RESOURCE_GROUP=rg "
	  "WEBSITE_OWNER_NAME=1111-22+rg-WestEuropewebspace-Linux",
	  "azure.functions||shop||ab12|cloud.provider=azure|cloud.platform=azure.functions|"
	  "cloud.region=West|cloud.account.id=1111-22|faas.max_memory=1610612736" },
	{ "FUNCTIONS_WORKER_RUNTIME=1",
	  "azure.functions|||||cloud.provider=azure|cloud.platform=azure.functions" },
	{ "FUNCTIONS_EXTENSION_VERSION=1",
	  "azure.functions|||||cloud.provider=azure|cloud.platform=azure.functions" },
	{ "__OW_ACTION_NAME=/guest/hello __OW_ACTION_VERSION=0.0.3 __OW_NAMESPACE=guest HOSTNAME=h",
	  "openwhisk|/guest/hello|/guest/hello|0.0.3|h|coldspan.openwhisk.namespace=guest" },
	{ "__OW_PROXY_VERSION=1", "openwhisk|||||" },
	{ "fprocess=1 HOSTNAME=" POD " KUBERNETES_SERVICE_HOST=1",
	  "openfaas|figlet|figlet||" POD "|k8s.pod.name=" POD },
	/* Nothing says that this is a pod. */
	{ "function_process=1 HOSTNAME=figlet-7d8f9c6b5-x2k4z",
	  "openfaas||||" POD "|k8s.pod.name=" POD },
	/* Names of pods that no Deployment gives */
	{ "fprocess=1 HOSTNAME=figlet-7d8f9c6b5-x2k4zz KUBERNETES_SERVICE_HOST=1",
	  "openfaas||||figlet-7d8f9c6b5-x2k4zz|" },
	{ "fprocess=1 HOSTNAME=figlet-7d8f9c6b5-x2k4 KUBERNETES_SERVICE_HOST=1",
	  "openfaas||||figlet-7d8f9c6b5-x2k4|" },
	{ "fprocess=1 HOSTNAME=figlet-7d8f9c6b5d7-x2k4z KUBERNETES_SERVICE_HOST=1",
	  "openfaas||||figlet-7d8f9c6b5d7-x2k4z|" },
	{ "fprocess=1 HOSTNAME=figlet-7d8f9-x2k4z KUBERNETES_SERVICE_HOST=1",
	  "openfaas||||figlet-7d8f9-x2k4z|" },
	{ "fprocess=1 HOSTNAME=-7d8f9c6b5-x2k4z KUBERNETES_SERVICE_HOST=1",
	  "openfaas||||-7d8f9c6b5-x2k4z|" },
	{ "OPENFAAS_NAME=env OPENFAAS_NAMESPACE=openfaas-fn fprocess=1 HOSTNAME=" POD
	  " KUBERNETES_SERVICE_HOST=1",
	  "openfaas|env|env||" POD "|k8s.namespace.name=openfaas-fn|k8s.pod.name=" POD },
	{ "DENO_DEPLOYMENT_ID=d1 DENO_REGION=gcp-europe-west3",
	  "deno_deploy|||d1||cloud.region=gcp-europe-west3" },
	{ "HOSTNAME=h KUBERNETES_SERVICE_HOST=1 AWS_REGION=us-east-1", "|||||" },
	/* Numbers that are none are left out, not guessed at. */
	{ "AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_RUNTIME_API=a AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1GB",
	  "aws_lambda|f|f|||cloud.provider=aws|cloud.platform=aws_lambda" },
	{ "AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_RUNTIME_API=a "
	  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=99999999999999999999",
	  "aws_lambda|f|f|||cloud.provider=aws|cloud.platform=aws_lambda" },
	{ "CLOUD_RUN_JOB=j CLOUD_RUN_TASK_INDEX=-1",
	  "gcp_cloud_run|j|j|||cloud.provider=gcp|cloud.platform=gcp_cloud_run" },
	{ "FUNCTIONS_WORKER_RUNTIME=1 WEBSITE_OWNER_NAME=+x WEBSITE_MEMORY_LIMIT_MB=0",
	  "azure.functions|||||cloud.provider=azure|cloud.platform=azure.functions" },
};

static void set(char *environment)
{
	for (char *p = strtok(environment, " "); p; p = strtok(NULL, " ")) {
		char *equals = strchr(p, '=');
		enum cs_variable variable;

		*equals = '\0';
		variable = cs_variable_find(p);
		cr_assert(ne(int, variable, CS_VARIABLE_NONE), "%s", p);
		variables[variable] = equals + 1;
	}
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void tell(const struct cs_platform *what, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%s|%s|%s|%s|%s|", or_nothing(what->name),
				       or_nothing(what->function), or_nothing(what->service),
				       or_nothing(what->version), or_nothing(what->instance));

	for (size_t i = 0; i < what->attrs.count; i++) {
		const struct cs_attr *attr = &what->attrs.items[i];
		const char *bar = i ? "|" : "";

		if (attr->value.type == CS_VALUE_INT)
			used += (size_t)snprintf(buf + used, size - used, "%s%s=%lld", bar,
						 attr->key, (long long)attr->value.integer);
		else if (attr->value.type == CS_VALUE_STRINGS)
			used += (size_t)snprintf(buf + used, size - used, "%s%s=[%s]", bar,
						 attr->key, attr->value.strings.items[0]);
		else
			used += (size_t)snprintf(buf + used, size - used, "%s%s=%s", bar, attr->key,
						 attr->value.string);
	}
}

ParameterizedTestParameters(platform, is_told_by_its_variables)
{
	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, platform, is_told_by_its_variables)
{
	char told[1024], copied[1024], environment[SAID_MAX];
	const struct cs_platform *copy;

	snprintf(environment, sizeof(environment), "%s", row->environment);
	set(environment);
	cr_assert(eq(int, cs_platform_read(variables, &arena, &platform), 0));
	tell(&platform, told, sizeof(told));
	cr_assert(eq(str, told, row->told), "%s", row->environment);
	copy = cs_platform_copy(&platform, &arena);
	memset(environment, 'x', sizeof(environment) - 1); /* what it was made of is gone */
	tell(copy, copied, sizeof(copied));
	cr_assert(eq(str, copied, row->told), "copied: %s", row->environment);
}

Test(platform, an_app_of_azure_is_named_in_full)
{
	char environment[] = "FUNCTIONS_CUSTOMHANDLER_PORT=1 WEBSITE_SITE_NAME=shop "
			     "WEBSITE_OWNER_NAME=1111-22+rg-Westwebspace WEBSITE_RESOURCE_GROUP=rg";

	set(environment);
	cr_assert(eq(int, cs_platform_read(variables, &arena, &platform), 0));
	cr_assert(eq(str, (char *)platform.app, (char *)"shop"));
	cr_assert(eq(str, (char *)platform.app_id,
		     (char *)"/subscriptions/1111-22/resourceGroups/rg/providers/Microsoft.Web/"
			     "sites/shop"));
	variables[CS_VARIABLE_WEBSITE_RESOURCE_GROUP] = NULL;
	cr_assert(eq(int, cs_platform_read(variables, &arena, &platform), 0));
	cr_assert(eq(ptr, (void *)platform.app_id, NULL));
}

Test(platform, the_table_of_variables_is_in_order)
{
	static const char *const names[] = {
#define X(name, how) #name,
		CS_VARIABLES(X)
#undef X
	};

	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(lt(int, strcmp(names[i - 1], names[i]), 0), "%s", names[i]);
	cr_assert(eq(int, cs_variable_find("K_SERVIC"), CS_VARIABLE_NONE));
}

Test(platform, no_memory_is_told)
{
	char environment[] = "DENO_DEPLOYMENT_ID=d";

	set(environment);
	cs_arena_init(&arena, 1);
	cr_assert(eq(int, cs_platform_read(variables, &arena, &platform), -ENOMEM));
}
