/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of collector/spans: cold starts and invocations as OpenTelemetry spans, in
 * batches by instance.
 */
#include "tests/unit/collector/spans/spans_fixture.h"

Test(spans, a_cold_start_is_a_span_with_one_below_for_each_phase)
{
	struct cs_cold_start cold = cold_start();
	const struct cs_span *span;

	cs_spans_add_cold_start(&spans, &cold);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, batch.groups_count, 1));
	cr_assert(eq(sz, batch.groups[0].spans_count, 3));
	span = batch.groups[0].spans;
	cr_assert(eq(str, (char *)span[0].name, (char *)"cold start"));
	cr_assert(eq(u64, span[0].start_unix_ns, 1700000000000001000));
	cr_assert(eq(u64, span[0].end_unix_ns, 1700000000000003000));
	cr_assert(eq(str, (char *)text(&span[0].attrs, "coldspan.init.type"), (char *)"on_demand"));
	cr_assert(cs_attributes_find(&span[0].attrs, "coldspan.init.counted")->boolean);
	cr_assert(
		eq(ptr, (void *)cs_attributes_find(&span[0].attrs, "coldspan.init.unused"), NULL));
	cr_assert(eq(i64, number(&span[0].attrs, "coldspan.dlopens"), 3));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span[0].attrs, "coldspan.cpu_ns"),
		     NULL)); /* unknown */
	cr_assert(eq(str, (char *)span[1].name, (char *)"link"));
	cr_assert(eq(str, (char *)span[2].name, (char *)"runtime"));
	cr_assert(eq(u64, span[1].end_unix_ns, span[2].start_unix_ns));
	cr_assert(ne(ptr, (void *)cs_attributes_find(&span[1].attrs, "coldspan.phase.approximate"),
		     NULL));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span[2].attrs, "coldspan.phase.approximate"),
		     NULL));
	for (unsigned i = 1; i < 3; i++) {
		cr_assert(eq(int, memcmp(&span[i].parent_span_id, &span[0].span_id, 8), 0));
		cr_assert(eq(int, memcmp(&span[i].trace_id, &span[0].trace_id, 16), 0));
	}
	cr_assert(ne(int, memcmp(&span[1].span_id, &span[2].span_id, 8), 0));
}

Test(spans, the_resource_says_whose_spans_these_are)
{
	struct cs_invocation one = invocation();
	const struct cs_attrs *resource;

	only_span(&one);
	resource = &batch.groups[0].resource;
	cr_assert(eq(str, (char *)text(resource, "service.name"), (char *)"orders"));
	cr_assert(eq(str, (char *)text(resource, "faas.instance"), (char *)"9-100"));
	cr_assert(eq(i64, number(resource, "process.pid"), 100));
	cr_assert(eq(str, (char *)text(resource, "coldspan.script"), (char *)"/app/orders.py"));
	cr_assert(eq(ptr, (void *)cs_attributes_find(resource, "faas.version"), NULL));
}

Test(spans, a_process_without_a_pid_that_we_see_tells_none)
{
	struct cs_invocation one = invocation();
	struct cs_identity unseen = identity;

	unseen.pid = unseen.ppid = -5;
	one.identity = &unseen;
	one.pid = -6;
	cr_assert(eq(ptr,
		     (void *)cs_attributes_find(&only_span(&one)->attrs, "coldspan.worker.pid"),
		     NULL));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&batch.groups[0].resource, "process.pid"),
		     NULL));
	cr_assert(eq(ptr,
		     (void *)cs_attributes_find(&batch.groups[0].resource, "process.parent_pid"),
		     NULL));
}

Test(spans, a_worker_that_is_not_the_process_itself_is_named)
{
	struct cs_invocation one = invocation();

	one.pid = 101;
	cr_assert(eq(i64, number(&only_span(&one)->attrs, "coldspan.worker.pid"), 101));
}

