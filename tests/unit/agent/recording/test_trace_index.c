/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/trace_index: a recording in order. */
#include "agent/recording/trace_index.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define SERVER 2

static struct cs_trace_file file;
static struct cs_trace_index trace;

static void set_up(void)
{
	cs_trace_file_init(&file);
}

static void tear_down(void)
{
	cs_trace_file_deinit(&file);
}

TestSuite(trace_index, .init = set_up, .fini = tear_down);

/* One more span; what is not set is empty. */
static struct cs_trace_span *add(struct cs_trace_span span)
{
	struct cs_trace_span *copy = cs_arena_alloc(&file.arena, sizeof(*copy));

	cr_assert(ne(ptr, copy, NULL));
	*copy = span;
	copy->number = file.count++;
	copy->service = span.service ? span.service : "s";
	copy->name = span.name ? span.name : "";
	copy->span_id = span.span_id ? span.span_id : "";
	copy->parent_id = span.parent_id ? span.parent_id : "";
	*file.end = copy;
	file.end = &copy->next;
	return copy;
}

static void add_call(const char *service, bool cold, uint64_t duration_ns)
{
	add((struct cs_trace_span){ .service = service,
				    .kind = SERVER,
				    .cold = cold,
				    .start_unix_ns = 1000,
				    .end_unix_ns = 1000 + duration_ns });
}

static const struct cs_trace_service *service_of(const struct cs_trace_span *span)
{
	const struct cs_trace_service *service = cs_trace_index_service(&trace, span);

	cr_assert(ne(ptr, (void *)service, NULL));
	cr_assert(eq(str, (char *)service->name, (char *)span->service));
	return service;
}

Test(trace_index, of_warm_calls_the_median_counts_and_of_cold_ones_the_mean)
{
	const struct cs_trace_span *other = add((struct cs_trace_span){ .service = "b" });
	const struct cs_trace_span *span = add((struct cs_trace_span){ .service = "a" });
	static const uint64_t warm[] = { 50, 10, 900, 20, 30 };

	for (size_t i = 0; i < sizeof(warm) / sizeof(warm[0]); i++)
		add_call("a", false, warm[i]);
	add_call("a", true, 100);
	add_call("b", false, 7);
	add_call("a", true, 200);
	cr_assert(eq(int, cs_trace_index_init(&file, &trace), 0));
	cr_assert(eq(sz, trace.services_count, 2));
	cr_expect(eq(sz, service_of(span)->warm_count, 5));
	cr_expect(eq(u64, service_of(span)->warm_ns, 30));
	cr_expect(eq(sz, service_of(span)->cold_count, 2));
	cr_expect(eq(u64, service_of(span)->cold_ns, 150));
	cr_expect(eq(u64, service_of(other)->warm_ns, 7));
	cr_expect(eq(sz, service_of(other)->cold_count, 0));
}

/* One that was killed after 500 ms says nothing of how long a warm one takes. */
Test(trace_index, invocations_that_failed_are_counted_by_themselves)
{
	const struct cs_trace_span *span = add((struct cs_trace_span){ .service = "a" });

	add_call("a", false, 7);
	add_call("a", true, 100);
	for (int cold = 0; cold <= 1; cold++)
		add((struct cs_trace_span){ .service = "a",
					    .kind = SERVER,
					    .cold = cold,
					    .failed = true,
					    .end_unix_ns = 500000000 });
	add((struct cs_trace_span){ .service = "a", .failed = true });
	cr_assert(eq(int, cs_trace_index_init(&file, &trace), 0));
	cr_expect(eq(sz, service_of(span)->warm_count, 1));
	cr_expect(eq(u64, service_of(span)->warm_ns, 7));
	cr_expect(eq(sz, service_of(span)->cold_count, 1));
	cr_expect(eq(u64, service_of(span)->cold_ns, 100));
	cr_expect(eq(sz, service_of(span)->failed_count, 2));
}

Test(trace_index, phases_stand_below_their_start_as_they_were_read)
{
	struct cs_trace_span *one = add((struct cs_trace_span){ .span_id = "b" });
	struct cs_trace_span *childless = add((struct cs_trace_span){ .span_id = "c" });
	struct cs_trace_span *last, *first, *other;
	const struct cs_trace_span *const *phases;
	size_t count;

	first = add((struct cs_trace_span){ .parent_id = "b", .phase = "exec" });
	other = add((struct cs_trace_span){ .parent_id = "a", .phase = "code" });
	add((struct cs_trace_span){ .parent_id = "b" });
	last = add((struct cs_trace_span){ .parent_id = "b", .phase = "code" });
	cr_assert(eq(int, cs_trace_index_init(&file, &trace), 0));
	cr_assert(eq(sz, trace.phases_count, 3));
	phases = cs_trace_index_phases(&trace, one, &count);
	cr_assert(eq(sz, count, 2));
	cr_expect(eq(ptr, (void *)phases[0], first));
	cr_expect(eq(ptr, (void *)phases[1], last));
	cr_expect(eq(ptr, (void *)cs_trace_index_phases(&trace, childless, &count), NULL));
	cr_expect(eq(sz, count, 0));
	one->span_id = "a";
	phases = cs_trace_index_phases(&trace, one, &count);
	cr_assert(eq(sz, count, 1));
	cr_expect(eq(ptr, (void *)phases[0], other));
}

Test(trace_index, whoever_caused_a_cold_start_of_another_service_is_a_caller)
{
	struct cs_trace_span *gateway =
		add((struct cs_trace_span){ .service = "g", .span_id = "1" });
	struct cs_trace_span *function = add((struct cs_trace_span){
		.service = "f", .span_id = "2", .parent_id = "1", .name = "cold start" });

	add((struct cs_trace_span){ .service = "f", .parent_id = "2", .name = "cold start" });
	add((struct cs_trace_span){ .service = "x", .parent_id = "9", .name = "cold start" });
	cr_assert(eq(int, cs_trace_index_init(&file, &trace), 0));
	cr_expect(service_of(gateway)->calls_others);
	cr_expect(not(service_of(function)->calls_others));
}

Test(trace_index, nothing_is_a_recording)
{
	cr_assert(eq(int, cs_trace_index_init(&file, &trace), 0));
	cr_assert(eq(sz, trace.services_count, 0));
	cr_assert(eq(sz, trace.spans_count, 0));
}

Test(trace_index, a_span_that_ends_before_it_begins_takes_no_time)
{
	const struct cs_trace_span span = { .start_unix_ns = 5, .end_unix_ns = 4 };

	cr_assert(eq(u64, cs_trace_span_duration(&span), 0));
}
