/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/queue. */
#include "exporters/otlp/queue.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "exporters/otlp/traces.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"
#include "tests/support/spans.h"

static struct cs_buffer bytes_of(const char *text)
{
	struct cs_buffer buf = { 0 };

	cs_buffer_puts(&buf, text);
	return buf;
}

Test(otlp_queue, requests_leave_in_the_order_in_which_they_came)
{
	struct cs_otlp_queue q = { .bytes_max = 100000 };
	struct cs_buffer a = bytes_of("a"), b = bytes_of("bb");

	cr_assert(eq(int, cs_otlp_queue_push(&q, &a, CS_SIGNAL_TRACES, 1, 10), 0));
	cr_assert(eq(int, cs_otlp_queue_push(&q, &b, CS_SIGNAL_TRACES, 2, 11), 0));
	cr_assert(eq(ptr, a.data, NULL), "taken over");
	cr_assert(eq(sz, q.first->items, 1));
	cs_otlp_queue_drop(&q);
	cr_assert(eq(sz, q.first->items, 2));
	cr_assert(eq(u64, q.first->queued_ms, 11));
	cs_otlp_queue_drop(&q);
	cs_otlp_queue_drop(&q);
	cr_assert(eq(ptr, q.first, NULL));
	cr_assert(eq(ptr, q.last, NULL));
	cr_assert(eq(sz, q.bytes, 0));
}

Test(otlp_queue, the_budget_counts_bytes_and_entries)
{
	struct cs_otlp_queue q = { .bytes_max = 2 * sizeof(struct cs_otlp_request) + 3 };
	struct cs_buffer a = bytes_of("a"), b = bytes_of("bbb"), c = bytes_of("cc");

	cr_assert(eq(int, cs_otlp_queue_push(&q, &a, CS_SIGNAL_TRACES, 1, 0), 0));
	cr_assert(eq(int, cs_otlp_queue_push(&q, &b, CS_SIGNAL_TRACES, 1, 0), -ENOBUFS));
	cr_assert(ne(ptr, b.data, NULL), "still the caller's");
	cr_assert(eq(int, cs_otlp_queue_push(&q, &c, CS_SIGNAL_TRACES, 1, 0), 0));
	cr_assert(eq(sz, q.bytes, q.bytes_max));
	cs_buffer_deinit(&b);
	cs_otlp_queue_drop(&q);
	cs_otlp_queue_drop(&q);
}

/* A queue with one real request of @spans spans; its bytes are returned as a copy. */
static struct cs_otlp_queue queue_of(struct cs_arena *arena, const struct cs_span_batch *batch)
{
	struct cs_otlp_queue q = { .bytes_max = 1 << 20 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(arena);
	struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
	struct cs_buffer bytes = { 0 };

	cr_assert(eq(int, cs_otlp_pack(&alloc, cs_batch_of_spans(batch), &range, 1 << 20, &bytes),
		     0));
	cr_assert(eq(int, cs_otlp_queue_push(&q, &bytes, CS_SIGNAL_TRACES, range.items, 5), 0));
	return q;
}

/* Appends "group/span " for each span; fails on an empty envelope. */
static void list(const struct cs_otlp_request *request, char *out)
{
	Opentelemetry__Proto__Trace__V1__TracesData *read =
		opentelemetry__proto__trace__v1__traces_data__unpack(
			NULL, request->len, (const uint8_t *)request->data);

	cr_assert(ne(ptr, read, NULL));
	for (size_t i = 0; i < read->n_resource_spans; i++) {
		Opentelemetry__Proto__Trace__V1__ScopeSpans *scoped =
			read->resource_spans[i]->scope_spans[0];

		cr_assert(scoped->n_spans > 0);
		for (size_t k = 0; k < scoped->n_spans; k++)
			sprintf(out + strlen(out), "%s/%s ",
				read->resource_spans[i]
					->resource->attributes[0]
					->value->string_value,
				scoped->spans[k]->name);
	}
	protobuf_c_message_free_unpacked(&read->base, NULL);
}

Test(otlp_queue, a_split_loses_no_span_wherever_the_cut_falls)
{
	for (size_t n = 2; n < 12; n++) {
		struct cs_arena arena = { 0 };
		struct cs_otlp_queue q = queue_of(&arena, sample_batch(&arena, n));
		struct cs_buffer tail = bytes_of("tail");
		char before[1000] = "", after[1000] = "";

		list(q.first, before);
		cr_assert(eq(int, cs_otlp_queue_push(&q, &tail, CS_SIGNAL_TRACES, 7, 6), 0));
		cr_assert(eq(int, cs_otlp_queue_split(&q), 0));
		cr_assert(eq(sz, q.first->items, n / 2));
		cr_assert(eq(sz, q.first->next->items, n - n / 2));
		cr_assert(q.first->half && q.first->next->half);
		cr_assert(eq(u64, q.first->queued_ms, 5));
		cr_assert(eq(sz, q.last->items, 7));
		list(q.first, after);
		list(q.first->next, after);
		cr_assert(eq(str, after, before));
		while (q.first)
			cs_otlp_queue_drop(&q);
		cr_assert(eq(sz, q.bytes, 0));
		cs_arena_deinit(&arena);
	}
}

Test(otlp_queue, groups_of_any_size_are_split)
{
	for (uint64_t seed = 1; seed < 100; seed++) {
		struct cs_arena arena = { 0 };
		const struct cs_span_batch *batch = random_batch(&arena, seed);
		struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
		ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
		struct cs_buffer bytes = { 0 }, a = { 0 }, b = { 0 };
		size_t first = 0;

		if (cs_otlp_pack(&alloc, cs_batch_of_spans(batch), &range, 1 << 22, &bytes) == 0 &&
		    range.items > 1) {
			cr_assert(eq(int,
				     cs_otlp_split(CS_SIGNAL_TRACES, bytes.data, bytes.len, &a, &b,
						   &first),
				     0));
			cr_assert(eq(sz, first, range.items / 2));
			cr_assert(a.len > 0 && b.len > 0);
		}
		cs_buffer_deinit(&a);
		cs_buffer_deinit(&b);
		cs_buffer_deinit(&bytes);
		cs_arena_deinit(&arena);
	}
}

Test(otlp_queue, one_span_cannot_be_split)
{
	struct cs_arena arena = { 0 };
	struct cs_otlp_queue q = queue_of(&arena, sample_batch(&arena, 1));

	cr_assert(eq(int, cs_otlp_queue_split(&q), -EINVAL));
	cr_assert(eq(sz, q.first->items, 1));
	cs_otlp_queue_drop(&q);
	cs_arena_deinit(&arena);
}
