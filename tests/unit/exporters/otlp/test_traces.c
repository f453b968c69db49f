/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/traces: what protobuf-c reads back out of our own bytes. */
#include "exporters/otlp/traces.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"
#include "tests/support/spans.h"

typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest request;
typedef Opentelemetry__Proto__Trace__V1__Span pb_span;
typedef Opentelemetry__Proto__Trace__V1__ResourceSpans pb_group;

#define STRING_VALUE OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE
#define INT_VALUE    OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE
#define ARRAY_VALUE  OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_ARRAY_VALUE

static struct cs_arena arena;   /* of the batches of one test */
static struct cs_arena decoded; /* of what protobuf-c reads back */

static void stop(void)
{
	cs_arena_deinit(&arena);
	cs_arena_deinit(&decoded);
}

TestSuite(otlp_traces, .fini = stop);

static int pack_range(const struct cs_span_batch *batch, struct cs_otlp_range *range,
		      size_t bytes_max, struct cs_buffer *out)
{
	struct cs_arena own = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&own);
	int r = cs_otlp_pack(&alloc, cs_batch_of_spans(batch), range, bytes_max, out);

	cs_arena_deinit(&own); /* the bytes must not need it */
	return r;
}

static request *unpack(const struct cs_buffer *bytes)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&decoded);
	request *read =
		opentelemetry__proto__collector__trace__v1__export_trace_service_request__unpack(
			&alloc, bytes->len, (const uint8_t *)bytes->data);

	cr_assert(ne(ptr, read, NULL), "protobuf-c cannot read our bytes");
	return read;
}

static request *round_trip(const struct cs_span_batch *batch)
{
	struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	cr_assert(eq(int, pack_range(batch, &range, CS_OTLP_REQUEST_BYTES_MAX, &bytes), 0));
	cr_assert(eq(sz, range.count, cs_span_batch_count(batch)));
	return unpack(&bytes);
}

static size_t spans_of(const request *read)
{
	size_t n = 0;

	for (size_t i = 0; i < read->n_resource_spans; i++) {
		cr_assert(eq(sz, read->resource_spans[i]->n_scope_spans, 1));
		cr_assert(read->resource_spans[i]->scope_spans[0]->n_spans > 0);
		n += read->resource_spans[i]->scope_spans[0]->n_spans;
	}
	return n;
}

Test(otlp_traces, every_field_of_a_span_comes_back)
{
	const struct cs_span_batch *batch = sample_batch(&arena, 6);
	const struct cs_span *want = &batch->groups[1].spans[2]; /* index 5: status ERROR */
	request *read = round_trip(batch);
	const pb_group *group = read->resource_spans[1];
	const pb_span *got = group->scope_spans[0]->spans[2];

	cr_assert(eq(sz, read->n_resource_spans, 2));
	cr_assert(eq(str, group->resource->attributes[0]->value->string_value, (char *)"second"));
	cr_assert(eq(str, group->scope_spans[0]->scope->name, (char *)"coldspan"));
	cr_assert(eq(sz, got->trace_id.len, 16));
	cr_assert(eq(int, memcmp(got->trace_id.data, want->trace_id.bytes, 16), 0));
	cr_assert(eq(sz, got->span_id.len, 8));
	cr_assert(eq(int, memcmp(got->span_id.data, want->span_id.bytes, 8), 0));
	cr_assert(eq(int, memcmp(got->parent_span_id.data, want->parent_span_id.bytes, 8), 0));
	cr_assert(eq(str, got->trace_state, (char *)want->trace_state));
	cr_assert(eq(str, got->name, (char *)want->name));
	cr_assert(eq(int, (int)got->kind, (int)want->kind));
	cr_assert(eq(u32, got->flags, want->flags));
	cr_assert(eq(u64, got->start_time_unix_nano, want->start_unix_ns));
	cr_assert(eq(u64, got->end_time_unix_nano, want->end_unix_ns));
	cr_assert(eq(u32, got->dropped_attributes_count, 3));
	cr_assert(eq(int, (int)got->status->code, CS_STATUS_ERROR));
	cr_assert(eq(str, got->status->message, (char *)"killed by signal 9"));
}

Test(otlp_traces, every_kind_of_value_comes_back_also_at_its_default)
{
	const struct cs_span_batch *batch = sample_batch(&arena, 2);
	const pb_span *got = round_trip(batch)->resource_spans[0]->scope_spans[0]->spans[0];

	cr_assert(eq(sz, got->n_attributes, 8));
	cr_assert(eq(str, got->attributes[0]->value->string_value,
		     (char *)batch->groups[0].spans[0].attrs.items[0].value.string));
	cr_assert(eq(int, (int)got->attributes[1]->value->value_case, STRING_VALUE));
	cr_assert(got->attributes[2]->value->bool_value);
	cr_assert(eq(i64, got->attributes[3]->value->int_value, INT64_MIN));
	cr_assert(eq(int, (int)got->attributes[4]->value->value_case, INT_VALUE));
	cr_assert(eq(dbl, got->attributes[5]->value->double_value, 0.1));
	cr_assert(eq(sz, got->attributes[6]->value->array_value->n_values, 3));
	cr_assert(eq(str, got->attributes[6]->value->array_value->values[2]->string_value,
		     (char *)"drei ÄÖÜ"));
	cr_assert(eq(int, (int)got->attributes[7]->value->value_case, ARRAY_VALUE));
}

