/* SPDX-License-Identifier: Apache-2.0 */

/* What goes on and what does not; see sampler.h. */
#include "collector/sampler/sampler.h"

#include <stdlib.h>
#include <string.h>

static bool is_active(const struct cs_sampler *sampler)
{
	return sampler->sampling.head.kind != CS_HEAD_NONE || sampler->sampling.tail.asked;
}

/* --- traces of which a part was kept by a rule --- */

/* Where a trace is remembered; the latest one has the place. */
static struct cs_trace_id *place_of(struct cs_sampler *sampler, const struct cs_trace_id *id)
{
	uint64_t h;

	memcpy(&h, id->bytes + 8, sizeof(h));
	h *= 0x9e3779b97f4a7c15ull; /* ids of others may count up */
	return &sampler->traces[(h >> 32) % CS_SAMPLER_TRACES];
}

static void remember(struct cs_sampler *sampler, const struct cs_trace_id *id)
{
	if (sampler->traces)
		*place_of(sampler, id) = *id;
}

static bool is_remembered(struct cs_sampler *sampler, const struct cs_trace_id *id)
{
	return sampler->traces && !memcmp(place_of(sampler, id), id, sizeof(*id));
}

/* --- those that were held --- */

static void free_slow(struct cs_sampler *sampler, struct cs_slow *slow)
{
	sampler->stats.lost += slow->spans.lost;
	cs_slow_free(slow);
}

static void release(struct cs_sampler *sampler, struct cs_slow *slow, enum cs_tail_rule rule)
{
	char state[CS_TRACE_STATE_BYTES + 1];

	cs_ot_state_write(slow->trace_state, slow->threshold, state);
	cs_spans_set_trace_state(&slow->spans, state);
	sampler->stats.kept[rule] += slow->spans.spans_count;
	STAILQ_INSERT_TAIL(&sampler->released, slow, link);
	sampler->released_count++;
}

static void on_let_go(void *context, struct cs_slow *slow, enum cs_slow_end end)
{
	struct cs_sampler *sampler = context;

	if (end == CS_SLOW_MINUTE_OVER) {
		release(sampler, slow, CS_TAIL_SLOWEST);
	} else if (cs_tail_ratio(&sampler->sampling.tail, slow->randomness, &slow->threshold)) {
		release(sampler, slow, CS_TAIL_RATIO);
	} else {
		sampler->stats.out[CS_SAMPLED_OUT_TAIL] += slow->spans.spans_count;
		free_slow(sampler, slow);
	}
}

/* --- decisions --- */

static void end_family(struct cs_sampler *sampler)
{
	struct cs_sampler_family *family = &sampler->family;

	if (family->is && family->slow)
		cs_slowest_settle(&sampler->slowest, family->slow);
	*family = (struct cs_sampler_family){ .is = false };
}

static void keep(struct cs_sampler_family *family, const struct cs_span_context *context,
		 uint64_t threshold)
{
	family->kept = true;
	cs_ot_state_write(context->trace_state, threshold, family->trace_state);
}

/* Return: false: the head has left it out. */
static bool decide_head(struct cs_sampler *sampler, const struct cs_span_context *context,
			uint64_t *ret_threshold)
{
	struct cs_sampler_family *family = &sampler->family;
	enum cs_head_verdict verdict;
	struct cs_ot_state state;

	cs_ot_state_read(context->trace_state, &state);
	verdict = cs_head_decide(&sampler->sampling.head, context, &state, ret_threshold);
	family->is = true;
	family->trace_id = context->trace_id;
	family->randomness = cs_ot_state_randomness(&state, &context->trace_id);
	family->out = verdict == CS_HEAD_OUT_PARENT ? CS_SAMPLED_OUT_PARENT : CS_SAMPLED_OUT_HEAD;
	if (verdict != CS_HEAD_KEEP)
		return false;
	family->rule = CS_TAIL_RULE_COUNT;
	if (!sampler->sampling.tail.asked)
		keep(family, context, *ret_threshold);
	else if (*ret_threshold == CS_THRESHOLD_UNKNOWN)
		*ret_threshold = CS_THRESHOLD_ALL; /* of what came to the tail */
	return true;
}

static void keep_by_rule(struct cs_sampler *sampler, const struct cs_span_context *context,
			 enum cs_tail_rule rule, uint64_t threshold)
{
	sampler->family.rule = rule;
	keep(&sampler->family, context, threshold);
	remember(sampler, &context->trace_id);
}

/* Of what no rule keeps. */
static void decide_ratio(struct cs_sampler *sampler, const struct cs_span_context *context,
			 uint64_t threshold)
{
	struct cs_sampler_family *family = &sampler->family;

	family->out = CS_SAMPLED_OUT_TAIL;
	family->rule = CS_TAIL_RATIO;
	if (cs_tail_ratio(&sampler->sampling.tail, family->randomness, &threshold))
		keep(family, context, threshold);
}

/* Which rule keeps an invocation, whatever others do; CS_TAIL_RULE_COUNT: none. */
static enum cs_tail_rule rule_of(struct cs_sampler *sampler, const struct cs_invocation *invocation)
{
	const struct cs_tail_rules *tail = &sampler->sampling.tail;

