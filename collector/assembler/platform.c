/* SPDX-License-Identifier: Apache-2.0 */

/* Platforms by their variables; see platform.h. */
#include "collector/assembler/platform.h"

#include <errno.h>
#include <string.h>

#include "collector/spans/resource_env.h"
#include "exporters/attributes.h"

#define ALL_MAX   2u
#define ANY_MAX   3u
#define NAMES_MAX 2u
#define MORE_MAX  8u
#define VAR(name) CS_VARIABLE_##name

enum how {
	HOW_STRING,
	HOW_INT,          /* decimal; anything else is nothing */
	HOW_MEGABYTES,    /* idem, in bytes: semantic conventions, faas.max_memory */
	HOW_LIST,         /* a list of one */
	HOW_SUBSCRIPTION, /* "SUBSCRIPTION+GROUP-REGIONwebspace": the first part */
	HOW_POD,          /* a name as Deployments give their pods, or nothing */
};

struct attribute {
	const char *key; /* NULL: no more */
	enum cs_variable variable;
	enum how how;
};

struct platform {
	const char *name;
	/* It is this one if all of these are there, one of @any (if it has some), and not @without. */
	enum cs_variable all[ALL_MAX], any[ANY_MAX], without;
	const char *provider,
		*cloud; /* cloud.provider, cloud.platform; NULL: no value is defined */
	enum cs_variable function[NAMES_MAX]; /* the first that is there */
	enum cs_variable service, version, instance;
	bool of_function;
	struct attribute more[MORE_MAX];
};

#define LAMBDA_ATTRIBUTES                                                                          \
	{ "cloud.region", VAR(AWS_REGION), HOW_STRING },                                           \
		{ "faas.max_memory", VAR(AWS_LAMBDA_FUNCTION_MEMORY_SIZE), HOW_MEGABYTES },        \
		{ "aws.log.group.names", VAR(AWS_LAMBDA_LOG_GROUP_NAME), HOW_LIST },               \
	{                                                                                          \
		"aws.log.stream.names", VAR(AWS_LAMBDA_LOG_STREAM_NAME), HOW_LIST                  \
	}

#define POD_ATTRIBUTE                                                                              \
	{                                                                                          \
		"k8s.pod.name", VAR(HOSTNAME), HOW_POD                                             \
	}

