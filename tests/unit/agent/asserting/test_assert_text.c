/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/asserting/assert_text: what is said of a start that came to nothing, and of a verdict. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "agent/asserting/assert_text.h"
#include "agent/asserting/asserting.h"

static void expect(enum cs_plan_ready ready, const char *phase, const char *text)
{
	const struct cs_plan_function function = {
		.ready = ready,
		.sampling.timeout_ns = 10000000000u,
	};
	const struct cs_asserted asserted = {
		.function = &function,
		.failed = true,
		.failure = { .outcome = CS_SAMPLING_NEVER_READY, .last_phase = phase },
	};
	struct cs_buffer out = { 0 };

	cs_assert_failure(&asserted, &out);
	cr_assert(eq(str, out.data, (char *)text));
	cs_buffer_deinit(&out);
}

Test(assert_text, a_start_that_never_got_ready_tells_what_it_was_waited_for)
{
	expect(CS_READY_RESPONSE, "runtime",
	       "start 1: it never became ready within 10.0 s (waited for an answer to its first "
	       "event on $PORT), in phase runtime");
	expect(CS_READY_EXIT, "code",
	       "start 1: it never became ready within 10.0 s (waited for it to end), in phase code");
	expect(CS_READY_LISTEN, NULL,
	       "start 1: it never became ready within 10.0 s (waited for it to listen on $PORT)");
}

Test(assert_text, a_server_that_is_waited_to_end_is_told_what_to_write)
{
	expect(CS_READY_EXIT, "wait",
	       "start 1: it never became ready within 10.0 s (waited for it to end; of a server on "
	       "$PORT write ready: first-response), in phase wait");
}

static void expect_evidence(double chance, const char *text)
{
	const struct cs_budget budget = { .metric = CS_METRIC_TOTAL,
					  .against = CS_AGAINST_BASELINE };
	const struct cs_judgement judgement = { .verdict = CS_VERDICT_INCONCLUSIVE,
						.count = 8,
						.point = 1.5,
						.lower = (double)NAN,
						.upper = (double)NAN,
						.resolution = (double)NAN,
						.chance = chance };
	struct cs_buffer out = { 0 };

	cs_assert_evidence(&budget, &judgement, &out);
	cr_assert(eq(str, out.data, (char *)text));
	cs_buffer_deinit(&out);
}

Test(assert_text, what_chance_brings_every_other_time_is_not_told)
{
	expect_evidence(0.01, "+50.0 %, by chance once in 100");
	expect_evidence(0.6, "+50.0 %");
	expect_evidence(1, "+50.0 %");
	expect_evidence((double)NAN, "+50.0 %");
}
