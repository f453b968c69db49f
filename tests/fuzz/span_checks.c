/* SPDX-License-Identifier: Apache-2.0 */

/* Properties of cold starts, invocations, spans and OTLP bytes; see span_checks.h. */
#include "tests/fuzz/span_checks.h"

#include <string.h>

#include "base/utf8.h"
#include "exporters/otlp/json.h"
#include "exporters/otlp/traces.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"
#include "tests/fuzz/fuzz.h"

#define ENCODED_MAX 2u /* batches of one input, of up to 512 spans: more of the same is only slow */

static bool is_zero(const void *bytes, size_t len)
{
	static const unsigned char zero[16];

	return memcmp(bytes, zero, len) == 0;
}

static void check_text(const char *text)
{
	if (!text)
		return;
	CS_FUZZ_CHECK(strlen(text) < CS_TELEMETRY_STRING_MAX);
	CS_FUZZ_CHECK(cs_utf8_valid(text, strlen(text)));
}

static void check_identity(const struct cs_identity *identity)
{
	CS_FUZZ_CHECK(*identity->name);
	check_text(identity->name);
	check_text(identity->exe);
	check_text(identity->argv0);
	check_text(identity->script);
	if (identity->platform) {
		check_text(identity->platform->function);
		check_text(identity->platform->version);
		check_text(identity->platform->instance);
	}
}

static void check_context(const struct cs_span_context *context)
{
	CS_FUZZ_CHECK(!is_zero(&context->trace_id, sizeof(context->trace_id)));
	CS_FUZZ_CHECK(!is_zero(&context->span_id, sizeof(context->span_id)));
	CS_FUZZ_CHECK(memcmp(&context->span_id, &context->parent_span_id, 8) != 0);
	check_text(context->trace_state);
}

static void check_outcome(struct cs_outcome outcome)
{
	CS_FUZZ_CHECK(outcome.code >= 0 && outcome.code <= 255);
	CS_FUZZ_CHECK(outcome.code == 0 || outcome.cause == CS_CAUSE_EXIT ||
		      outcome.cause == CS_CAUSE_SIGNAL || outcome.cause == CS_CAUSE_TIMEOUT);
}

/* --- spans --- */

static void note_id(struct span_checks *checks, const struct cs_span_id *id)
{
	uint64_t value;
	size_t at;

	memcpy(&value, id->bytes, sizeof(value));
	for (at = value % SPAN_IDS; checks->ids[at]; at = (at + 1) % SPAN_IDS)
		CS_FUZZ_CHECK(checks->ids[at] != value);
	checks->ids[at] = value;
}

static void check_attrs(const struct cs_attrs *attrs)
{
	for (size_t i = 0; i < attrs->count; i++) {
		const struct cs_value *value = &attrs->items[i].value;

		for (size_t j = 0; j < i; j++)
			CS_FUZZ_CHECK(strcmp(attrs->items[i].key, attrs->items[j].key) != 0);
		if (value->type == CS_VALUE_STRING)
			check_text(value->string);
	}
}

static void check_span(struct span_checks *checks, const struct cs_span *span)
{
	note_id(checks, &span->span_id);
	CS_FUZZ_CHECK(span->name && *span->name);
	check_text(span->name);
	check_text(span->status_message);
	CS_FUZZ_CHECK(span->end_unix_ns >= span->start_unix_ns);
	check_attrs(&span->attrs);
	for (size_t i = 0; i < span->events_count; i++) {
		check_text(span->events[i].name);
		check_attrs(&span->events[i].attrs);
	}
	for (size_t i = 0; i < span->links_count; i++)
		check_attrs(&span->links[i].attrs);
}

/* Decoded by protobuf-c, which did not write it by our rules. */
static size_t decode(const struct cs_buffer *bytes)
{
	Opentelemetry__Proto__Trace__V1__TracesData *traces =
		opentelemetry__proto__trace__v1__traces_data__unpack(NULL, bytes->len,
								     (const void *)bytes->data);
	size_t n = 0;

	CS_FUZZ_CHECK(traces);
	for (size_t i = 0; i < traces->n_resource_spans; i++) {
		for (size_t j = 0; j < traces->resource_spans[i]->n_scope_spans; j++)
			n += traces->resource_spans[i]->scope_spans[j]->n_spans;
	}
	opentelemetry__proto__trace__v1__traces_data__free_unpacked(traces, NULL);
	return n;
}

