/* SPDX-License-Identifier: Apache-2.0 */

/* For unit tests of collector/spans: a cold start, an invocation, and what a span says. */
#pragma once

#include "collector/spans/spans.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/attributes.h"
#include "preload/wire/records.h"

static struct cs_spans spans;
static struct cs_span_batch batch;

static inline void start(void)
{
	cs_spans_init(&spans);
}

static inline void stop(void)
{
	cs_spans_deinit(&spans);
}

TestSuite(spans, .init = start, .fini = stop);

static struct cs_identity identity = {
	.name = "orders",
	.exe = "/usr/bin/python3",
	.argv0 = "python3",
	.script = "/app/orders.py",
	.pid = 100,
	.ppid = 50,
	.segment = 9,
	.anchor_monotonic_ns = 1000,
	.anchor_realtime_ns = 1700000000000001000,
};

static inline struct cs_cold_start cold_start(void)
{
	struct cs_cold_start cold = {
		.identity = &identity,
		.context = { .trace_id = { { 1 } }, .span_id = { { 2 } }, .trace_flags = 1 },
		.protocol = CS_PROTOCOL_HTTP,
		.init_type = CS_INIT_ON_DEMAND,
		.ready = true,
		.phases = { { CS_PHASE_LINK, 1000, 1400, "what came before was not seen" },
			    { CS_PHASE_RUNTIME, 1400, 3000, NULL } },
		.phases_count = 2,
		.start_ns = 1000,
		.end_ns = 3000,
	};

	cold.facts[CS_FACT_DLOPENS] = 3;
	return cold;
}

static const struct cs_inbound nothing;
static const struct cs_inbound inbound = {
	.ids = { [CS_REQUEST_ID_REQUEST] = (char *)"r-1", [CS_REQUEST_ID_CALL] = (char *)"c-1" },
};

static inline struct cs_invocation invocation(void)
{
	return (struct cs_invocation){
		.identity = &identity,
		.context = { .trace_id = { { 1 } },
			     .span_id = { { 3 } },
			     .parent_span_id = { { 2 } },
			     .trace_flags = 1,
			     .parent_remote = true },
		.protocol = CS_PROTOCOL_HTTP,
		.cold = true,
		.pid = 100,
		.start_ns = 2000,
		.first_byte_ns = 2600,
		.end_ns = 3000,
		.method = "POST",
		.target = "/orders",
		.status = 200,
		.inbound = &inbound,
	};
}

static inline const char *text(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = cs_attributes_find(attrs, key);

	return value && value->type == CS_VALUE_STRING ? value->string : "(none)";
}

static inline int64_t number(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = cs_attributes_find(attrs, key);

	return value && value->type == CS_VALUE_INT ? value->integer : -1;
}

/* common/v1/common.proto of OTLP: keys of attributes must be unique. */
static inline void have_no_key_twice(const struct cs_attrs *attrs)
{
	for (size_t i = 0; i < attrs->count; i++) {
		for (size_t k = 0; k < i; k++)
			cr_assert(
				ne(str, (char *)attrs->items[i].key, (char *)attrs->items[k].key));
	}
}

static inline const struct cs_span *only_span(const struct cs_invocation *one)
{
	const struct cs_span *span;

	cs_spans_add_invocation(&spans, one);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, cs_span_batch_count(&batch), 1));
	span = &batch.groups[0].spans[0];
	/* Whoever asks before it is made is told the same. */
	cr_expect(eq(int, cs_spans_invocation_failed(one), span->status == CS_STATUS_ERROR));
	have_no_key_twice(&batch.groups[0].resource);
	have_no_key_twice(&span->attrs);
	for (size_t i = 0; i < span->links_count; i++)
		have_no_key_twice(&span->links[i].attrs);
	return span;
}