Test(spans, anchors_that_lie_never_put_an_end_before_its_start)
{
	static const uint64_t reals[] = { 0, 1, UINT64_MAX - 2000, UINT64_MAX };
	static const uint64_t monos[] = { 0, 2500, UINT64_MAX };

	for (unsigned i = 0; i < 12; i++) {
		struct cs_identity liar = identity;
		struct cs_invocation one = invocation();
		const struct cs_span *span;

		liar.anchor_realtime_ns = reals[i % 4];
		liar.anchor_monotonic_ns = monos[i / 4];
		one.identity = &liar;
		cs_spans_reset(&spans);
		span = only_span(&one);
		cr_assert(le(u64, span->start_unix_ns, span->end_unix_ns));
	}
}

Test(spans, numbers_that_no_integer_holds_are_the_largest)
{
	struct cs_cold_start cold = cold_start();

	cold.usage_known = true;
	cold.cpu_ns = UINT64_MAX;
	cs_spans_add_cold_start(&spans, &cold);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(i64, number(&batch.groups[0].spans[0].attrs, "coldspan.cpu_ns"), INT64_MAX));
}

Test(spans, instances_have_groups_of_their_own)
{
	struct cs_invocation one = invocation();
	struct cs_identity other = identity;

	other.segment = 10;
	for (unsigned i = 0; i < 40; i++) {
		one.identity = i % 2 ? &other : &identity;
		one.context.span_id.bytes[1] = (uint8_t)i;
		cs_spans_add_invocation(&spans, &one);
	}
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, batch.groups_count, 2));
	cr_assert(eq(sz, batch.groups[0].spans_count, 20));
	/* in their order, across the pieces that they are kept in */
	for (size_t i = 1; i < 20; i++)
		cr_assert(lt(u8, batch.groups[0].spans[i - 1].span_id.bytes[1],
			     batch.groups[0].spans[i].span_id.bytes[1]));
}

Test(spans, a_batch_is_full_at_its_limit_and_empty_after_a_reset)
{
	struct cs_invocation one = invocation();

	cr_assert(not(cs_spans_batch(&spans, &batch)));
	for (unsigned i = 0; i < CS_SPANS_COUNT_MAX; i++) {
		cr_assert(not(cs_spans_full(&spans)));
		cs_spans_add_invocation(&spans, &one);
	}
	cr_assert(cs_spans_full(&spans));
	cs_spans_reset(&spans);
	cr_assert(not(cs_spans_full(&spans)));
	cr_assert(not(cs_spans_batch(&spans, &batch)));
}

Test(spans, what_there_is_no_memory_for_is_counted_span_by_span)
{
	struct cs_cold_start cold = cold_start();
	struct cs_invocation one = invocation();
	uint64_t told = 0;

	/* One block is what there is: some fit, and from then on each is lost. */
	spans.arena.limit_bytes = spans.arena.block_bytes;
	for (unsigned i = 0; i < 20; i++) {
		cs_spans_add_cold_start(&spans, &cold);
		cs_spans_add_invocation(&spans, &one);
	}
	if (cs_spans_batch(&spans, &batch))
		told = cs_span_batch_count(&batch);
	cr_assert(ne(u64, spans.lost, 0));
	cr_assert(eq(u64, told + spans.lost, 20 * 4));
}

Test(spans, texts_are_copies)
{
	char target[] = "/orders";
	struct cs_invocation one = invocation();

	one.target = target;
	cs_spans_add_invocation(&spans, &one);
	memset(target, 'x', sizeof(target) - 1);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(str, (char *)text(&batch.groups[0].spans[0].attrs, "url.path"),
		     (char *)"/orders"));
}

Test(spans, a_trace_state_can_be_set_when_all_are_there)
{
	struct cs_cold_start cold = cold_start();
	struct cs_invocation one = invocation();

	one.context.trace_state = "a=1";
	cs_spans_add_cold_start(&spans, &cold);
	cs_spans_add_invocation(&spans, &one);
	cs_spans_set_trace_state(&spans, "ot=th:c,a=1");
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, batch.groups[0].spans_count, 4));
	for (size_t i = 0; i < 4; i++)
		cr_expect(eq(str, (char *)batch.groups[0].spans[i].trace_state,
			     (char *)"ot=th:c,a=1"));
	cs_spans_set_trace_state(&spans, "");
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_expect(eq(ptr, (void *)batch.groups[0].spans[0].trace_state, NULL));
}
