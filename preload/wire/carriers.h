/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trace contexts as vendors write them, to what W3C Trace Context has: X-Ray, Cloud Trace, B3, Jaeger; and
 * which counts of several that came. W3C's own texts are trace_context.h's. Pure, bounded and freestanding:
 * the shim and the collector must come to the same end. The texts are anybody's.
 *
 * All give a trace id that is not zero. A parent id of all zero says that nobody's span called: the
 * trace was begun by somebody who tells no span of it (a load balancer). A sender that leaves the
 * sampling decision to us gets CS_TRACE_FLAG_SAMPLED: what we see is recorded. Texts need not end in
 * NUL; blanks around them are no part of them; on failure @ret is untouched.
 *
 * Context: signal (pure).
 * Return:  0; -ENODATA well-formed, but it names no trace (a decision alone); -EBADMSG malformed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/wire/trace_context.h"

/**
 * cs_xray_parse() - X-Amzn-Trace-Id, Lambda-Runtime-Trace-Id
 *
 * "Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0|1|?" in any order, among other keys. Without
 * Parent the trace has no span yet.
 *
 * Format: AWS X-Ray developer guide, "Tracing header".
 */
int cs_xray_parse(const char *text, size_t len, struct cs_trace_context *ret);

/**
 * cs_cloud_trace_parse() - X-Cloud-Trace-Context
 *
 * "<32 hex>/<span id in decimal>;o=<options>"; from "/" on optional. Options of which bit 0 is not set,
 * or none, are a trace that is not sampled.
 *
 * Format: Google Cloud Trace, "Trace context"; what is optional: App Engine's TraceContextHelper.
 */
int cs_cloud_trace_parse(const char *text, size_t len, struct cs_trace_context *ret);

/**
 * cs_b3_parse() - header b3
 *
 * "<16 or 32 lower hex>-<16>[-0|1|d[-<16>]]", or the decision alone. A short trace id has zeroes before
 * it. The span that called is the second field: its parent, the fourth, is not ours.
 *
 * Format: openzipkin/b3-propagation, "Single Header".
 */
int cs_b3_parse(const char *text, size_t len, struct cs_trace_context *ret);

/* Values of headers; NULL: it did not come. */
struct cs_b3_headers {
	const char *trace_id; /* X-B3-TraceId */
	const char *span_id;  /* X-B3-SpanId */
	const char *sampled;  /* X-B3-Sampled */
	const char *flags;    /* X-B3-Flags: "1" is debug, which is sampled */
	size_t trace_id_len;
	size_t span_id_len;
	size_t sampled_len;
	size_t flags_len;
};

/**
 * cs_b3_headers_parse() - X-B3-*; an empty X-B3-Sampled is malformed, as one of nonsense
 *
 * Format: openzipkin/b3-propagation, "Multiple Headers".
 */
int cs_b3_headers_parse(const struct cs_b3_headers *headers, struct cs_trace_context *ret);

/**
 * cs_jaeger_parse() - uber-trace-id
 *
 * "<trace id>:<span id>:<parent span id>:<flags>" in hexadecimal of any length up to 32, 16, 16 and 2;
 * ":" may be written as "%3A".
 *
 * Format: Jaeger client libraries, "Propagation Format".
 */
int cs_jaeger_parse(const char *text, size_t len, struct cs_trace_context *ret);

/* --- which counts --- */

/*
 * X(id, header that stands for it): the first good one that names a span counts, else the first good. A load
 * balancer names a trace in its own header whoever called; what names a span, too, knows more, and goes
 * before it.
 */
#define CS_CARRIERS(X)                                                                             \
	X(TRACEPARENT, "traceparent")                                                              \
	X(XRAY, "x-amzn-trace-id")                                                                 \
	X(CLOUD_TRACE, "x-cloud-trace-context")                                                    \
	X(B3, "b3")                                                                                \
	X(B3_HEADERS, "x-b3-traceid")                                                              \
	X(JAEGER, "uber-trace-id")

enum cs_carrier {
	CS_CARRIER_NONE,
#define X(id, header) CS_CARRIER_##id,
	CS_CARRIERS(X)
#undef X
	CS_CARRIER_COUNT,
};

/* X(id, header): what belongs to one of these. */
#define CS_CARRIER_PARTS(X)                                                                        \
	X(B3_SPAN, "x-b3-spanid")                                                                  \
	X(B3_SAMPLED, "x-b3-sampled")                                                              \
	X(B3_FLAGS, "x-b3-flags")

/* Places of values: of a carrier's header its own number, and behind them those of the parts. */
enum cs_carrier_part {
	CS_CARRIER_PARTS_BEGIN = CS_CARRIER_COUNT - 1,
#define X(id, header) CS_CARRIER_##id,
	CS_CARRIER_PARTS(X)
#undef X
	CS_CARRIER_VALUES,
};

struct cs_carrier_value {
	const char *text; /* NULL: it did not come */
	size_t len;
	unsigned count; /* how often it came: this is the first */
};

/**
 * cs_carrier_read() - one of them
 * @values: CS_CARRIER_VALUES of them
 *
 * Return: as the parsers; -EBADMSG also of a header that came twice (in B3's several the first counts).
 */
int cs_carrier_read(enum cs_carrier carrier, const struct cs_carrier_value *values,
		    struct cs_trace_context *ret);

/**
 * cs_carriers_choose() - whose trace it is
 * @on_lambda:   X-Ray's header is none of the carriers there: docs/traces.md
 * @ret_refused: 1 << enum cs_carrier: came malformed, or more than once
 *
 * Return: CS_CARRIER_NONE: nobody called; @ret is untouched.
 */
enum cs_carrier cs_carriers_choose(const struct cs_carrier_value *values, bool on_lambda,
				   struct cs_trace_context *ret, unsigned *ret_refused);