/* The first that fits counts: what runs on another platform stands before it. */
static const struct platform platforms[] = {
	{ .name = "vercel",
	  .all = { VAR(VERCEL), VAR(AWS_LAMBDA_FUNCTION_NAME) },
	  .provider = "aws",
	  .cloud = "aws_lambda",
	  .function = { VAR(AWS_LAMBDA_FUNCTION_NAME) },
	  .version = VAR(VERCEL_DEPLOYMENT_ID),
	  .instance = VAR(AWS_LAMBDA_LOG_STREAM_NAME),
	  .of_function = true,
	  .more = { LAMBDA_ATTRIBUTES,
		    { "deployment.environment.name", VAR(VERCEL_ENV), HOW_STRING } } },
	{ .name = "aws_lambda",
	  .all = { VAR(AWS_LAMBDA_FUNCTION_NAME), VAR(AWS_LAMBDA_RUNTIME_API) },
	  .provider = "aws",
	  .cloud = "aws_lambda",
	  .function = { VAR(AWS_LAMBDA_FUNCTION_NAME) },
	  .version = VAR(AWS_LAMBDA_FUNCTION_VERSION),
	  .instance = VAR(AWS_LAMBDA_LOG_STREAM_NAME),
	  .of_function = true,
	  .more = { LAMBDA_ATTRIBUTES } },
	/* The same framework runs on Knative anywhere. */
	{ .name = "gcp_cloud_functions",
	  .all = { VAR(FUNCTION_TARGET), VAR(K_SERVICE) },
	  .without = VAR(KUBERNETES_SERVICE_HOST),
	  .provider = "gcp",
	  .cloud = "gcp_cloud_functions",
	  .function = { VAR(K_SERVICE) },
	  .version = VAR(K_REVISION),
	  .of_function = true },
	{ .name = "gcp_cloud_run",
	  .any = { VAR(K_CONFIGURATION), VAR(CLOUD_RUN_JOB) },
	  .without = VAR(KUBERNETES_SERVICE_HOST),
	  .provider = "gcp",
	  .cloud = "gcp_cloud_run",
	  .function = { VAR(K_SERVICE), VAR(CLOUD_RUN_JOB) },
	  .version = VAR(K_REVISION),
	  .of_function = true,
	  .more = { { "gcp.cloud_run.job.execution", VAR(CLOUD_RUN_EXECUTION), HOW_STRING },
		    { "gcp.cloud_run.job.task_index", VAR(CLOUD_RUN_TASK_INDEX), HOW_INT } } },
	{ .name = "knative",
	  .all = { VAR(K_SERVICE), VAR(KUBERNETES_SERVICE_HOST) },
	  .function = { VAR(K_SERVICE) },
	  .version = VAR(K_REVISION),
	  .instance = VAR(HOSTNAME),
	  .of_function = true,
	  .more = { { "kn.service.name", VAR(K_SERVICE), HOW_STRING },
		    { "kn.configuration.name", VAR(K_CONFIGURATION), HOW_STRING },
		    { "kn.revision.name", VAR(K_REVISION), HOW_STRING },
		    POD_ATTRIBUTE } },
	/*
	 * faas.name and cloud.resource_id name a function of the app, of which one process has several:
	 * they are an invocation's. faas.version must not be set.
	 */
	{ .name = "azure.functions",
	  .any = { VAR(FUNCTIONS_WORKER_RUNTIME), VAR(FUNCTIONS_EXTENSION_VERSION),
		   VAR(FUNCTIONS_CUSTOMHANDLER_PORT) },
	  .provider = "azure",
	  .cloud = "azure.functions",
	  .service = VAR(WEBSITE_SITE_NAME),
	  .instance = VAR(WEBSITE_INSTANCE_ID),
	  .more = { { "cloud.region", VAR(REGION_NAME), HOW_STRING },
		    { "cloud.account.id", VAR(WEBSITE_OWNER_NAME), HOW_SUBSCRIPTION },
		    { "faas.max_memory", VAR(WEBSITE_MEMORY_LIMIT_MB), HOW_MEGABYTES } } },
	{ .name = "openwhisk",
	  .any = { VAR(__OW_ACTION_NAME), VAR(__OW_PROXY_VERSION), VAR(__OW_EXECUTION_ENV) },
	  .function = { VAR(__OW_ACTION_NAME) },
	  .version = VAR(__OW_ACTION_VERSION),
	  .instance = VAR(HOSTNAME),
	  .more = { { "coldspan.openwhisk.namespace", VAR(__OW_NAMESPACE), HOW_STRING } } },
	{ .name = "openfaas",
	  .any = { VAR(fprocess), VAR(function_process), VAR(OPENFAAS_NAME) },
	  .function = { VAR(OPENFAAS_NAME) },
	  .instance = VAR(HOSTNAME),
	  .more = { { "k8s.namespace.name", VAR(OPENFAAS_NAMESPACE), HOW_STRING },
		    POD_ATTRIBUTE } },
	{ .name = "deno_deploy",
	  .all = { VAR(DENO_DEPLOYMENT_ID) },
	  .version = VAR(DENO_DEPLOYMENT_ID),
	  .more = { { "cloud.region", VAR(DENO_REGION), HOW_STRING } } },
};

/* Where nothing tells the platform: who may be named all the same, the first that is there. */
static const enum cs_variable names[] = {
	VAR(AWS_LAMBDA_FUNCTION_NAME),
	VAR(K_SERVICE),
	VAR(FUNCTION_NAME),
	VAR(FUNCTION_TARGET),
};

static const enum cs_variable versions[] = {
	VAR(AWS_LAMBDA_FUNCTION_VERSION),
	VAR(K_REVISION),
};

enum cs_variable cs_variable_find(const char *name)
{
	static const char *const table[CS_VARIABLE_COUNT] = {
#define X(variable, how) [CS_VARIABLE_##variable] = #variable,
		CS_VARIABLES(X)
#undef X
	};