static void check_otlp(const struct cs_span_batch *batch)
{
	cs_cleanup(cs_arena_deinit) struct cs_arena arena = { 0 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer out = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
	size_t total = cs_span_batch_count(batch);

	for (size_t first = 0; first < total;) {
		struct cs_otlp_range range = { .first = first, .count = total - first };
		struct cs_otlp_range same;
		ProtobufCMessage *message;

		cs_buffer_clear(&out);
		CS_FUZZ_CHECK(cs_otlp_pack(&alloc, cs_batch_of_spans(batch), &range,
					   CS_OTLP_REQUEST_BYTES_MAX, &out) == 0);
		CS_FUZZ_CHECK(range.count && range.items == range.count);
		CS_FUZZ_CHECK(decode(&out) == range.count);
		same = (struct cs_otlp_range){ .first = first, .count = range.count };
		CS_FUZZ_CHECK(cs_otlp_traces_build(&alloc, batch, &same, &message) == 0);
		cs_buffer_clear(&out);
		CS_FUZZ_CHECK(cs_otlp_json_print(&out, message) == 0);
		first += range.count;
	}
}

static void check_batch(struct span_checks *checks)
{
	struct cs_span_batch batch;

	if (cs_spans_batch(&checks->batch, &batch)) {
		for (size_t g = 0; g < batch.groups_count; g++) {
			check_attrs(&batch.groups[g].resource);
			for (size_t i = 0; i < batch.groups[g].spans_count; i++)
				check_span(checks, &batch.groups[g].spans[i]);
		}
		checks->spans += cs_span_batch_count(&batch);
		if (checks->encoded++ < ENCODED_MAX)
			check_otlp(&batch);
	}
	cs_spans_reset(&checks->batch);
}

/* --- what the assembler hands over --- */

static void check_phases(const struct cs_cold_start *cold)
{
	uint64_t at_ns = cold->start_ns, sum_ns = 0;

	for (unsigned i = 0; i < cold->phases_count; i++) {
		const struct cs_phase_part *part = &cold->phases[i];

		CS_FUZZ_CHECK(part->start_ns == at_ns);
		CS_FUZZ_CHECK(part->end_ns >= at_ns);
		CS_FUZZ_CHECK(!i || part->phase > cold->phases[i - 1].phase);
		at_ns = part->end_ns;
		sum_ns += part->end_ns - part->start_ns;
	}
	CS_FUZZ_CHECK(at_ns == cold->end_ns);
	CS_FUZZ_CHECK(sum_ns == cold->end_ns - cold->start_ns);
}

static void on_cold_start(void *context, const struct cs_cold_start *cold)
{
	struct span_checks *checks = context;

	CS_FUZZ_CHECK(++checks->cold_starts <= checks->attached);
	check_phases(cold);
	check_identity(cold->identity);
	check_context(&cold->context);
	check_outcome(cold->outcome);
	checks->cold_segment = cold->identity->segment;
	checks->cold_start_ns = cold->start_ns;
	checks->cold_end_ns = cold->end_ns;
	checks->expected += 1 + cold->phases_count;
	cs_spans_add_cold_start(&checks->batch, cold);
	if (cs_spans_full(&checks->batch))
		check_batch(checks);
}

static void on_invocation(void *context, const struct cs_invocation *invocation)
{
	struct span_checks *checks = context;

	CS_FUZZ_CHECK(++checks->invocations <= checks->requests + checks->attached);
	CS_FUZZ_CHECK(invocation->end_ns >= invocation->start_ns);
	CS_FUZZ_CHECK(!invocation->first_byte_ns ||
		      (invocation->first_byte_ns >= invocation->start_ns &&
		       invocation->first_byte_ns <= invocation->end_ns));
	/* The cold one ends its cold start, and lies within. */
	if (invocation->cold && !checks->flushed &&
	    checks->cold_segment == invocation->identity->segment) {
		CS_FUZZ_CHECK(invocation->start_ns >= checks->cold_start_ns);
		CS_FUZZ_CHECK(invocation->end_ns == checks->cold_end_ns);
	}
	check_identity(invocation->identity);
	check_context(&invocation->context);
	if (invocation->started)
		check_context(invocation->started);
	check_outcome(invocation->outcome);
	check_text(invocation->method);
	check_text(invocation->target);
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++)
		check_text(invocation->inbound->ids[i]);
	checks->expected++;
	cs_spans_add_invocation(&checks->batch, invocation);
	if (cs_spans_full(&checks->batch))
		check_batch(checks);
}

