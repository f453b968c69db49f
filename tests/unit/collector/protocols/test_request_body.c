/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: what a body tells beside what headers told. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define OTHER "00-11111111111111111111111111111111-2222222222222222-01"

/* Of the invocation that was told last: texts are gone by the end of the call. */
static struct cs_inbound told;
static char told_ids[CS_REQUEST_ID_COUNT][64];

static void keep(void *context, const struct cs_invocation *invocation)
{
	told = *invocation->inbound;
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++)
		snprintf(told_ids[i], sizeof(told_ids[i]), "%s", told.ids[i] ? told.ids[i] : "");
	seen.invocations++;
}

static void nothing(void *context, const struct cs_cold_start *cold)
{
}

static void start(void)
{
	const struct cs_assembler_sink sink = { NULL, nothing, keep };
	const struct cs_id_key key = { { 7 } };

	assembling_start();
	cs_assembler_free(assembler);
	assembler = cs_assembler_new(&key, &sink);
}

TestSuite(request_body, .init = start, .fini = assembling_stop);

static void feed_body(struct cs_assembled *instance, enum cs_event_service service,
		      const char *lines)
{
	struct {
		struct cs_rec_event rec;
		char text[256];
	} record = { .rec = { .messages = 1,
			      .source = CS_INVOCATION_HTTP,
			      .service = (uint16_t)service,
			      .id_len = CS_EVENT_OF_BYTES } };
	const struct cs_event_of of = { .connection = 5 };
	size_t len = strlen(lines);

	record.rec.text_len = (uint16_t)(CS_EVENT_OF_BYTES + len);
	memcpy(record.text, &of, CS_EVENT_OF_BYTES);
	memcpy(record.text + CS_EVENT_OF_BYTES, lines, len);
	feed(instance, 100, CS_RECORD_EVENT, 71 * MS, &record,
	     sizeof(record.rec) + record.rec.text_len, NULL);
}

/* One request whose headers, and whose body, brought these. */
static void tell(const char *headers, enum cs_event_service service, const char *body)
{
	struct cs_assembled *instance = attach_server();

	feed_request(instance, 100, 5, 70 * MS, headers);
	feed_body(instance, service, body);
	feed_end(instance, 100, 5, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
}

Test(request_body, a_header_goes_before_an_attribute_in_the_body)
{
	tell("ce-id: h\n", CS_EVENT_CLOUDEVENTS, "ce-id: b\nce-type: t\n");
	cr_assert(eq(str, told_ids[CS_REQUEST_ID_EVENT], (char *)"h"));
	cr_assert(eq(str, told_ids[CS_REQUEST_ID_EVENT_TYPE], (char *)"t"));
}

Test(request_body, where_it_was_made_the_header_says_first)
{
	tell("ce-traceparent: " TRACEPARENT "\n", CS_EVENT_CLOUDEVENTS,
	     "ce-traceparent: " OTHER "\n");
	cr_assert(told.has_created);
	cr_assert(eq(u8, told.created.trace_id[0], 0x0a));
}

Test(request_body, a_count_in_the_body_is_the_attempt_where_no_header_tells)
{
	tell("", CS_EVENT_AZURE, "count: 3\n");
	cr_assert(eq(u32, told.attempt, 3));
}

Test(request_body, an_attempt_that_a_header_told_stays)
{
	tell("x-envoy-attempt-count: 2\n", CS_EVENT_AZURE, "count: 3\n");
	cr_assert(eq(u32, told.attempt, 2));
}

Test(request_body, who_asked_by_a_header_is_the_caller)
{
	tell("traceparent: " TRACEPARENT "\n", CS_EVENT_OPENWHISK, "traceparent: " OTHER "\n");
	cr_assert(eq(u8, told.caller.trace_id[0], 0x0a));
	cr_assert(not(told.in_body));
}

Test(request_body, a_caller_in_the_body_that_is_malformed_is_noted)
{
	tell("", CS_EVENT_OPENWHISK, "traceparent: 00-0\n");
	cr_assert(eq(u32, told.carrier, CS_CARRIER_NONE));
	cr_assert(eq(u32, told.refused, 1u << CS_CARRIER_TRACEPARENT));
}

Test(request_body, of_two_events_of_one_request_the_first_counts)
{
	struct cs_assembled *instance = attach_server();

	feed_request(instance, 100, 5, 70 * MS, "");
	feed_body(instance, CS_EVENT_OPENWHISK, "activation_id: a\n");
	feed_body(instance, CS_EVENT_OPENWHISK,
		  "activation_id: b\ntransaction_id: t\ntraceparent: " OTHER "\n");
	feed_end(instance, 100, 5, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(str, told_ids[CS_REQUEST_ID_ACTIVATION], (char *)"a"));
	cr_assert(eq(str, told_ids[CS_REQUEST_ID_TRANSACTION], (char *)""));
	cr_assert(eq(u32, told.carrier, CS_CARRIER_NONE));
}
