/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/logs: what protobuf-c reads back out of our own bytes. */
#include "exporters/otlp/logs.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "coldspan_config.h"
#include "exporters/otlp/json.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb-c.h"
#include "tests/support/logs.h"

typedef Opentelemetry__Proto__Collector__Logs__V1__ExportLogsServiceRequest request;
typedef Opentelemetry__Proto__Logs__V1__LogRecord pb_record;

static struct cs_arena arena;   /* of the batches of one test */
static struct cs_arena decoded; /* of what protobuf-c reads back */

static void stop(void)
{
	cs_arena_deinit(&arena);
	cs_arena_deinit(&decoded);
}

TestSuite(otlp_logs, .fini = stop);

static int pack_range(const struct cs_log_batch *batch, struct cs_otlp_range *range,
		      size_t bytes_max, struct cs_buffer *out)
{
	struct cs_arena own = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&own);
	int r = cs_otlp_pack(&alloc, cs_batch_of_logs(batch), range, bytes_max, out);

	cs_arena_deinit(&own); /* the bytes must not need it */
	return r;
}

static request *unpack(const struct cs_buffer *bytes)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&decoded);
	request *read =
		opentelemetry__proto__collector__logs__v1__export_logs_service_request__unpack(
			&alloc, bytes->len, (const uint8_t *)bytes->data);

	cr_assert(ne(ptr, read, NULL), "protobuf-c cannot read our bytes");
	return read;
}

static request *round_trip(const struct cs_log_batch *batch)
{
	struct cs_otlp_range range = { .count = cs_log_batch_count(batch) };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	cr_assert(eq(int, pack_range(batch, &range, CS_OTLP_REQUEST_BYTES_MAX, &bytes), 0));
	return unpack(&bytes);
}

static const struct cs_log_batch *batch_of(struct cs_log_record *record)
{
	struct cs_log_batch *batch = cs_arena_alloc(&arena, sizeof(*batch));
	struct cs_resource_logs *group = cs_arena_alloc(&arena, sizeof(*group));

	*group = (struct cs_resource_logs){ .records = record, .records_count = 1 };
	*batch = (struct cs_log_batch){ .groups = group, .groups_count = 1 };
	return batch;
}

static size_t records_of(const request *read)
{
	size_t n = 0;

	for (size_t i = 0; i < read->n_resource_logs; i++)
		n += read->resource_logs[i]->scope_logs[0]->n_log_records;
	return n;
}

Test(otlp_logs, every_field_arrives)
{
	request *read = round_trip(sample_logs(&arena, 4));
	const pb_record *got = read->resource_logs[1]->scope_logs[0]->log_records[0];

	cr_assert(eq(sz, read->n_resource_logs, 2));
	cr_assert(eq(str, read->resource_logs[1]->resource->attributes[0]->value->string_value,
		     (char *)"second"));
	cr_assert(eq(str, read->resource_logs[1]->scope_logs[0]->scope->name, (char *)"coldspan"));
	cr_assert(eq(u64, got->time_unix_nano, 1700000000000000002u));
	cr_assert(eq(u64, got->observed_time_unix_nano, 1700000000300000002u));
	cr_assert(eq(int, got->severity_number, 13));
	cr_assert(eq(str, got->severity_text, (char *)"warning"));
	cr_assert(eq(str, got->body->string_value, (char *)"line 2"));
	cr_assert(eq(str, got->attributes[0]->key, (char *)"log.iostream"));
	cr_assert(eq(u32, got->flags, 1));
	cr_assert(eq(sz, got->trace_id.len, 16));
	cr_assert(eq(int, got->trace_id.data[15], 0x12));
	cr_assert(eq(sz, got->span_id.len, 8));
	cr_assert(eq(int, got->span_id.data[0], 0x22));
}

Test(otlp_logs, a_record_without_a_trace_has_no_ids)
{
	struct cs_log_record record = { .observed_unix_ns = 1, .flags = 1 };
	const pb_record *got;

	record.span_id.bytes[0] = 1;
	got = round_trip(batch_of(&record))->resource_logs[0]->scope_logs[0]->log_records[0];
	cr_assert(eq(sz, got->trace_id.len, 0));
	cr_assert(eq(sz, got->span_id.len, 0), "a span without its trace is not allowed");
	cr_assert(eq(u32, got->flags, 0));
	cr_assert(eq(str, got->body->string_value, (char *)""));
}