static void check_logs(struct span_checks *checks)
{
	struct cs_log_batch batch;

	if (cs_log_records_batch(&checks->log_batch, &batch)) {
		for (size_t g = 0; g < batch.groups_count; g++) {
			check_attrs(&batch.groups[g].resource);
			for (size_t i = 0; i < batch.groups[g].records_count; i++)
				check_attrs(&batch.groups[g].records[i].attrs);
		}
		checks->records += cs_log_batch_count(&batch);
	}
	cs_log_records_reset(&checks->log_batch);
}

static void on_log(void *context, const struct cs_log_entry *entry)
{
	struct span_checks *checks = context;

	check_identity(entry->identity);
	if (entry->context)
		check_context(entry->context);
	check_text(entry->text);
	CS_FUZZ_CHECK(strlen(entry->text) == entry->len && entry->len <= CS_TELEMETRY_BODY_MAX);
	checks->logs++;
	cs_log_records_add(&checks->log_batch, entry);
	CS_FUZZ_CHECK(!checks->log_batch.lost);
	if (cs_log_records_full(&checks->log_batch))
		check_logs(checks);
}

static void on_call(void *context, const struct cs_call *call)
{
	struct span_checks *checks = context;

	CS_FUZZ_CHECK(call->end_ns >= call->start_ns);
	CS_FUZZ_CHECK(!is_zero(&call->context.parent_span_id, 8));
	check_identity(call->identity);
	check_context(&call->context);
	checks->calls++;
	checks->expected++;
	cs_spans_add_call(&checks->batch, call);
	if (cs_spans_full(&checks->batch))
		check_batch(checks);
}

/* Its invocation was told of before, once. */
static void on_span(void *context, const struct cs_inner_span *inner)
{
	struct span_checks *checks = context;

	CS_FUZZ_CHECK(checks->invocations);
	CS_FUZZ_CHECK(inner->end_ns >= inner->start_ns);
	CS_FUZZ_CHECK(!is_zero(&inner->context.parent_span_id, 8));
	check_identity(inner->identity);
	check_context(&inner->context);
	check_outcome(inner->outcome);
	checks->expected++;
	cs_spans_add_inner(&checks->batch, inner);
	if (cs_spans_full(&checks->batch))
		check_batch(checks);
}

void span_checks_init(struct span_checks *checks, struct cs_assembler_sink *ret_sink)
{
	cs_spans_init(&checks->batch);
	cs_log_records_init(&checks->log_batch);
	*ret_sink = (struct cs_assembler_sink){ checks,  on_cold_start, on_invocation,
						on_span, on_log,        on_call };
}

void span_checks_finish(struct span_checks *checks, const struct cs_assembler_stats *stats)
{
	check_batch(checks);
	check_logs(checks);
	CS_FUZZ_CHECK(checks->records == checks->logs);
	CS_FUZZ_CHECK(stats->calls == checks->calls);
	CS_FUZZ_CHECK(checks->spans + checks->batch.lost == checks->expected);
	CS_FUZZ_CHECK(stats->cold_starts == checks->cold_starts);
	CS_FUZZ_CHECK(stats->invocations == checks->invocations);
	CS_FUZZ_CHECK(stats->log_lines == checks->logs);
	cs_log_records_deinit(&checks->log_batch);
	cs_spans_deinit(&checks->batch);
}
