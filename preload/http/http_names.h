/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names of HTTP headers: which are kept, and what else one may mean to us. Authorization, Cookie and
 * everything else that is not in the tables is nothing. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * Most headers are none of ours, and are known for it by this: of each name that is, a bit is set, by its length
 * and its first four letters. The factors are such that of 60 names that requests and responses mostly have one is
 * looked for in vain. Shorter names than that are always looked for.
 */
#define CS_HTTP_NAME_HASH(four, len) (((four) + (uint32_t)(len)*2214268153u) * 3734143849u >> 24)

extern const uint64_t cs_http_names_known[4];

/**
 * cs_http_name_may_be() - false: a name of @len bytes that begins with @four, in lower case, is OTHER
 *
 * Context: signal (pure).
 */
static inline bool cs_http_name_may_be(uint32_t four, size_t len)
{
	uint32_t hash = CS_HTTP_NAME_HASH(four, len);

	return cs_http_names_known[hash / 64] >> hash % 64 & 1 || len < sizeof(four);
}

/** cs_http_name_may_frame() - idem: CODING or LENGTH. Context: signal (pure). */
static inline bool cs_http_name_may_frame(size_t len)
{
	return len == sizeof("content-length") - 1 || len == sizeof("transfer-encoding") - 1;
}

/** cs_http_name_framing() - CODING, LENGTH, or OTHER: @name is in lower case. Context: signal (pure). */
enum cs_http_name cs_http_name_framing(const char *name, size_t len);

/** cs_http_name_find() - all of them. Context: signal (pure). */
enum cs_http_name cs_http_name_find(const char *name, size_t len);

/** cs_http_is_kept() - is @name, in lower case, in the first table? Context: signal (pure). */
bool cs_http_is_kept(const char *name, size_t len);

/* A name in lower case, of a list that others have. */
struct cs_http_listed {
	uint8_t len;
	char text[19];
};

/** cs_http_is_listed() - is @name, in whatever case, one of these? Context: signal (pure). */
bool cs_http_is_listed(const struct cs_http_listed *names, size_t count, const unsigned char *name,
		       size_t len);