	if (tail->cold && invocation->cold)
		return CS_TAIL_COLD;
	if (tail->timeouts && cs_invocation_timed_out(invocation))
		return CS_TAIL_TIMEOUT;
	if (tail->errors && cs_spans_invocation_failed(invocation))
		return CS_TAIL_ERROR;
	return is_remembered(sampler, &invocation->context.trace_id) ? CS_TAIL_TRACE
								     : CS_TAIL_RULE_COUNT;
}

/* Among the slowest so far: it is held until that is certain. */
static bool hold(struct cs_sampler *sampler, const struct cs_invocation *invocation,
		 uint64_t threshold)
{
	const struct cs_span_context *context = &invocation->context;
	struct cs_slow *slow;

	if (!sampler->sampling.tail.slowest)
		return false;
	slow = cs_slowest_offer(&sampler->slowest, invocation->identity,
				invocation->end_ns - invocation->start_ns, invocation->end_ns);
	if (!slow)
		return false;
	slow->randomness = sampler->family.randomness;
	slow->threshold = threshold;
	slow->trace_state = context->trace_state ? strdup(context->trace_state) : NULL;
	sampler->family.kept = true;
	sampler->family.slow = slow;
	return true;
}

static void decide_invocation(struct cs_sampler *sampler, const struct cs_invocation *invocation)
{
	enum cs_tail_rule rule;
	uint64_t threshold;

	end_family(sampler);
	if (!decide_head(sampler, &invocation->context, &threshold) ||
	    !sampler->sampling.tail.asked)
		return;
	rule = rule_of(sampler, invocation);
	if (rule != CS_TAIL_RULE_COUNT)
		keep_by_rule(sampler, &invocation->context, rule, threshold);
	else if (!hold(sampler, invocation, threshold))
		decide_ratio(sampler, &invocation->context, threshold);
}

static void decide_cold_start(struct cs_sampler *sampler, const struct cs_cold_start *cold)
{
	const struct cs_tail_rules *tail = &sampler->sampling.tail;
	uint64_t threshold;

	end_family(sampler);
	if (!decide_head(sampler, &cold->context, &threshold) || !tail->asked)
		return;
	if (tail->cold)
		keep_by_rule(sampler, &cold->context, CS_TAIL_COLD, threshold);
	else if (tail->errors && cs_spans_cold_start_failed(cold))
		keep_by_rule(sampler, &cold->context, CS_TAIL_ERROR, threshold);
	else
		decide_ratio(sampler, &cold->context, threshold);
}

/* What is told later than its invocation's others: by what is known of its trace. */
static void decide_late(struct cs_sampler *sampler, const struct cs_span_context *context)
{
	uint64_t threshold;

	end_family(sampler);
	if (!decide_head(sampler, context, &threshold) || !sampler->sampling.tail.asked)
		return;
	if (is_remembered(sampler, &context->trace_id))
		keep_by_rule(sampler, context, CS_TAIL_TRACE, threshold);
	else
		decide_ratio(sampler, context, threshold);
}

static void decide_below(struct cs_sampler *sampler, const struct cs_span_context *context)
{
	if (!sampler->family.is ||
	    memcmp(&sampler->family.trace_id, &context->trace_id, sizeof(context->trace_id)) != 0)
		decide_late(sampler, context);
}

/* --- what is added --- */

/* Where @count spans of the family go, with their context as it is to be told; NULL: nowhere. */
static struct cs_spans *place(struct cs_sampler *sampler, struct cs_spans *spans, uint64_t count,
			      struct cs_span_context *context)
{
	struct cs_sampler_family *family = &sampler->family;

	if (!family->kept) {
		sampler->stats.out[family->out] += count;
		return NULL;
	}
	if (sampler->sampling.head.kind != CS_HEAD_NONE)
		context->trace_flags |= CS_TRACE_FLAG_SAMPLED;
	if (family->slow)
		return &family->slow->spans;
	context->trace_state = *family->trace_state ? family->trace_state : NULL;
	if (sampler->sampling.tail.asked)
		sampler->stats.kept[family->rule] += count;
	return spans;
}

void cs_sampler_add_cold_start(struct cs_sampler *sampler, struct cs_spans *spans,
			       const struct cs_cold_start *cold_start)
{
	struct cs_cold_start told;
	struct cs_spans *to;

	if (!is_active(sampler)) {
		cs_spans_add_cold_start(spans, cold_start);
		return;
	}
	decide_cold_start(sampler, cold_start);
	told = *cold_start;
	to = place(sampler, spans, 1 + cold_start->phases_count, &told.context);
	if (to)
		cs_spans_add_cold_start(to, &told);
}

void cs_sampler_add_invocation(struct cs_sampler *sampler, struct cs_spans *spans,
			       const struct cs_invocation *invocation)
{
	struct cs_invocation told;
	struct cs_spans *to;

	if (!is_active(sampler)) {
		cs_spans_add_invocation(spans, invocation);
		return;
	}
	decide_invocation(sampler, invocation);
	told = *invocation;
	to = place(sampler, spans, 1, &told.context);
	if (to)
		cs_spans_add_invocation(to, &told);
}