	for (unsigned i = CS_VARIABLE_NONE + 1; i < CS_VARIABLE_COUNT; i++) {
		if (!strcmp(name, table[i]))
			return (enum cs_variable)i;
	}
	return CS_VARIABLE_NONE;
}

/* --- which platform --- */

static bool fits(const struct platform *platform, const char *const *variables)
{
	bool any = !platform->any[0];

	for (unsigned i = 0; i < ALL_MAX; i++) {
		if (platform->all[i] && !variables[platform->all[i]])
			return false;
	}
	for (unsigned i = 0; i < ANY_MAX; i++)
		any |= platform->any[i] && variables[platform->any[i]];
	return any && (!platform->without || !variables[platform->without]);
}

/* --- values --- */

/* Kubernetes makes parts of names of these, so that they are no words. */
static bool is_generated(const char *part, size_t len)
{
	return strspn(part, "bcdfghjklmnpqrstvwxz2456789") >= len;
}

/* "NAME-HASH-RANDOM" -> bytes of NAME; 0: no such name. */
static size_t deployment_len(const char *pod)
{
	const char *random = strrchr(pod, '-'), *hash = random;

	if (!random || strlen(random + 1) != 5 || !is_generated(random + 1, 5))
		return 0;
	while (hash > pod && hash[-1] != '-')
		hash--;
	if (hash <= pod + 1 || random - hash < 6 || random - hash > 10 ||
	    !is_generated(hash, (size_t)(random - hash)))
		return 0;
	return (size_t)(hash - 1 - pod);
}

static bool number_of(const char *digits, uint64_t max, int64_t *ret)
{
	uint64_t number = 0;

	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9')
			return false;
		number = number * 10 + (uint64_t)(*digits - '0');
		if (number > max)
			return false;
	}
	*ret = (int64_t)number;
	return true;
}

/* Return: 1 there is a value; 0 it has not the form; -ENOMEM. */
static int value_of(const char *text, enum how how, struct cs_arena *arena, struct cs_value *ret)
{
	const char **items;

	*ret = (struct cs_value){ .type = CS_VALUE_STRING, .string = text };
	switch (how) {
	case HOW_STRING:
		return 1;
	case HOW_POD:
		return deployment_len(text) != 0;
	case HOW_INT:
		ret->type = CS_VALUE_INT;
		return number_of(text, INT64_MAX / 10 - 1, &ret->integer);
	case HOW_MEGABYTES:
		ret->type = CS_VALUE_INT;
		if (!number_of(text, INT64_MAX >> 20, &ret->integer) || !ret->integer)
			return 0;
		ret->integer *= 1 << 20;
		return 1;
	case HOW_SUBSCRIPTION:
		if (!strchr(text, '+') || *text == '+')
			return 0;
		ret->string = cs_arena_strndup(arena, text, strcspn(text, "+"));
		return ret->string ? 1 : -ENOMEM;
	case HOW_LIST:
		break;
	}
	items = cs_arena_alloc(arena, sizeof(*items));
	if (!items)
		return -ENOMEM;
	*items = text;
	*ret = (struct cs_value){ .type = CS_VALUE_STRINGS, .strings = { items, 1 } };
	return 1;
}

static int read_attributes(const struct platform *platform, const char *const *variables,
			   struct cs_arena *arena, struct cs_attrs *ret)
{
	struct cs_attr *items = cs_arena_alloc(arena, CS_PLATFORM_ATTRS_MAX * sizeof(*items));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	if (platform->provider)
		items[count++] =
			(struct cs_attr){ "cloud.provider",
					  { CS_VALUE_STRING, .string = platform->provider } };
	if (platform->cloud)
		items[count++] = (struct cs_attr){ "cloud.platform",
						   { CS_VALUE_STRING, .string = platform->cloud } };
	for (unsigned i = 0; i < MORE_MAX && platform->more[i].key; i++) {
		const struct attribute *more = &platform->more[i];
		const char *text = variables[more->variable];
		int r = text ? value_of(text, more->how, arena, &items[count].value) : 0;

		if (r < 0)
			return r;
		items[count].key = more->key;
		count += r > 0;
	}
	*ret = (struct cs_attrs){ .items = items, .count = count };
	return 0;
}