Test(otlp_traces, events_and_links_come_back)
{
	const struct cs_span_batch *batch = sample_batch(&arena, 2);
	const pb_span *got = round_trip(batch)->resource_spans[0]->scope_spans[0]->spans[0];

	cr_assert(eq(sz, got->n_events, 1));
	cr_assert(eq(str, got->events[0]->name, (char *)"event"));
	cr_assert(eq(str, got->events[0]->attributes[0]->value->string_value, (char *)"because"));
	cr_assert(eq(sz, got->n_links, 1));
	cr_assert(eq(sz, got->links[0]->trace_id.len, 16));
	cr_assert(eq(u8, got->links[0]->span_id.data[7], 0xef));
	cr_assert(eq(u32, got->links[0]->dropped_attributes_count, 2));
	cr_assert(eq(u32, got->links[0]->flags, 1));
}

Test(otlp_traces, a_root_has_no_parent_id_and_an_unset_status_is_left_out)
{
	const pb_span *got =
		round_trip(sample_batch(&arena, 2))->resource_spans[0]->scope_spans[0]->spans[0];

	cr_assert(eq(sz, got->parent_span_id.len, 0));
	cr_assert(eq(ptr, got->status, NULL));
}

/* One group of @count spans named @name; ids are valid. */
static struct cs_span_batch batch_of(size_t count, const char *name)
{
	struct cs_resource_spans *group = cs_arena_alloc(&arena, sizeof(*group));
	struct cs_span *spans = cs_arena_alloc(&arena, (count + 1) * sizeof(*spans));

	for (size_t i = 0; i < count; i++) {
		spans[i].trace_id.bytes[0] = 1;
		spans[i].span_id.bytes[0] = 2;
		spans[i].name = name;
		spans[i].kind = CS_SPAN_INTERNAL;
	}
	group->spans = spans;
	group->spans_count = count;
	return (struct cs_span_batch){ group, 1 };
}

Test(otlp_traces, bytes_that_are_no_text_are_repaired)
{
	struct cs_span_batch batch = batch_of(1, "a\xff"
						 "b\xc3");
	const request *read = round_trip(&batch);

	cr_assert(eq(str, read->resource_spans[0]->scope_spans[0]->spans[0]->name,
		     (char *)"a\xef\xbf\xbd"
			     "b\xef\xbf\xbd"));
}

Test(otlp_traces, a_long_text_is_cut_between_two_runes)
{
	char name[3 * CS_TELEMETRY_STRING_MAX + 1] = "";
	struct cs_span_batch batch = batch_of(1, name);
	const request *read;

	for (size_t i = 0; i < CS_TELEMETRY_STRING_MAX; i++)
		memcpy(name + 3 * i, "€", 3);
	read = round_trip(&batch);
	cr_assert(eq(sz, strlen(read->resource_spans[0]->scope_spans[0]->spans[0]->name),
		     CS_TELEMETRY_STRING_MAX / 3 * 3));
}

