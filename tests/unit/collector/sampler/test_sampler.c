/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sampler: what goes on, and that counts can be made of it again. */
#include "collector/sampler/sampler.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MINUTE CS_SLOWEST_WINDOW_NS

static struct cs_sampler sampler;
static struct cs_spans spans;
static const struct cs_inbound inbound;

static struct cs_identity identity = {
	.name = "orders",
	.exe = "/usr/bin/python3",
	.pid = 100,
	.segment = 9,
};

static void use(enum cs_head_kind head, double head_ratio, const char *tail)
{
	struct cs_sampler_options sampling = { .head = { head, head_ratio } };
	struct cs_diag diag = { 0 };

	cs_sampler_init(&sampler);
	cs_spans_init(&spans);
	if (tail)
		cr_assert(eq(int, cs_tail_parse(tail, &diag, &sampling.tail), 0), "%s", diag.text);
	cs_sampler_use(&sampler, &sampling);
}

static void stop(void)
{
	cs_sampler_deinit(&sampler);
	cs_spans_deinit(&spans);
}

TestSuite(sampler, .fini = stop);

static uint64_t state_of_random = 42;

static uint64_t next_random(void)
{
	uint64_t z = (state_of_random += 0x9e3779b97f4a7c15u); /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static struct cs_span_context context(void)
{
	struct cs_span_context made = { .trace_flags = CS_TRACE_FLAG_SAMPLED };
	uint64_t words[3] = { next_random(), next_random(), next_random() };

	memcpy(made.trace_id.bytes, words, 16);
	memcpy(made.span_id.bytes, words + 2, 8);
	return made;
}

static struct cs_invocation invocation(void)
{
	return (struct cs_invocation){
		.identity = &identity,
		.context = context(),
		.protocol = CS_PROTOCOL_HTTP,
		.pid = 100,
		.start_ns = 1000,
		.end_ns = 2000,
		.method = "GET",
		.status = 200,
		.inbound = &inbound,
	};
}

/* --- what comes out --- */

struct seen {
	double count;  /* adjusted: what the spans stand for */
	double failed; /* idem, of those with Error */
	size_t spans;
	size_t without; /* no threshold */
};

static void see_batch(const struct cs_span_batch *batch, struct seen *seen)
{
	for (size_t i = 0; i < batch->groups_count; i++) {
		for (size_t j = 0; j < batch->groups[i].spans_count; j++) {
			const struct cs_span *span = &batch->groups[i].spans[j];
			struct cs_ot_state state;
			double count;

			cs_ot_state_read(span->trace_state, &state);
			seen->spans++;
			if (state.threshold == CS_THRESHOLD_UNKNOWN) {
				seen->without++;
				continue;
			}
			/* Never less than it says, by its own random number. */
			count = 1 / cs_threshold_probability(state.threshold);
			seen->count += count;
			if (span->status == CS_STATUS_ERROR)
				seen->failed += count;
		}
	}
}

static void see(struct seen *seen)
{
	struct cs_span_batch batch;

	if (cs_spans_batch(&spans, &batch))
		see_batch(&batch, seen);
	cs_spans_reset(&spans);
	while (cs_sampler_take(&sampler, &batch))
		see_batch(&batch, seen);
}

static struct seen add(const struct cs_invocation *invocation)
{
	struct seen seen = { 0 };

	cs_sampler_add_invocation(&sampler, &spans, invocation);
	see(&seen);
	return seen;
}

/* --- the head --- */

Test(sampler, without_being_asked_it_changes_nothing)
{
	struct cs_invocation one = invocation();
	struct cs_span_batch batch;

	use(CS_HEAD_NONE, 1, NULL);
	one.context.trace_flags = 0;
	one.context.trace_state = "a=1,ot=th:c";
	cs_sampler_add_invocation(&sampler, &spans, &one);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_expect(eq(str, (char *)batch.groups[0].spans[0].trace_state, (char *)"a=1,ot=th:c"));
	cr_expect(eq(uint, batch.groups[0].spans[0].flags & CS_SPAN_FLAG_SAMPLED, 0));
}

Test(sampler, what_is_kept_says_that_it_is_sampled_and_with_which_probability)
{
	struct cs_invocation one = invocation();
	struct cs_span_batch batch;

	use(CS_HEAD_ALWAYS_ON, 1, NULL);
	one.context.trace_flags = 0;
	one.context.trace_state = "a=1,ot=th:c";
	cs_sampler_add_invocation(&sampler, &spans, &one);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_expect(eq(str, (char *)batch.groups[0].spans[0].trace_state, (char *)"ot=th:0,a=1"));
	cr_expect(eq(uint, batch.groups[0].spans[0].flags & CS_SPAN_FLAG_SAMPLED,
		     CS_SPAN_FLAG_SAMPLED));
}

Test(sampler, what_stands_below_an_invocation_shares_its_fate)
{
	struct cs_invocation one = invocation();
	struct cs_call call = { .identity = &identity, .kind = CS_CALL_EXCHANGE };
	struct cs_inner_span inner = { .identity = &identity, .name = "inner" };
	struct cs_cold_start cold = { .identity = &identity,
				      .phases = { { CS_PHASE_LINK, 1, 2, NULL } },
				      .phases_count = 1 };
	struct cs_sampler_stats stats;
	struct seen seen = { 0 };

	use(CS_HEAD_ALWAYS_OFF, 1, NULL);
	inner.context = call.context = cold.context = one.context;
	cs_sampler_add_cold_start(&sampler, &spans, &cold);
	cs_sampler_add_invocation(&sampler, &spans, &one);
	cs_sampler_add_inner(&sampler, &spans, &inner);
	cs_sampler_add_call(&sampler, &spans, &call);
	see(&seen);
	cr_expect(eq(sz, seen.spans, 0));
	cs_sampler_get_stats(&sampler, &stats);
	cr_expect(eq(u64, stats.out[CS_SAMPLED_OUT_HEAD], 5));
	cr_expect(eq(uint, cs_sampler_flags(&sampler, &one.context), 0));
}

Test(sampler, flags_of_what_is_never_left_out_say_what_the_head_decides)
{
	struct cs_invocation one = invocation();

	use(CS_HEAD_ALWAYS_ON, 1, NULL);
	one.context.trace_flags = CS_TRACE_FLAG_RANDOM;
	cr_expect(eq(uint, cs_sampler_flags(&sampler, &one.context),
		     CS_TRACE_FLAG_RANDOM | CS_TRACE_FLAG_SAMPLED));
}

Test(sampler, a_parents_no_is_counted_as_its_own)
{
	struct cs_invocation one = invocation();
	struct cs_sampler_stats stats;

	use(CS_HEAD_PARENT_ALWAYS_ON, 1, NULL);
	one.context.trace_flags = 0;
	one.context.caller_decided = true;
	cr_expect(eq(sz, add(&one).spans, 0));
	one.context.trace_flags = CS_TRACE_FLAG_SAMPLED;
	cr_expect(eq(sz, add(&one).without, 1));
	cs_sampler_get_stats(&sampler, &stats);
	cr_expect(eq(u64, stats.out[CS_SAMPLED_OUT_PARENT], 1));
}

/* --- the tail --- */

Test(sampler, each_rule_keeps_what_it_names)
{
	struct cs_invocation one;
	struct cs_cold_start cold = { .identity = &identity, .context = context() };
	struct cs_sampler_stats stats;
	struct seen seen = { 0 };

	use(CS_HEAD_NONE, 1, "cold,errors,timeouts,ratio=0");
	one = invocation();
	cr_expect(eq(sz, add(&one).spans, 0));
	one.cold = true;
	cr_expect(eq(dbl, add(&one).count, 1));
	one = invocation();
	one.status = 500;
	cr_expect(eq(dbl, add(&one).failed, 1));
	one = invocation();
	one.outcome = (struct cs_outcome){ CS_CAUSE_TIMEOUT, SIGKILL };
	cr_expect(eq(dbl, add(&one).failed, 1));
	cs_sampler_add_cold_start(&sampler, &spans, &cold);
	see(&seen);
	cr_expect(eq(dbl, seen.count, 1));
	/* The gateway's part of the trace with that start. */
	one = invocation();
	one.context.trace_id = cold.context.trace_id;
	cr_expect(eq(dbl, add(&one).count, 1));
	cs_sampler_get_stats(&sampler, &stats);
	cr_expect(eq(u64, stats.kept[CS_TAIL_COLD], 2));
	cr_expect(eq(u64, stats.kept[CS_TAIL_ERROR], 1));
	cr_expect(eq(u64, stats.kept[CS_TAIL_TIMEOUT], 1));
	cr_expect(eq(u64, stats.kept[CS_TAIL_TRACE], 1));
	cr_expect(eq(u64, stats.out[CS_SAMPLED_OUT_TAIL], 1));
}

Test(sampler, without_a_rule_for_it_a_start_is_kept_that_failed)
{
	struct cs_cold_start cold = { .identity = &identity, .context = context(), .ready = true };
	struct cs_sampler_stats stats;
	struct seen seen = { 0 };

	use(CS_HEAD_NONE, 1, "errors,ratio=0");
	cs_sampler_add_cold_start(&sampler, &spans, &cold);
	see(&seen);
	cr_expect(eq(sz, seen.spans, 0));
	cold.ready = false;
	cold.outcome = (struct cs_outcome){ CS_CAUSE_SIGNAL, SIGSEGV };
	cs_sampler_add_cold_start(&sampler, &spans, &cold);
	see(&seen);
	cr_expect(eq(dbl, seen.failed, 1));
	cs_sampler_get_stats(&sampler, &stats);
	cr_expect(eq(u64, stats.kept[CS_TAIL_ERROR], 1));
}

/* A caller that sampled, and does not say how probable that was: counts are of what came here. */
Test(sampler, the_tail_counts_what_came_to_it)
{
	struct cs_invocation one = invocation();
	struct seen seen;

	use(CS_HEAD_PARENT_ALWAYS_ON, 1, "errors,ratio=0.5");
	one.context.caller_decided = true;
	one.status = 500;
	seen = add(&one);
	cr_expect(eq(sz, seen.without, 0));
	cr_expect(eq(dbl, seen.count, 1));
}

/* Logs and spans of others come between an invocation and its last call. */
Test(sampler, what_is_told_late_goes_the_way_of_its_trace)
{
	struct cs_invocation failed = invocation(), fine = invocation();
	struct cs_call call = { .identity = &identity, .kind = CS_CALL_EXCHANGE };
	struct seen seen = { 0 };

	use(CS_HEAD_NONE, 1, "errors,ratio=0");
	failed.status = 500;
	cr_expect(eq(sz, add(&failed).spans, 1));
	cr_expect(eq(sz, add(&fine).spans, 0));
	call.context = failed.context;
	cs_sampler_add_call(&sampler, &spans, &call);
	see(&seen);
	cr_expect(eq(sz, seen.spans, 1));
	cr_expect(eq(dbl, seen.count, 1));
	cr_expect(eq(sz, add(&fine).spans, 0));
	call.context = fine.context;
	cs_sampler_add_call(&sampler, &spans, &call);
	see(&seen);
	cr_expect(eq(sz, seen.spans, 1));
}

Test(sampler, what_is_held_keeps_the_members_of_others)
{
	struct cs_invocation one = invocation();
	struct cs_span_batch batch;

	use(CS_HEAD_NONE, 1, "slowest=1,ratio=0");
	one.context.trace_state = "a=1,b=2";
	cr_expect(eq(sz, add(&one).spans, 0));
	cs_sampler_tick(&sampler, UINT64_MAX);
	cr_assert(cs_sampler_take(&sampler, &batch));
	cr_expect(eq(str, (char *)batch.groups[0].spans[0].trace_state, (char *)"ot=th:0,a=1,b=2"));
}

Test(sampler, those_that_are_held_take_what_is_below_them_along)
{
	struct cs_invocation one = invocation();
	struct cs_call call = { .identity = &identity, .kind = CS_CALL_EXCHANGE };
	struct cs_sampler_stats stats;
	struct seen seen = { 0 };

	use(CS_HEAD_NONE, 1, "slowest=1,ratio=0");
	one.context.trace_state = "a=1,ot=rv:00000000000000";
	call.context = one.context;
	for (unsigned i = 0; i < 3; i++) {
		one.end_ns = one.start_ns + 10 - i;
		cs_sampler_add_invocation(&sampler, &spans, &one);
		cs_sampler_add_call(&sampler, &spans, &call);
	}
	one.end_ns = one.start_ns + 20;
	cs_sampler_add_invocation(&sampler, &spans, &one);
	cs_sampler_add_call(&sampler, &spans, &call);
	see(&seen);
	cr_expect(eq(sz, seen.spans, 0));
	cr_expect(eq(u64, cs_sampler_tick(&sampler, MINUTE), MINUTE + CS_SLOWEST_LATE_NS));
	cr_expect(eq(u64, cs_sampler_tick(&sampler, MINUTE + CS_SLOWEST_LATE_NS), 0));
	see(&seen);
	cr_expect(eq(sz, seen.spans, 2));
	cr_expect(eq(dbl, seen.count, 2));
	cs_sampler_get_stats(&sampler, &stats);
	cr_expect(eq(u64, stats.out[CS_SAMPLED_OUT_TAIL], 6));
	cr_expect(eq(u64, stats.kept[CS_TAIL_SLOWEST], 2));
}

/* --- counts --- */

/* Ten minutes of three functions: what is exported gives back how many there were, and how many failed. */
static void reconstruct(unsigned count, enum cs_head_kind head, double head_ratio, const char *tail)
{
	const double within = 0.01;
	static char names[3][8] = { "orders", "users", "pay" };
	unsigned failed = 0;
	struct cs_sampler_stats stats;
	struct seen seen = { 0 };
	uint64_t out = 0;

	use(head, head_ratio, tail);
	for (unsigned i = 0; i < count; i++) {
		struct cs_invocation one = invocation();

		strcpy(identity.name, names[next_random() % 3]);
		one.cold = next_random() % 500 == 0;
		one.status = next_random() % 50 == 0 ? 503 : 200;
		failed += one.status == 503;
		one.start_ns = 10 * MINUTE * i / count;
		one.end_ns = one.start_ns + next_random() % 100000000 + 1;
		cs_sampler_add_invocation(&sampler, &spans, &one);
		if (spans.spans_count > 400)
			see(&seen);
	}
	cs_sampler_tick(&sampler, UINT64_MAX);
	see(&seen);
	cs_sampler_get_stats(&sampler, &stats);
	for (unsigned i = 0; i < CS_SAMPLED_OUT_COUNT; i++)
		out += stats.out[i];
	cr_expect(eq(sz, seen.spans + out, count));
	cr_expect(lt(sz, seen.spans, count / 2));
	cr_expect(eq(sz, seen.without, 0));
	cr_expect(lt(dbl, fabs(seen.count - count), within * count), "%s: %g of %u", tail,
		  seen.count, count);
	cr_expect(lt(dbl, fabs(seen.failed - failed), 10 * within * failed), "%s: %g of %u failed",
		  tail, seen.failed, failed);
	stop();
}

Test(sampler, adjusted_counts_give_back_what_there_was)
{
	reconstruct(300000, CS_HEAD_NONE, 1, "cold,errors,timeouts,slowest=10,ratio=0.1");
	reconstruct(80000, CS_HEAD_NONE, 1, "errors,slowest=100,ratio=0.2");
	reconstruct(80000, CS_HEAD_NONE, 1, "ratio=0.3");
	reconstruct(80000, CS_HEAD_RATIO, 0.25, NULL);
	/* Both: what the head has left out no rule of the tail can bring back, but its count is known. */
	reconstruct(80000, CS_HEAD_RATIO, 0.4, "cold,errors,slowest=10,ratio=0.3");
	reconstruct(80000, CS_HEAD_PARENT_RATIO, 0.25, "cold,errors,slowest=10,ratio=0.4");
	use(CS_HEAD_NONE, 1, NULL);
}

/* Errors are counted one by one, not only about right. */
Test(sampler, what_a_rule_keeps_is_counted_exactly)
{
	struct seen seen = { 0 };
	struct cs_invocation one;
	unsigned failed = 0;

	use(CS_HEAD_NONE, 1, "errors,slowest=5,ratio=0.01");
	for (unsigned i = 0; i < 20000; i++) {
		one = invocation();
		one.status = i % 37 == 0 ? 500 : 200;
		one.end_ns += i;
		failed += i % 37 == 0;
		cs_sampler_add_invocation(&sampler, &spans, &one);
		if (spans.spans_count > 400)
			see(&seen);
	}
	cs_sampler_tick(&sampler, UINT64_MAX);
	see(&seen);
	cr_expect(eq(dbl, seen.failed, failed));
}

/* However many functions and whatever they say, what is held is bounded, and what is let go is counted. */
Test(sampler, what_is_held_is_bounded)
{
	static char path[1024];
	struct cs_sampler_stats stats;
	struct seen seen = { 0 };
	size_t most = 0;

	use(CS_HEAD_NONE, 1, "slowest=100,ratio=0.5");
	memset(path, 'x', sizeof(path) - 1);
	for (unsigned i = 0; i < 20000; i++) {
		struct cs_invocation one = invocation();

		snprintf(identity.name, sizeof(identity.name), "f%u", i % 300);
		one.target = path;
		one.end_ns += next_random() % 1000000;
		cs_sampler_add_invocation(&sampler, &spans, &one);
		most = sampler.slowest.bytes > most ? sampler.slowest.bytes : most;
		see(&seen);
	}
	cr_expect(gt(sz, most, CS_SLOWEST_BYTES_MAX / 2));
	cr_expect(le(sz, most, CS_SLOWEST_BYTES_MAX));
	cs_sampler_tick(&sampler, UINT64_MAX);
	see(&seen);
	cs_sampler_get_stats(&sampler, &stats);
	cr_expect(gt(u64, stats.hurried, 1000));
	cr_expect(eq(sz, seen.spans + stats.out[CS_SAMPLED_OUT_TAIL], 20000));
	/* And who had to go for lack of room is drawn as all others are. */
	cr_expect(lt(dbl, fabs(seen.count - 20000), 600), "%g", seen.count);
	strcpy(identity.name, "orders");
}