/* --- names --- */

static const char *first_of(const enum cs_variable *list, size_t count,
			    const char *const *variables)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] && variables[list[i]])
			return variables[list[i]];
	}
	return NULL;
}

/* A function of OpenFaaS is a Deployment of that name. */
static int name_after_pod(const char *const *variables, struct cs_arena *arena,
			  struct cs_platform *ret)
{
	const char *pod = variables[CS_VARIABLE_HOSTNAME];
	size_t len =
		pod && variables[CS_VARIABLE_KUBERNETES_SERVICE_HOST] ? deployment_len(pod) : 0;

	if (ret->function || !len || strcmp(ret->name, "openfaas") != 0)
		return 0;
	ret->function = ret->service = cs_arena_strndup(arena, pod, len);
	return ret->function ? 0 : -ENOMEM;
}

static int name_azure_app(const char *const *variables, struct cs_arena *arena,
			  struct cs_platform *ret)
{
	const char *owner = variables[CS_VARIABLE_WEBSITE_OWNER_NAME];
	const char *group = variables[CS_VARIABLE_WEBSITE_RESOURCE_GROUP];

	if (strcmp(ret->name, "azure.functions") != 0)
		return 0;
	ret->app = variables[CS_VARIABLE_WEBSITE_SITE_NAME];
	if (!ret->app || !owner || !strchr(owner, '+') || !group)
		return 0;
	ret->app_id = cs_arena_printf(
		arena, "/subscriptions/%.*s/resourceGroups/%s/providers/Microsoft.Web/sites/%s",
		(int)strcspn(owner, "+"), owner, group, ret->app);
	return ret->app_id ? 0 : -ENOMEM;
}

int cs_platform_read(const char *const variables[CS_VARIABLE_COUNT], struct cs_arena *arena,
		     struct cs_platform *ret)
{
	const char *said = variables[CS_VARIABLE_OTEL_RESOURCE_ATTRIBUTES];
	const struct platform *platform = platforms,
			      *end = platforms + sizeof(platforms) / sizeof(platforms[0]);
	int r = 0;

	*ret = (struct cs_platform){ 0 };
	if (said)
		r = cs_resource_env_read(said, arena, &ret->said);
	if (r == -ENOMEM)
		return r;
	ret->said_refused = r < 0;
	while (platform < end && !fits(platform, variables))
		platform++;
	if (platform == end) {
		ret->function = ret->service =
			first_of(names, sizeof(names) / sizeof(names[0]), variables);
		ret->version =
			first_of(versions, sizeof(versions) / sizeof(versions[0]), variables);
		return 0;
	}
	ret->name = platform->name;
	ret->function = first_of(platform->function, NAMES_MAX, variables);
	ret->service = ret->function ? ret->function : variables[platform->service];
	ret->version = variables[platform->version];
	ret->instance = variables[platform->instance];
	ret->of_function = platform->of_function;
	r = name_after_pod(variables, arena, ret);
	if (r == 0)
		r = name_azure_app(variables, arena, ret);
	return r < 0 ? r : read_attributes(platform, variables, arena, &ret->attrs);
}

const struct cs_platform *cs_platform_copy(const struct cs_platform *platform,
					   struct cs_arena *arena)
{
	struct cs_platform *copy = cs_arena_alloc(arena, sizeof(*copy));
	const char **texts[] = { &copy->function, &copy->service, &copy->version,
				 &copy->instance, &copy->app,     &copy->app_id };

	if (!copy)
		return NULL;
	*copy = *platform; /* its name is a constant */
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (*texts[i])
			*texts[i] = cs_arena_strndup(arena, *texts[i], CS_TELEMETRY_STRING_MAX);
	}
	if (cs_attributes_copy(&platform->attrs, false, arena, &copy->attrs) < 0 ||
	    cs_attributes_copy(&platform->said, true, arena, &copy->said) < 0)
		return NULL;
	return copy;
}
