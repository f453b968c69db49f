/* SPDX-License-Identifier: Apache-2.0 */

/* For unit tests of exporters/otlp/http: a real server on loopback, and one exporter to it. */
#pragma once

#include "exporters/otlp/http.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"
#include "tests/support/http_server.h"
#include "tests/support/settling.h"
#include "tests/support/spans.h"

static struct event_base *base;
static struct server server;
static struct cs_arena arena;
static struct cs_otlp_http_options options;

static inline void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	server_init(&server, base, NULL, 0);
	cs_otlp_http_options_init(&options);
	options.url = server.url;
	options.backoff_first_ms = 2;
	options.backoff_max_ms = 8;
}

static inline void tear_down(void)
{
	server_deinit(&server);
	event_base_free(base);
	cs_arena_deinit(&arena);
}

TestSuite(otlp_http, .init = set_up, .fini = tear_down);

static inline struct cs_exporter *open_exporter(void)
{
	struct cs_exporter *exporter = NULL;
	struct cs_diag diag = { 0 };

	cr_assert(eq(int, cs_otlp_http_new(base, &options, &exporter, &diag), 0), "%s", diag.text);
	return exporter;
}

static inline struct cs_exporter_stats send_spans(struct cs_exporter *exporter, size_t count)
{
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, count)));
	return settled_stats(base, exporter);
}

static inline void tell(const struct answer *answers, size_t count)
{
	server.answers = answers;
	server.answers_count = count;
}

static inline size_t spans_in(size_t request)
{
	Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest *read =
		opentelemetry__proto__collector__trace__v1__export_trace_service_request__unpack(
			NULL, server.seen[request].body_len,
			(const uint8_t *)server.seen[request].body);
	size_t n = 0;

	cr_assert(ne(ptr, read, NULL));
	for (size_t i = 0; i < read->n_resource_spans; i++)
		n += read->resource_spans[i]->scope_spans[0]->n_spans;
	protobuf_c_message_free_unpacked(&read->base, NULL);
	return n;
}

static inline uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}
