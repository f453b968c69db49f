/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names of HTTP headers: which are kept, and what else one may mean to us. Authorization, Cookie and
 * everything else that is not in the tables is nothing. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Headers kept: trace context and correlation ids (docs/traces.md). Lower case. */
#define CS_HTTP_KEPT(X)                                                                            \
	X("traceparent")                                                                           \
	X("tracestate")                                                                            \
	X("b3")                                                                                    \
	X("x-b3-traceid")                                                                          \
	X("x-b3-spanid")                                                                           \
	X("x-b3-sampled")                                                                          \
	X("x-b3-flags")                                                                            \
	X("x-amzn-trace-id")                                                                       \
	X("x-cloud-trace-context")                                                                 \
	X("uber-trace-id")                                                                         \
	X("x-request-id")                                                                          \
	X("x-correlation-id")                                                                      \
	X("x-call-id")                                                                             \
	X("x-start-time")                                                                          \
	X("ce-id")                                                                                 \
	X("ce-type")                                                                               \
	X("ce-source")                                                                             \
	X("ce-traceparent")                                                                        \
	X("ce-tracestate")                                                                         \
	X("function-execution-id")                                                                 \
	X("x-azure-functions-invocationid")                                                        \
	X("x-amzn-requestid")                                                                      \
	X("x-vercel-id")                                                                           \
	X("cf-ray")                                                                                \
	X("x-cloudtasks-taskname")                                                                 \
	X("x-cloudtasks-taskretrycount")                                                           \
	X("aeg-delivery-count")                                                                    \
	X("x-envoy-attempt-count")

/*
 * Those of the Lambda Runtime API, without the prefix that they share: what it says of an event, and
 * what a runtime says of its answer.
 */
#define CS_HTTP_LAMBDA_PREFIX "lambda-runtime-"
#define CS_HTTP_KEPT_LAMBDA(X)                                                                     \
	X("aws-request-id")                                                                        \
	X("deadline-ms")                                                                           \
	X("invoked-function-arn")                                                                  \
	X("trace-id")                                                                              \
	X("aws-tenant-id")                                                                         \
	X("function-error-type")                                                                   \
	X("function-response-mode")

enum cs_http_name {
	CS_HTTP_NAME_OTHER,
	CS_HTTP_NAME_KEPT,
	CS_HTTP_NAME_LENGTH,  /* Content-Length */
	CS_HTTP_NAME_CODING,  /* Transfer-Encoding */
	CS_HTTP_NAME_AGENT,   /* User-Agent */
	CS_HTTP_NAME_TYPE,    /* Content-Type */
	CS_HTTP_NAME_PROBE,   /* that of a health probe */
	CS_HTTP_NAME_BAGGAGE, /* of which members are named: baggage.h */
};

/** cs_http_name_framing() - CODING, LENGTH, or OTHER: @name is in lower case. Context: signal (pure). */
enum cs_http_name cs_http_name_framing(const char *name, size_t len);

/** cs_http_name_find() - all of them. Context: signal (pure). */
enum cs_http_name cs_http_name_find(const char *name, size_t len);

/** cs_http_is_kept() - is @name, in lower case, in the first table? Context: signal (pure). */
bool cs_http_is_kept(const char *name, size_t len);