void cs_sampler_add_inner(struct cs_sampler *sampler, struct cs_spans *spans,
			  const struct cs_inner_span *inner)
{
	struct cs_inner_span told;
	struct cs_spans *to;

	if (!is_active(sampler)) {
		cs_spans_add_inner(spans, inner);
		return;
	}
	decide_below(sampler, &inner->context);
	told = *inner;
	to = place(sampler, spans, 1, &told.context);
	if (to)
		cs_spans_add_inner(to, &told);
}

void cs_sampler_add_call(struct cs_sampler *sampler, struct cs_spans *spans,
			 const struct cs_call *call)
{
	struct cs_call told;
	struct cs_spans *to;

	if (!is_active(sampler)) {
		cs_spans_add_call(spans, call);
		return;
	}
	decide_below(sampler, &call->context);
	told = *call;
	to = place(sampler, spans, 1, &told.context);
	if (to)
		cs_spans_add_call(to, &told);
}

uint8_t cs_sampler_flags(const struct cs_sampler *sampler, const struct cs_span_context *context)
{
	struct cs_ot_state state;
	uint64_t threshold;

	if (sampler->sampling.head.kind == CS_HEAD_NONE)
		return context->trace_flags;
	cs_ot_state_read(context->trace_state, &state);
	if (cs_head_decide(&sampler->sampling.head, context, &state, &threshold) == CS_HEAD_KEEP)
		return context->trace_flags | CS_TRACE_FLAG_SAMPLED;
	return context->trace_flags & (uint8_t)~CS_TRACE_FLAG_SAMPLED;
}

/* --- life --- */

void cs_sampler_init(struct cs_sampler *sampler)
{
	*sampler = (struct cs_sampler){ .taken = 0 };
	STAILQ_INIT(&sampler->released);
	cs_slowest_init(&sampler->slowest, 0, sampler, on_let_go);
}

void cs_sampler_use(struct cs_sampler *sampler, const struct cs_sampler_options *sampling)
{
	sampler->sampling = *sampling;
	cs_slowest_init(&sampler->slowest, sampling->tail.slowest, sampler, on_let_go);
	/* Without memory for them, parts of a trace are decided of one by one. */
	if (sampling->tail.asked)
		sampler->traces = calloc(CS_SAMPLER_TRACES, sizeof(*sampler->traces));
}

/* Those of the batch that was taken are done with. */
static void forget_taken(struct cs_sampler *sampler)
{
	for (; sampler->taken; sampler->taken--) {
		struct cs_slow *slow = STAILQ_FIRST(&sampler->released);

		STAILQ_REMOVE_HEAD(&sampler->released, link);
		sampler->released_count--;
		free_slow(sampler, slow);
	}
	free(sampler->groups);
	sampler->groups = NULL;
}

void cs_sampler_deinit(struct cs_sampler *sampler)
{
	cs_sampler_tick(sampler, UINT64_MAX);
	sampler->taken = sampler->released_count;
	forget_taken(sampler);
	free(sampler->traces);
	sampler->traces = NULL;
}

uint64_t cs_sampler_tick(struct cs_sampler *sampler, uint64_t now_ns)
{
	end_family(sampler);
	return cs_slowest_tick(&sampler->slowest, now_ns);
}

/* Those at the head of the queue: as many as make one batch. */
static size_t count_groups(struct cs_sampler *sampler)
{
	struct cs_slow *slow;
	size_t count = 0;

	sampler->taken = 0;
	STAILQ_FOREACH(slow, &sampler->released, link)
	{
		if (sampler->taken == CS_SAMPLER_RELEASE_MAX)
			break;
		sampler->taken++;
		count += slow->spans.groups_count;
	}
	return count;
}

bool cs_sampler_take(struct cs_sampler *sampler, struct cs_span_batch *ret)
{
	struct cs_span_batch one;
	struct cs_slow *slow;
	size_t max, count = 0;

	forget_taken(sampler);
	max = count_groups(sampler);
	if (!sampler->taken)
		return false;
	sampler->groups = calloc(max + 1, sizeof(*sampler->groups));
	slow = STAILQ_FIRST(&sampler->released);
	for (size_t i = 0; i < sampler->taken; i++, slow = STAILQ_NEXT(slow, link)) {
		if (!sampler->groups) {
			slow->spans.lost += slow->spans.spans_count;
		} else if (cs_spans_batch(&slow->spans, &one)) {
			memcpy(sampler->groups + count, one.groups,
			       one.groups_count * sizeof(*one.groups));
			count += one.groups_count;
		}
	}
	*ret = (struct cs_span_batch){ .groups = sampler->groups, .groups_count = count };
	return true;
}

void cs_sampler_get_stats(const struct cs_sampler *sampler, struct cs_sampler_stats *ret)
{
	*ret = sampler->stats;
	ret->hurried = sampler->slowest.hurried;
}