Test(otlp_logs, bodies_are_repaired_and_cut_on_a_rune_boundary)
{
	char *text = cs_arena_alloc(&arena, 20001);
	struct cs_log_record record = { .observed_unix_ns = 1, .body = text };
	const pb_record *got;

	for (size_t i = 0; i < 20000; i++)
		text[i] = (char)(i % 2 ? 0xbc : 0xc3);
	text[0] = (char)0xff;
	text[20000] = '\0';
	got = round_trip(batch_of(&record))->resource_logs[0]->scope_logs[0]->log_records[0];
	/* two bytes that are no text become three each; runes of two bytes follow */
	cr_assert(eq(sz, strlen(got->body->string_value), CS_TELEMETRY_BODY_MAX));
	cr_assert(eq(int, strncmp(got->body->string_value, "\xef\xbf\xbd\xef\xbf\xbd\xc3\xbc", 8),
		     0));
}

Test(otlp_logs, a_batch_of_many_records_becomes_several_requests)
{
	const struct cs_log_batch *batch = sample_logs(&arena, 1100);
	size_t first = 0, sent = 0, requests = 0;

	while (first < 1100) {
		struct cs_otlp_range range = { .first = first, .count = 1100 - first };
		cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

		cr_assert(eq(int, pack_range(batch, &range, 20000, &bytes), 0));
		cr_assert(le(sz, bytes.len, (size_t)20000));
		cr_assert(eq(sz, records_of(unpack(&bytes)), range.items));
		sent += range.items;
		first += range.count;
		requests++;
	}
	cr_assert(eq(sz, sent, 1100));
	cr_assert(requests >= 4);
}

Test(otlp_logs, a_request_is_split_in_two_that_hold_all_of_it)
{
	const struct cs_log_batch *batch = sample_logs(&arena, 7);
	struct cs_otlp_range range = { .count = 7 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 }, a = { 0 }, b = { 0 };
	const request *first, *second;
	size_t first_count;

	cr_assert(eq(int, pack_range(batch, &range, 1 << 20, &bytes), 0));
	cr_assert(eq(int,
		     cs_otlp_split(CS_SIGNAL_LOGS, bytes.data, bytes.len, &a, &b, &first_count),
		     0));
	first = unpack(&a);
	second = unpack(&b);
	cr_assert(eq(sz, first_count, 3));
	cr_assert(eq(sz, records_of(first), 3));
	cr_assert(eq(sz, records_of(second), 4));
	cr_assert(eq(str,
		     first->resource_logs[0]->scope_logs[0]->log_records[2]->body->string_value,
		     (char *)"line 2"));
	cr_assert(eq(str,
		     second->resource_logs[0]->scope_logs[0]->log_records[0]->body->string_value,
		     (char *)"line 3"));
}

Test(otlp_logs, a_line_of_json_has_ids_in_hex)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer line = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
	struct cs_otlp_range range = { .count = 1 };
	ProtobufCMessage *message;

	cr_assert(eq(
		int,
		cs_otlp_build(&alloc, cs_batch_of_logs(sample_logs(&arena, 1)), &range, &message),
		0));
	cr_assert(eq(int, cs_otlp_json_print(&line, message), 0));
	cr_assert(eq(
		str, line.data,
		(char *)"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":"
			"\"service.name\",\"value\":{\"stringValue\":\"second\"}}]},"
			"\"scopeLogs\":[{\"scope\":{\"name\":\"coldspan\",\"version\":\"" CS_VERSION
			"\"},\"logRecords\":[{"
			"\"timeUnixNano\":\"1700000000000000000\",\"severityNumber\":13,"
			"\"severityText\":\"warning\",\"body\":{\"stringValue\":\"line 0\"},"
			"\"attributes\":[{\"key\":\"log.iostream\",\"value\":{\"stringValue\":"
			"\"stderr\"}}],\"flags\":1,"
			"\"traceId\":\"10101010101010101010101010101010\","
			"\"spanId\":\"2020202020202020\","
			"\"observedTimeUnixNano\":\"1700000000300000000\"}]}]}]}"));
}

/* An allocator whose n-th call fails. */
static void *countdown_alloc(void *data, size_t bytes)
{
	size_t *left = data;

	return *left && (*left)-- ? cs_arena_alloc(&decoded, bytes) : NULL;
}

Test(otlp_logs, every_failed_allocation_is_an_error_and_leaves_no_bytes)
{
	const struct cs_log_batch *batch = sample_logs(&arena, 3);
	size_t n = 0;
	int r;

	do {
		size_t left = n;
		ProtobufCAllocator alloc = { .alloc = countdown_alloc, .allocator_data = &left };
		struct cs_otlp_range range = { .count = 3 };
		cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

		r = cs_otlp_pack(&alloc, cs_batch_of_logs(batch), &range, 1 << 20, &bytes);
		cr_assert(r == 0 ? bytes.len > 0 : (r == -ENOMEM && bytes.len == 0));
		n++;
	} while (r);
	cr_assert(n > 8, "only %zu allocations", n);
}
