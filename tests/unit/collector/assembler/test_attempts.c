/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/attempts: which deliveries of an event are attempts of one another. */
#include "collector/assembler/attempts.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "preload/wire/records.h"

static const struct cs_id_key key = { { 7 } };
static struct cs_attempts attempts;
static struct cs_identity identity;
static const char *target;

static void start(void)
{
	identity = (struct cs_identity){ .name = "orders", .uid = 1000 };
	target = "/x";
}

static void stop(void)
{
	cs_attempts_deinit(&attempts);
}

TestSuite(attempts, .init = start, .fini = stop);

/* Times are 1 ns each: from @at to @at + 10. The span's id is @at. */
static struct cs_attempt deliver(const char *source, const char *id, unsigned told, uint8_t at)
{
	struct cs_inbound inbound = { .attempt = told };
	struct cs_invocation invocation = {
		.identity = &identity,
		.inbound = &inbound,
		.context = { .trace_id = { { 9, at } }, .span_id = { { at } }, .trace_flags = 1 },
		.target = target,
		.start_ns = at,
		.end_ns = at + 10u,
	};

	inbound.ids[CS_REQUEST_ID_EVENT_SOURCE] = (char *)source;
	inbound.ids[CS_REQUEST_ID_EVENT] = (char *)id;
	return cs_attempts_note(&attempts, &key, &invocation);
}

static bool is_first(struct cs_attempt attempt)
{
	return attempt.number == 0 && !attempt.has_previous;
}

Test(attempts, an_event_that_comes_again_follows_the_attempt_before)
{
	struct cs_attempt second, third;

	cr_assert(is_first(deliver("/s", "1", 0, 10)));
	second = deliver("/s", "1", 0, 20);
	cr_assert(eq(u32, second.number, 2));
	cr_assert(second.has_previous);
	cr_assert(eq(u8, second.previous.span_id.bytes[0], 10));
	cr_assert(eq(u8, second.previous.trace_id.bytes[1], 10));
	cr_assert(eq(u8, second.previous.trace_flags, 1));
	third = deliver("/s", "1", 0, 100);
	cr_assert(eq(u32, third.number, 3));
	cr_assert(eq(u8, third.previous.span_id.bytes[0], 20));
}

Test(attempts, other_events_functions_users_and_targets_are_not_the_same)
{
	cr_assert(is_first(deliver("/s", "1", 0, 10)));
	cr_assert(is_first(deliver("/s", "2", 0, 30)));
	cr_assert(is_first(deliver("/t", "1", 0, 30)));
	cr_assert(is_first(deliver("/s1", "", 0, 30)));
	identity.uid = 1001;
	cr_assert(is_first(deliver("/s", "1", 0, 30)));
	identity.uid = 1000;
	strcpy(identity.name, "bills");
	cr_assert(is_first(deliver("/s", "1", 0, 30)));
	strcpy(identity.name, "orders");
	target = "/y";
	cr_assert(is_first(deliver("/s", "1", 0, 30)));
	target = "/x";
	cr_assert(eq(u32, deliver("/s", "1", 0, 50).number, 2));
}

Test(attempts, what_names_no_event_is_not_remembered)
{
	cr_assert(is_first(deliver(NULL, "1", 0, 10)));
	cr_assert(is_first(deliver(NULL, "1", 0, 30)));
	cr_assert(is_first(deliver("/s", NULL, 0, 50)));
	cr_assert(eq(ptr, (void *)attempts.entries, NULL));
	/* What the sender says of it is told all the same. */
	cr_assert(eq(u32, deliver(NULL, NULL, 3, 70).number, 3));
}

/* A proxy under the function's name: it ends after the server behind it, and began before. */
Test(attempts, what_runs_at_the_same_time_is_no_attempt)
{
	cr_assert(is_first(deliver("/s", "1", 0, 12)));
	cr_assert(is_first(deliver("/s", "1", 0, 15)));
	cr_assert(is_first(deliver("/s", "1", 0, 21)));
	cr_assert(eq(u32, deliver("/s", "1", 0, 22).number, 2));
}

Test(attempts, what_the_sender_counts_goes_before_what_we_counted)
{
	struct cs_attempt attempt = deliver("/s", "1", 4, 10);

	cr_assert(eq(u32, attempt.number, 4));
	cr_assert(not(attempt.has_previous)); /* we did not see it */
	attempt = deliver("/s", "1", 7, 30);
	cr_assert(eq(u32, attempt.number, 7));
	cr_assert(eq(u8, attempt.previous.span_id.bytes[0], 10));
	/* The same attempt, sent twice */
	attempt = deliver("/s", "1", 7, 45);
	cr_assert(eq(u32, attempt.number, 7));
	cr_assert(not(attempt.has_previous));
	/* Counted anew: a task of the same name */
	attempt = deliver("/s", "1", 1, 50);
	cr_assert(eq(u32, attempt.number, 1));
	cr_assert(not(attempt.has_previous));
	cr_assert(eq(u32, deliver("/s", "1", 0, 70).number, 8));
}

Test(attempts, a_task_is_known_by_its_name)
{
	struct cs_inbound inbound = { .ids = { [CS_REQUEST_ID_TASK] = (char *)"t" }, .attempt = 1 };
	struct cs_invocation invocation = { .identity = &identity,
					    .inbound = &inbound,
					    .end_ns = 10 };
	struct cs_attempt attempt;

	attempt = cs_attempts_note(&attempts, &key, &invocation);
	cr_assert(eq(u32, attempt.number, 1));
	invocation.start_ns = invocation.end_ns = 20;
	inbound.attempt = 2;
	attempt = cs_attempts_note(&attempts, &key, &invocation);
	cr_assert(eq(u32, attempt.number, 2));
	cr_assert(attempt.has_previous);
}

