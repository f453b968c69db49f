/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sampler/head. */
#include "collector/sampler/head.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define NONE CS_THRESHOLD_UNKNOWN
#define HALF 0x80000000000000u

enum caller {
	NOBODY,
	SAMPLED,
	NOT_SAMPLED,
};

/* Two traces: one that every ratio from a half on keeps, and one that none below 1 does. */
static const struct cs_trace_id high = { { 1, [9] = 0x80 } };
static const struct cs_trace_id low = { { 1 } };

static enum cs_head_verdict decide(enum cs_head_kind kind, double ratio, enum caller caller,
				   const struct cs_trace_id *id, const char *state,
				   uint64_t *ret_threshold)
{
	const struct cs_head head = { kind, ratio };
	const struct cs_span_context context = {
		.trace_id = *id,
		.trace_state = state,
		.trace_flags = caller == NOT_SAMPLED ? 0 : CS_TRACE_FLAG_SAMPLED,
		.caller_decided = caller != NOBODY,
	};

	struct cs_ot_state said;

	*ret_threshold = NONE;
	cs_ot_state_read(state, &said);
	return cs_head_decide(&head, &context, &said, ret_threshold);
}

Test(head, each_sampler_decides_as_the_specification_says)
{
	static const struct {
		enum cs_head_kind kind;
		double ratio;
		enum caller caller;
		const struct cs_trace_id *id;
		const char *state;
		enum cs_head_verdict verdict;
		uint64_t threshold;
	} cases[] = {
		{ CS_HEAD_NONE, 1, NOBODY, &low, NULL, CS_HEAD_KEEP, 0 },
		{ CS_HEAD_NONE, 1, NOT_SAMPLED, &low, NULL, CS_HEAD_KEEP, 0 },
		{ CS_HEAD_ALWAYS_ON, 1, NOT_SAMPLED, &low, "ot=th:c", CS_HEAD_KEEP, 0 },
		{ CS_HEAD_ALWAYS_OFF, 1, SAMPLED, &high, NULL, CS_HEAD_OUT, NONE },
		{ CS_HEAD_RATIO, 0.5, NOT_SAMPLED, &high, NULL, CS_HEAD_KEEP, HALF },
		{ CS_HEAD_RATIO, 0.5, SAMPLED, &low, NULL, CS_HEAD_OUT, NONE },
		{ CS_HEAD_RATIO, 0.5, SAMPLED, &low, "ot=rv:80000000000000", CS_HEAD_KEEP, HALF },
		{ CS_HEAD_RATIO, 0.5, SAMPLED, &high, "ot=rv:7fffffffffffff", CS_HEAD_OUT, NONE },
		{ CS_HEAD_RATIO, 0, SAMPLED, &high, "ot=rv:ffffffffffffff", CS_HEAD_OUT, NONE },
		{ CS_HEAD_RATIO, 1, NOBODY, &low, NULL, CS_HEAD_KEEP, 0 },
		{ CS_HEAD_PARENT_ALWAYS_ON, 1, NOBODY, &low, NULL, CS_HEAD_KEEP, 0 },
		{ CS_HEAD_PARENT_ALWAYS_ON, 1, NOT_SAMPLED, &high, NULL, CS_HEAD_OUT_PARENT, NONE },
		{ CS_HEAD_PARENT_ALWAYS_ON, 1, SAMPLED, &low, NULL, CS_HEAD_KEEP, NONE },
		{ CS_HEAD_PARENT_ALWAYS_ON, 1, SAMPLED, &high, "ot=th:8", CS_HEAD_KEEP, HALF },
		/* its flag and its threshold contradict each other */
		{ CS_HEAD_PARENT_ALWAYS_ON, 1, SAMPLED, &low, "ot=th:8", CS_HEAD_KEEP, NONE },
		{ CS_HEAD_PARENT_ALWAYS_OFF, 1, NOBODY, &high, NULL, CS_HEAD_OUT, NONE },
		{ CS_HEAD_PARENT_ALWAYS_OFF, 1, SAMPLED, &low, NULL, CS_HEAD_KEEP, NONE },
		{ CS_HEAD_PARENT_RATIO, 0.5, NOBODY, &high, NULL, CS_HEAD_KEEP, HALF },
		{ CS_HEAD_PARENT_RATIO, 0.5, NOBODY, &low, NULL, CS_HEAD_OUT, NONE },
		{ CS_HEAD_PARENT_RATIO, 0.5, SAMPLED, &low, NULL, CS_HEAD_KEEP, NONE },
		{ CS_HEAD_PARENT_RATIO, 0.5, NOT_SAMPLED, &high, NULL, CS_HEAD_OUT_PARENT, NONE },
	};
	uint64_t threshold;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum cs_head_verdict got = decide(cases[i].kind, cases[i].ratio, cases[i].caller,
						  cases[i].id, cases[i].state, &threshold);

		cr_expect(eq(int, (int)got, (int)cases[i].verdict), "case %zu", i);
		if (got == CS_HEAD_KEEP)
			cr_expect(eq(u64, threshold, cases[i].threshold), "case %zu", i);
	}
}

/* "A positive decision with p1 implies a positive one with p2 >= p1." */
Test(head, a_higher_ratio_keeps_what_a_lower_one_keeps)
{
	uint64_t threshold, x = 1;

	for (unsigned i = 0; i < 10000; i++) {
		struct cs_trace_id id = { { 1 } };
		bool before = false;

		x = x * 6364136223846793005u + 1442695040888963407u;
		memcpy(id.bytes + 8, &x, sizeof(x));
		for (unsigned of_16 = 0; of_16 <= 16; of_16++) {
			bool kept = decide(CS_HEAD_RATIO, of_16 / 16.0, NOBODY, &id, NULL,
					   &threshold) == CS_HEAD_KEEP;

			cr_assert(kept || !before);
			before = kept;
		}
		cr_assert(before);
	}
}

Test(head, names_are_those_of_the_variable)
{
	enum cs_head_kind kind;

	for (unsigned i = CS_HEAD_ALWAYS_ON; i <= CS_HEAD_PARENT_RATIO; i++) {
		const char *name = cs_head_name((enum cs_head_kind)i);

		cr_assert(eq(int, cs_head_find(name, strlen(name), &kind), 0));
		cr_expect(eq(uint, kind, i));
	}
	/* OpenTelemetry's specification, "Enum": without regard to case. */
	cr_assert(eq(int, cs_head_find("ParentBased_ALWAYS_OFF", 22, &kind), 0));
	cr_expect(eq(uint, kind, CS_HEAD_PARENT_ALWAYS_OFF));
	cr_expect(eq(int, cs_head_find("none", 4, &kind), -EINVAL));
	cr_expect(eq(int, cs_head_find("always_on", 8, &kind), -EINVAL));
	cr_expect(eq(int, cs_head_find("jaeger_remote", 13, &kind), -EINVAL));
}
