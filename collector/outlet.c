/* SPDX-License-Identifier: Apache-2.0 */

/* From what the assembler tells to exporters; see outlet.h. */
#include "collector/outlet.h"

#include <errno.h>

#include "collector/self.h"

static void submit(struct cs_outlet *outlet, struct cs_batch batch)
{
	for (unsigned i = 0; i < outlet->exporters_count; i++) {
		if (cs_exporter_takes(outlet->exporters[i], batch.signal))
			cs_exporter_submit(outlet->exporters[i], batch);
	}
}

static void send_logs(struct cs_outlet *outlet)
{
	struct cs_log_batch batch;

	if (cs_log_records_batch(&outlet->logs, &batch)) {
		submit(outlet, cs_batch_of_logs(&batch));
		outlet->self->log_records += cs_log_batch_count(&batch);
	}
	cs_log_records_reset(&outlet->logs);
}

static void send_spans(struct cs_outlet *outlet, const struct cs_span_batch *batch)
{
	size_t count = cs_span_batch_count(batch);

	if (!count)
		return;
	submit(outlet, cs_batch_of_spans(batch));
	outlet->self->spans += count;
	outlet->self->batches++;
}

static void send_batch(struct cs_outlet *outlet)
{
	struct cs_span_batch batch;

	if (cs_spans_batch(&outlet->spans, &batch))
		send_spans(outlet, &batch);
	cs_spans_reset(&outlet->spans);
}

/* What the sampler had held. */
static void send_sampled(struct cs_outlet *outlet)
{
	struct cs_span_batch batch;

	while (cs_sampler_take(&outlet->sampler, &batch))
		send_spans(outlet, &batch);
}

static void on_cold_start(void *context, const struct cs_cold_start *cold_start)
{
	struct cs_outlet *outlet = context;

	if (outlet->observer.cold_start)
		outlet->observer.cold_start(outlet->observer.context, cold_start);
	if (outlet->metrics)
		cs_metrics_cold_start(outlet->metrics, cold_start);
	outlet->spans_read += 1 + cold_start->phases_count;
	cs_sampler_add_cold_start(&outlet->sampler, &outlet->spans, cold_start);
	if (cs_spans_full(&outlet->spans))
		send_batch(outlet);
}

static void on_invocation(void *context, const struct cs_invocation *invocation)
{
	struct cs_outlet *outlet = context;

	if (outlet->observer.invocation)
		outlet->observer.invocation(outlet->observer.context, invocation);
	if (outlet->metrics)
		cs_metrics_invocation(outlet->metrics, invocation);
	outlet->spans_read++;
	cs_sampler_add_invocation(&outlet->sampler, &outlet->spans, invocation);
	if (cs_spans_full(&outlet->spans))
		send_batch(outlet);
	if (outlet->sampler.released_count >= CS_SAMPLER_RELEASE_MAX)
		send_sampled(outlet);
}

static void on_log(void *context, const struct cs_log_entry *entry)
{
	struct cs_outlet *outlet = context;
	struct cs_span_context sampled;
	struct cs_log_entry told = *entry;

	if (outlet->observer.log)
		outlet->observer.log(outlet->observer.context, entry);
	if (entry->context) {
		sampled = *entry->context;
		sampled.trace_flags = cs_sampler_flags(&outlet->sampler, entry->context);
		told.context = &sampled;
	}
	cs_log_records_add(&outlet->logs, &told);
	if (cs_log_records_full(&outlet->logs))
		send_logs(outlet);
}

static void on_span(void *context, const struct cs_inner_span *inner)
{
	struct cs_outlet *outlet = context;

	outlet->spans_read++;
	cs_sampler_add_inner(&outlet->sampler, &outlet->spans, inner);
}

static void on_call(void *context, const struct cs_call *call)
{
	struct cs_outlet *outlet = context;

	if (outlet->observer.call)
		outlet->observer.call(outlet->observer.context, call);
	outlet->spans_read++;
	cs_sampler_add_call(&outlet->sampler, &outlet->spans, call);
	if (cs_spans_full(&outlet->spans))
		send_batch(outlet);
}

static void on_file(void *context, const struct cs_opened_file *file)
{
	struct cs_outlet *outlet = context;

	if (outlet->observer.file)
		outlet->observer.file(outlet->observer.context, file);
}

static void on_waited(void *context, int32_t pid, const struct cs_used *used)
{
	struct cs_outlet *outlet = context;

	if (outlet->observer.waited)
		outlet->observer.waited(outlet->observer.context, pid, used);
}

static void on_gone(void *context, const struct cs_identity *identity, uint64_t lived_ns)
{
	struct cs_outlet *outlet = context;

	if (outlet->metrics)
		cs_metrics_gone(outlet->metrics, identity, lived_ns);
}

void cs_outlet_init(struct cs_outlet *outlet, struct cs_self *self,
		    const struct cs_assembler_sink *observer)
{
	*outlet = (struct cs_outlet){ .self = self };
	if (observer)
		outlet->observer = *observer;
	cs_spans_init(&outlet->spans);
	cs_log_records_init(&outlet->logs);
	cs_sampler_init(&outlet->sampler);
}

void cs_outlet_deinit(struct cs_outlet *outlet)
{
	for (unsigned i = 0; i < outlet->exporters_count; i++)
		cs_exporter_free(outlet->exporters[i]);
	outlet->exporters_count = 0;
	cs_sampler_deinit(&outlet->sampler);
	cs_spans_deinit(&outlet->spans);
	cs_log_records_deinit(&outlet->logs);
}

int cs_outlet_add_exporter(struct cs_outlet *outlet, struct cs_exporter *exporter)
{
	if (outlet->exporters_count == CS_OUTLET_EXPORTERS_MAX) {
		cs_exporter_free(exporter);
		return -E2BIG;
	}
	outlet->exporters[outlet->exporters_count++] = exporter;
	return 0;
}

struct cs_assembler_sink cs_outlet_sink(struct cs_outlet *outlet)
{
	return (struct cs_assembler_sink){ .context = outlet,
					   .cold_start = on_cold_start,
					   .invocation = on_invocation,
					   .span = on_span,
					   .log = on_log,
					   .call = on_call,
					   .file = on_file,
					   .waited = on_waited,
					   .gone = on_gone };
}

void cs_outlet_send_metrics(struct cs_outlet *outlet, const struct cs_metric_batch *batch)
{
	submit(outlet, cs_batch_of_metrics(batch));
}

void cs_outlet_send(struct cs_outlet *outlet)
{
	if (outlet->spans.spans_count)
		send_batch(outlet);
	send_sampled(outlet);
	send_logs(outlet);
}

uint64_t cs_outlet_tick(struct cs_outlet *outlet, uint64_t now_ns)
{
	return cs_sampler_tick(&outlet->sampler, now_ns);
}

void cs_outlet_rest(struct cs_outlet *outlet)
{
	cs_arena_deinit(&outlet->spans.arena); /* empty, but as large as the largest batch */
	cs_arena_deinit(&outlet->logs.arena);
}

bool cs_outlet_idle(const struct cs_outlet *outlet)
{
	for (unsigned i = 0; i < outlet->exporters_count; i++) {
		if (!cs_exporter_idle(outlet->exporters[i]))
			return false;
	}
	return true;
}
