/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of collector/spans: how an invocation or a start ended, and what of that is an
 * error.
 */
#include "tests/unit/collector/spans/spans_fixture.h"

Test(spans, an_end_that_was_not_seen_is_said_to_be_approximate)
{
	struct cs_invocation one = invocation();

	cr_assert(eq(ptr,
		     (void *)cs_attributes_find(&only_span(&one)->attrs, "coldspan.approximate"),
		     NULL));
	cs_spans_reset(&spans);
	one.approximate = CS_END_UNSEEN;
	cr_assert(ne(ptr,
		     (void *)cs_attributes_find(&only_span(&one)->attrs, "coldspan.approximate"),
		     NULL));
}

Test(spans, a_signal_is_an_error_with_its_name)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome = (struct cs_outcome){ CS_CAUSE_SIGNAL, SIGKILL };
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)span->status_message, (char *)"killed by signal 9 (SIGKILL)"));
	cr_assert(eq(str, (char *)text(&span->attrs, "error.type"), (char *)"signal"));
	cr_assert(eq(i64, number(&span->attrs, "coldspan.exit.signal"), SIGKILL));
}

Test(spans, an_exit_status_is_an_error_unless_it_is_0)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome = (struct cs_outcome){ CS_CAUSE_EXIT, 0 };
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_UNSET));
	cr_assert(eq(i64, number(&span->attrs, "process.exit.code"), 0));
	cs_spans_reset(&spans);
	one.outcome.code = 3;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)span->status_message, (char *)"exit status 3"));
}

Test(spans, exit_status_0_is_an_error_where_an_answer_was_owed)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome = (struct cs_outcome){ CS_CAUSE_EXIT, 0 };
	one.protocol = CS_PROTOCOL_HTTP;
	one.first_byte_ns = 0;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)text(&span->attrs, "error.type"), (char *)"exit"));
	cs_spans_reset(&spans);
	one.first_byte_ns = one.start_ns; /* it may last until the connection is closed */
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_UNSET));
	cs_spans_reset(&spans);
	one.protocol = CS_PROTOCOL_LAMBDA;
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_ERROR));
}

Test(spans, an_end_that_nobody_told_is_said_to_be_unknown)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome.cause = CS_CAUSE_UNKNOWN;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)text(&span->attrs, "error.type"), (char *)"unknown"));
}

Test(spans, a_response_of_500_and_one_cut_short_are_errors)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.status = 503;
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_ERROR));
	cs_spans_reset(&spans);
	one.status = 404;
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_UNSET));
	cs_spans_reset(&spans);
	one.aborted = true;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(ne(ptr, (void *)span->status_message, NULL));
}

Test(spans, whether_a_start_failed_is_known_before_its_span)
{
	static const struct cs_outcome outcomes[] = {
		{ CS_CAUSE_NONE, 0 },         { CS_CAUSE_EXIT, 0 },
		{ CS_CAUSE_EXIT, 3 },         { CS_CAUSE_SIGNAL, SIGKILL },
		{ CS_CAUSE_SIGNAL, SIGTERM }, { CS_CAUSE_TIMEOUT, SIGKILL },
		{ CS_CAUSE_UNKNOWN, 0 },
	};
	struct cs_lambda_place place = { .runtime_api = "127.0.0.1:1", .init_error = "Crashed" };
	struct cs_identity lambda = identity;

	lambda.lambda = &place;
	for (unsigned i = 0; i < 4 * sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct cs_cold_start cold = cold_start();

		cold.outcome = outcomes[i / 4];
		cold.unused = i & 1;
		cold.load_status = i & 2 && i < 8 ? 502 : 0;
		cold.identity = i >= 24 ? &lambda : &identity;
		cs_spans_add_cold_start(&spans, &cold);
		cr_assert(cs_spans_batch(&spans, &batch));
		cr_expect(eq(int, cs_spans_cold_start_failed(&cold),
			     batch.groups[0].spans[0].status == CS_STATUS_ERROR),
			  "outcome %u, case %u", i / 4, i % 4);
		cs_spans_reset(&spans);
	}
}
