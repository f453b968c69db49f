/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of environment variables of which a watched process tells: those that name service,
 * platform and request, in the identity area as "env.NAME=value". Values of all others stay where they
 * are. What each means to us: collector/assembler/platform.c; besides these, the headers of http_fields.h.
 */
#pragma once

enum cs_variable_how {
	CS_VARIABLE_VALUE,
	CS_VARIABLE_TARGET, /* a request's target: its query stays */
	CS_VARIABLE_SET, /* that it is there, as "1": the value is a command line, or an address */
};

/* X(name, how), in the order of ASCII: a look-up ends at the first name with a later first letter. */
#define CS_VARIABLES(X)                                                                            \
	X(AWS_LAMBDA_FUNCTION_MEMORY_SIZE, VALUE)                                                  \
	X(AWS_LAMBDA_FUNCTION_NAME, VALUE)                                                         \
	X(AWS_LAMBDA_FUNCTION_VERSION, VALUE)                                                      \
	X(AWS_LAMBDA_INITIALIZATION_TYPE, VALUE)                                                   \
	X(AWS_LAMBDA_LOG_GROUP_NAME, VALUE)                                                        \
	X(AWS_LAMBDA_LOG_STREAM_NAME, VALUE)                                                       \
	X(AWS_LAMBDA_RUNTIME_API, VALUE)                                                           \
	X(AWS_REGION, VALUE)                                                                       \
	X(CLOUD_RUN_EXECUTION, VALUE)                                                              \
	X(CLOUD_RUN_JOB, VALUE)                                                                    \
	X(CLOUD_RUN_TASK_INDEX, VALUE)                                                             \
	X(DENO_DEPLOYMENT_ID, VALUE)                                                               \
	X(DENO_REGION, VALUE)                                                                      \
	X(FUNCTIONS_CUSTOMHANDLER_PORT, SET)                                                       \
	X(FUNCTIONS_EXTENSION_VERSION, SET)                                                        \
	X(FUNCTIONS_WORKER_RUNTIME, SET)                                                           \
	X(FUNCTION_NAME, VALUE)                                                                    \
	X(FUNCTION_TARGET, VALUE)                                                                  \
	X(GATEWAY_INTERFACE, VALUE)                                                                \
	X(HOSTNAME, VALUE)                                                                         \
	X(Http_Method, VALUE)                                                                      \
	X(Http_Path, TARGET)                                                                       \
	X(KUBERNETES_SERVICE_HOST, SET)                                                            \
	X(K_CONFIGURATION, VALUE)                                                                  \
	X(K_REVISION, VALUE)                                                                       \
	X(K_SERVICE, VALUE)                                                                        \
	X(OPENFAAS_NAME, VALUE)                                                                    \
	X(OPENFAAS_NAMESPACE, VALUE)                                                               \
	X(OTEL_RESOURCE_ATTRIBUTES, VALUE)                                                         \
	X(OTEL_SERVICE_NAME, VALUE)                                                                \
	X(REGION_NAME, VALUE)                                                                      \
	X(REQUEST_METHOD, VALUE)                                                                   \
	X(REQUEST_URI, TARGET)                                                                     \
	X(TRACEPARENT, VALUE)                                                                      \
	X(TRACESTATE, VALUE)                                                                       \
	X(VERCEL, SET)                                                                             \
	X(VERCEL_DEPLOYMENT_ID, VALUE)                                                             \
	X(VERCEL_ENV, VALUE)                                                                       \
	X(WEBSITE_INSTANCE_ID, VALUE)                                                              \
	X(WEBSITE_MEMORY_LIMIT_MB, VALUE)                                                          \
	X(WEBSITE_OWNER_NAME, VALUE)                                                               \
	X(WEBSITE_RESOURCE_GROUP, VALUE)                                                           \
	X(WEBSITE_SITE_NAME, VALUE)                                                                \
	X(__OW_ACTION_NAME, VALUE)                                                                 \
	X(__OW_ACTION_VERSION, VALUE)                                                              \
	X(__OW_EXECUTION_ENV, VALUE)                                                               \
	X(__OW_NAMESPACE, VALUE)                                                                   \
	X(__OW_PROXY_VERSION, SET)                                                                 \
	X(fprocess, SET)                                                                           \
	X(function_process, SET)

#define CS_VARIABLE_BYTES 35u /* of the longest name, with its NUL */

enum cs_variable {
	CS_VARIABLE_NONE, /* never one */
#define X(name, how) CS_VARIABLE_##name,
	CS_VARIABLES(X)
#undef X
	CS_VARIABLE_COUNT,
};

#define X(name, how) _Static_assert(sizeof(#name) <= CS_VARIABLE_BYTES, #name " is too long");
CS_VARIABLES(X)
#undef X
