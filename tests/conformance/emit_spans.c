/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sends known batches through the real exporters and prints what became of them as JSON.
 * usage: emit_spans URL FILE BATCHES (SPANS | metrics)
 * URL "env" means what OTEL_EXPORTER_OTLP_* say. Batch n holds sample_batch()'s SPANS spans, the
 * first byte of their trace id replaced by n; or sample_metrics() of SAMPLE_UNIX_NS. Ends when all is settled, at the
 * latest after LIMIT_S.
 */
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "exporters/file.h"
#include "exporters/otlp/http.h"
#include "tests/support/metrics.h"
#include "tests/support/spans.h"

#define LIMIT_S        180
#define SAMPLE_UNIX_NS 1700000000000000000u

static void on_settled(void *user, const struct cs_exporter *exporter)
{
	event_base_loopbreak(user);
}

static void on_report(void *user, const struct cs_exporter *exporter, bool failing,
		      const char *text)
{
	fprintf(stderr, "%s: %s\n", cs_exporter_get_name(exporter), text);
}

static void print(const char *what, enum cs_signal signal, const struct cs_exporter *exporter,
		  const char *end)
{
	struct cs_exporter_stats s;

	cs_exporter_get_stats(exporter, signal, &s);
	printf("\"%s\":{\"accepted\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"rejected\":%" PRIu64
	       ",\"queued\":%" PRIu64 ",\"requests\":%" PRIu64 ",\"retries\":%" PRIu64,
	       what, s.accepted, s.sent, s.rejected, s.queued, s.requests, s.retries);
	for (int i = 0; i < CS_DROP_REASON_COUNT; i++)
		printf(",\"%s\":%" PRIu64, cs_drop_reason_name((enum cs_drop_reason)i),
		       s.dropped[i]);
	printf("}%s", end);
}

static int open_otlp(struct event_base *base, enum cs_signal signal, const char *url,
		     struct cs_exporter **ret)
{
	struct cs_otlp_http_options options;
	struct cs_diag diag = { 0 };
	int r;

	cs_otlp_http_options_init(&options);
	options.signal = signal;
	options.backoff_first_ms = 20;
	if (strcmp(url, "env") != 0)
		options.url = url;
	cs_otlp_http_options_from_env(&options, NULL);
	r = cs_otlp_http_new(base, &options, ret, &diag);
	if (r < 0)
		fprintf(stderr, "emit_spans: %s\n", diag.text);
	return r;
}

static void submit(struct cs_arena *arena, unsigned n, size_t spans, struct cs_exporter *otlp,
		   struct cs_exporter *file)
{
	const struct cs_span_batch *batch = sample_batch(arena, spans);

	for (size_t g = 0; g < batch->groups_count; g++) {
		for (size_t i = 0; i < batch->groups[g].spans_count; i++) {
			struct cs_span *span =
				(struct cs_span *)(uintptr_t)&batch->groups[g].spans[i];

			span->trace_id.bytes[0] = (uint8_t)n;
		}
	}
	cs_exporter_submit(otlp, cs_batch_of_spans(batch));
	cs_exporter_submit(file, cs_batch_of_spans(batch));
	cs_arena_reset(arena); /* exporters have encoded it: nothing may point here any more */
}

static void submit_metrics(struct cs_arena *arena, struct cs_exporter *otlp,
			   struct cs_exporter *file)
{
	const struct cs_metric_batch *batch = sample_metrics(arena, SAMPLE_UNIX_NS);

	cs_exporter_submit(otlp, cs_batch_of_metrics(batch));
	cs_exporter_submit(file, cs_batch_of_metrics(batch));
	cs_arena_reset(arena);
}

int main(int argc, char **argv)
{
	cs_cleanup(cs_arena_deinit) struct cs_arena arena = { 0 };
	struct timeval limit = { .tv_sec = LIMIT_S };
	struct cs_exporter *otlp = NULL, *file = NULL;
	struct cs_diag diag = { 0 };
	enum cs_signal of; /* what is sent */
	struct event_base *base;

	if (argc != 5)
		return 2;
	of = !strcmp(argv[4], "metrics") ? CS_SIGNAL_METRICS : CS_SIGNAL_TRACES;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	if (!base || open_otlp(base, of, argv[1], &otlp) < 0)
		return 1;
	if (cs_file_exporter_new(base, argv[2], &file, &diag) < 0) {
		fprintf(stderr, "emit_spans: %s\n", diag.text);
		return 1;
	}
	cs_exporter_set_settled(otlp, on_settled, base);
	cs_exporter_set_report(otlp, on_report, NULL);
	for (unsigned n = 1; n <= strtoul(argv[3], NULL, 10); n++) {
		if (of == CS_SIGNAL_METRICS)
			submit_metrics(&arena, otlp, file);
		else
			submit(&arena, n, strtoul(argv[4], NULL, 10), otlp, file);
	}
	event_base_loopexit(base, &limit);
	if (!cs_exporter_idle(otlp))
		event_base_dispatch(base);
	printf("{");
	print("otlp", of, otlp, ",");
	print("file", of, file, "}\n");
	cs_exporter_free(otlp);
	cs_exporter_free(file);
	event_base_free(base);
	return 0;
}