Test(otlp_traces, a_span_with_an_id_of_zeros_is_left_out_and_told)
{
	struct cs_span_batch batch = batch_of(3, "x");
	struct cs_otlp_range range = { .count = 3 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	memset((void *)(uintptr_t)&batch.groups[0].spans[1].trace_id, 0, 16);
	cr_assert(eq(int, pack_range(&batch, &range, CS_OTLP_REQUEST_BYTES_MAX, &bytes), 0));
	cr_assert(eq(sz, range.count, 3));
	cr_assert(eq(sz, range.items, 2));
	cr_assert(eq(sz, spans_of(unpack(&bytes)), 2));
}

Test(otlp_traces, nothing_is_packed_from_nothing)
{
	struct cs_span_batch none = { 0 }, empty = batch_of(0, "x");
	struct cs_otlp_range range = { .count = 7 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	cr_assert(eq(int, pack_range(&none, &range, 1000, &bytes), CS_OTLP_NOTHING));
	cr_assert(eq(sz, range.count, 0));
	cr_assert(eq(int, pack_range(&empty, &range, 1000, &bytes), CS_OTLP_NOTHING));
	cr_assert(eq(sz, bytes.len, 0));
}

/* Packs all of @batch in requests; returns their number. */
static size_t pack_all(const struct cs_span_batch *batch, size_t bytes_max, size_t *ret_spans)
{
	size_t total = cs_span_batch_count(batch), first = 0, requests = 0;

	*ret_spans = 0;
	while (first < total) {
		struct cs_otlp_range range = { .first = first, .count = total - first };
		struct cs_buffer bytes = { 0 };

		cr_assert(eq(int, pack_range(batch, &range, bytes_max, &bytes), 0));
		cr_assert(le(sz, bytes.len, bytes_max));
		cr_assert(le(sz, range.count, (size_t)CS_OTLP_REQUEST_ITEMS_MAX));
		cr_assert(eq(sz, spans_of(unpack(&bytes)), range.items));
		*ret_spans += range.items;
		first += range.count;
		requests++;
		cs_buffer_deinit(&bytes);
	}
	return requests;
}

Test(otlp_traces, a_batch_of_many_spans_becomes_several_requests)
{
	size_t spans,
		requests = pack_all(sample_batch(&arena, 1100), CS_OTLP_REQUEST_BYTES_MAX, &spans);

	cr_assert(eq(sz, requests, 3));
	cr_assert(eq(sz, spans, 1100));
}

Test(otlp_traces, a_request_never_exceeds_its_bytes)
{
	size_t spans, requests = pack_all(sample_batch(&arena, 100), 4000, &spans);

	cr_assert(eq(sz, spans, 100));
	cr_assert(requests >= 10);
}

Test(otlp_traces, a_span_larger_than_a_request_is_told)
{
	const struct cs_span_batch *batch = sample_batch(&arena, 3);
	struct cs_otlp_range range = { .first = 1, .count = 2 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	cr_assert(eq(int, pack_range(batch, &range, 100, &bytes), CS_OTLP_TOO_LARGE));
	cr_assert(eq(sz, range.count, 1));
	cr_assert(eq(sz, bytes.len, 0));
}

/* An allocator whose n-th call fails. */
struct countdown {
	struct cs_arena arena;
	size_t left;
	size_t calls_after;
};

static void *countdown_alloc(void *data, size_t bytes)
{
	struct countdown *c = data;

	if (c->left == 0) {
		c->calls_after++;
		return NULL;
	}
	c->left--;
	return cs_arena_alloc(&c->arena, bytes);
}

Test(otlp_traces, every_failed_allocation_is_an_error_and_leaves_no_bytes)
{
	const struct cs_span_batch *batch = random_batch(&arena, 7);
	size_t n = 0;
	int r;

	do {
		struct countdown c = { .left = n };
		ProtobufCAllocator alloc = { .alloc = countdown_alloc, .allocator_data = &c };
		struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
		struct cs_buffer bytes = { 0 };

		r = cs_otlp_pack(&alloc, cs_batch_of_spans(batch), &range,
				 CS_OTLP_REQUEST_BYTES_MAX, &bytes);
		if (r) {
			cr_assert(eq(int, r, -ENOMEM));
			cr_assert(eq(sz, bytes.len, 0));
			cr_assert(eq(sz, c.calls_after, 1), "asked again after a failure");
			cr_assert(eq(sz, range.count, cs_span_batch_count(batch)));
		}
		cs_buffer_deinit(&bytes);
		cs_arena_deinit(&c.arena);
		n++;
	} while (r && n < 100000);
	cr_assert(eq(int, r, 0));
	cr_assert(n >= 20);
}

/* Google's decoder, which also refuses text that is no UTF-8. */
static int protoc_accepts(const struct cs_buffer *bytes)
{
	FILE *protoc = popen("protoc --proto_path=" OTLP_PROTO_DIR " --decode="
			     "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest "
			     "opentelemetry/proto/collector/trace/v1/trace_service.proto "
			     ">/dev/null",
			     "w");

	cr_assert(ne(ptr, protoc, NULL));
	cr_assert(eq(sz, fwrite(bytes->data, 1, bytes->len, protoc), bytes->len));
	return pclose(protoc);
}

Test(otlp_traces, any_batch_is_read_by_protobuf_c_and_repacked_to_the_same_bytes)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		const struct cs_span_batch *batch = random_batch(&arena, seed);
		struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
		struct cs_buffer bytes = { 0 };
		uint8_t *again;
		request *read;

		if (pack_range(batch, &range, CS_OTLP_REQUEST_BYTES_MAX, &bytes) == 0) {
			read = unpack(&bytes);
			cr_assert(eq(sz, spans_of(read), range.items));
			again = malloc(bytes.len);
			cr_assert(eq(sz, protobuf_c_message_pack(&read->base, again), bytes.len));
			cr_assert(eq(int, memcmp(again, bytes.data, bytes.len), 0), "seed %lu",
				  (unsigned long)seed);
			free(again);
			if (seed <= 20)
				cr_assert(eq(int, protoc_accepts(&bytes), 0), "seed %lu",
					  (unsigned long)seed);
		}
		cs_buffer_deinit(&bytes);
		stop();
	}
}