/* A Lambda event of request @request with messages "m-1", and @other. */
static struct cs_attempt deliver_batch(struct cs_message *messages, const char *request,
				       const char *other, uint8_t at)
{
	struct cs_inbound inbound = { 0 };
	struct cs_lambda_event event = { .id = (char *)request,
					 .service = CS_EVENT_SQS,
					 .messages = messages,
					 .messages_count = 2 };
	struct cs_invocation invocation = {
		.identity = &identity,
		.inbound = &inbound,
		.lambda = &event,
		.context = { .trace_id = { { 9, at } }, .span_id = { { at } }, .trace_flags = 1 },
		.start_ns = at,
		.end_ns = at + 10u,
	};

	messages[0] = (struct cs_message){ .id = (char *)"m-1" };
	messages[1] = (struct cs_message){ .id = (char *)other };
	cs_attempts_note_messages(&attempts, &key, &invocation, &event);
	return cs_attempts_note(&attempts, &key, &invocation);
}

Test(attempts, each_message_of_a_batch_follows_its_own_attempt_before)
{
	struct cs_message messages[2];

	cr_assert(is_first(deliver_batch(messages, "r-1", "m-2", 10)));
	cr_assert(not(messages[0].has_previous));
	cr_assert(is_first(deliver_batch(messages, "r-2", "m-3", 20)));
	cr_assert(messages[0].has_previous);
	cr_assert(eq(u32, messages[0].attempt, 2));
	cr_assert(eq(u8, messages[0].previous.span_id.bytes[0], 10));
	cr_assert(not(messages[1].has_previous));
	cr_assert(eq(u32, messages[1].attempt, 0));
}

Test(attempts, a_message_that_two_functions_have_is_an_attempt_of_neither)
{
	struct cs_message messages[2];

	cr_assert(is_first(deliver_batch(messages, "r-1", "m-2", 10)));
	strcpy(identity.name, "bills");
	cr_assert(is_first(deliver_batch(messages, "r-2", "m-2", 30)));
	cr_assert(not(messages[0].has_previous || messages[1].has_previous));
}

Test(attempts, a_retry_on_lambda_has_the_request_id_of_the_attempt_before)
{
	struct cs_message messages[2];
	struct cs_attempt second;

	cr_assert(is_first(deliver_batch(messages, "r-1", NULL, 10)));
	second = deliver_batch(messages, "r-1", NULL, 20);
	cr_assert(eq(u32, second.number, 2));
	cr_assert(eq(u8, second.previous.span_id.bytes[0], 10));
}

/* A batch of the CloudEvents @id and "e-9", with their source, or without. */
static void deliver_events(struct cs_message *messages, const char *source, const char *id,
			   uint8_t at)
{
	struct cs_inbound inbound = { 0 };
	struct cs_lambda_event event = { .service = CS_EVENT_CLOUDEVENTS,
					 .messages = messages,
					 .messages_count = 2 };
	struct cs_invocation invocation = {
		.identity = &identity,
		.inbound = &inbound,
		.batch = &event,
		.target = "/x",
		.context = { .trace_id = { { 9, at } }, .span_id = { { at } }, .trace_flags = 1 },
		.start_ns = at,
		.end_ns = at + 10u,
	};

	messages[0] = (struct cs_message){ .cloud_event = true,
					   .id = (char *)id,
					   .source = (char *)source };
	messages[1] = (struct cs_message){ .cloud_event = true, .id = (char *)"e-9" };
	cs_attempts_note_messages(&attempts, &key, &invocation, &event);
}

Test(attempts, a_cloud_event_is_the_same_in_a_batch)
{
	struct cs_message messages[2];

	cr_assert(is_first(deliver("/s", "e-1", 0, 10)));
	deliver_events(messages, "/s", "e-1", 30);
	cr_assert(eq(u32, messages[0].attempt, 2));
	cr_assert(eq(u8, messages[0].previous.span_id.bytes[0], 10));
	deliver_events(messages, "/other", "e-1", 50);
	cr_assert(eq(u32, messages[0].attempt, 0));
	cr_assert(not(messages[0].has_previous));
	cr_assert(not(messages[1].has_previous), "without a source no id names an event");
	cr_assert(eq(u32, deliver("/s", "e-1", 0, 70).number, 3));
}

static struct cs_attempt deliver_number(unsigned n, uint8_t at)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", n);
	return deliver("/s", id, 0, at);
}

Test(attempts, what_is_remembered_is_bounded_and_the_oldest_goes)
{
	const unsigned count = 12 * CS_ATTEMPTS_MAX; /* 48 for each set */

	for (unsigned i = 0; i < count; i++)
		cr_assert(is_first(deliver_number(i, 10)));
	cr_assert(eq(u64, attempts.forgotten, 11 * CS_ATTEMPTS_MAX));
	for (unsigned i = 0; i < 100; i++)
		cr_assert(eq(u32, deliver_number(count - 1 - i, 30).number, 2));
	for (unsigned i = 0; i < 100; i++)
		cr_assert(is_first(deliver_number(i, 30)));
}
