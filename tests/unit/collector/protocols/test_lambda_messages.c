/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/lambda_messages: what the records of an event's body become. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/protocols/lambda_event.h"
#include "collector/protocols/lambda_messages.h"

#define ID     "lambda-runtime-aws-request-id: r-1\n"
#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define XRAY   "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

static struct cs_inbound inbound;

static struct cs_lambda_event *new_event(void)
{
	struct cs_rec_invocation rec = { .text_len = sizeof(ID) - 1, .id_offset = 31, .id_len = 3 };

	return cs_lambda_event_new(&rec, ID, sizeof(ID) - 1);
}

static void free_all(struct cs_lambda_event *event)
{
	cs_lambda_event_free(event);
	cs_inbound_deinit(&inbound);
}

static void take(struct cs_lambda_event *event, unsigned service, unsigned flags, unsigned messages,
		 const char *text)
{
	const struct cs_rec_event rec = { .service = (uint16_t)service,
					  .flags = (uint16_t)flags,
					  .messages = messages };
	char *exact = strndup(text, strlen(text));

	cs_lambda_messages_take(event, &inbound, &rec, exact, strlen(text));
	free(exact);
}

Test(lambda_messages, of_a_batch_each_has_its_id_count_and_sender)
{
	struct cs_lambda_event *event = new_event();

	take(event, CS_EVENT_SQS, CS_EVENT_BATCH, 4,
	     "id: m-1\ncount: 2\ntraceparent: " PARENT "\nx-amzn-trace-id: " XRAY "\n\n"
	     "id: m-2\nx-amzn-trace-id: " XRAY "\n\n"
	     "id: m-3\ncount: 1x\ntraceparent: 00-0\n\n"
	     "id: m-4\ncount: 4294967298\n\n");
	cr_assert(eq(u32, event->messages_count, 4));
	cr_assert(eq(u32, event->messages_found, 4));
	cr_assert(eq(str, event->messages[0].id, (char *)"m-1"));
	cr_assert(eq(u32, event->messages[0].attempt, 2));
	cr_assert(event->messages[0].has_context);
	cr_assert(eq(u8, event->messages[0].context.trace_id[0], 0x0a));
	cr_assert(event->messages[1].has_context);
	cr_assert(eq(u8, event->messages[1].context.trace_id[0], 0x57));
	cr_assert(eq(u32, event->messages[1].attempt, 0));
	cr_assert(not(event->messages[2].has_context));
	cr_assert(eq(u32, event->messages[2].attempt, 0));
	cr_assert(eq(u32, event->messages[3].attempt, 0));
	cr_assert(eq(int, inbound.carrier, CS_CARRIER_NONE));
	free_all(event);
}

Test(lambda_messages, of_a_batch_of_cloud_events_each_is_known_by_source_and_id)
{
	struct cs_lambda_event *event = new_event();

	take(event, CS_EVENT_CLOUDEVENTS, CS_EVENT_BATCH, 2,
	     "ce-id: e-1\nce-source: /s\nce-traceparent: " PARENT "\nce-tracestate: a=1, b=2\n\n"
	     "ce-id: e-2\nce-tracestate: a=1\n\n");
	cr_assert(eq(u32, event->messages_count, 2));
	cr_assert(event->messages[0].cloud_event);
	cr_assert(eq(str, event->messages[0].id, (char *)"e-1"));
	cr_assert(eq(str, event->messages[0].source, (char *)"/s"));
	cr_assert(eq(str, event->messages[0].state, (char *)"a=1,b=2"));
	cr_assert(eq(ptr, event->messages[1].source, NULL));
	cr_assert(eq(ptr, event->messages[1].state, NULL)); /* of no context */
	free_all(event);
}

Test(lambda_messages, several_records_are_one_batch)
{
	struct cs_lambda_event *event = new_event();

	take(event, CS_EVENT_SQS, CS_EVENT_BATCH, 1, "id: m-1\n\n");
	take(event, CS_EVENT_SQS, CS_EVENT_BATCH | CS_EVENT_CUT, 9, "id: m-2\n\nid: m-3\n\n");
	cr_assert(eq(u32, event->messages_count, 3));
	cr_assert(eq(u32, event->messages_found, 9));
	cr_assert(event->messages_cut);
	cr_assert(eq(str, event->messages[2].id, (char *)"m-3"));
	/* What the last does not say stays. */
	take(event, CS_EVENT_SQS, CS_EVENT_BATCH, 3, "id: m-4\n\n");
	cr_assert(eq(u32, event->messages_found, 9));
	cr_assert(event->messages_cut);
	free_all(event);
}

Test(lambda_messages, no_more_are_remembered_than_a_span_has_links)
{
	struct cs_lambda_event *event = new_event();
	size_t before = cs_lambda_event_bytes(event);

	for (unsigned i = 0; i < 100; i++)
		take(event, CS_EVENT_KINESIS, CS_EVENT_BATCH, 2 * i + 2, "id: a\n\nid: b\n\n");
	cr_assert(eq(u32, event->messages_count, CS_MESSAGES_MAX));
	cr_assert(eq(u32, event->messages_found, 200));
	cr_assert(eq(sz, cs_lambda_event_bytes(event),
		     before + CS_MESSAGES_MAX * (sizeof(struct cs_message) + 2)));
	free_all(event);
}

Test(lambda_messages, what_is_no_batch_brings_what_a_request_brings)
{
	struct cs_lambda_event *event = new_event();

	take(event, CS_EVENT_HTTP, 0, 1,
	     "id: q-1\nx-request-id: q-2\ntraceparent: " PARENT "\nx-amzn-trace-id: " XRAY "\n\n");
	cr_assert(eq(str, event->event_id, (char *)"q-1"));
	cr_assert(eq(u32, event->messages_count, 0));
	cr_assert(eq(u32, event->messages_found, 0));
	cr_assert(eq(int, inbound.carrier, CS_CARRIER_TRACEPARENT));
	cr_assert(inbound.has_xray);
	cr_assert(eq(str, inbound.ids[CS_REQUEST_ID_REQUEST], (char *)"q-2"));
	/* It is told once. */
	take(event, CS_EVENT_HTTP, 0, 1, "id: other\n\n");
	cr_assert(eq(str, event->event_id, (char *)"q-1"));
	free_all(event);
}

struct service_row {
	unsigned service;
	char name[16];
	char trigger[16];
};

ParameterizedTestParameters(lambda_messages, services_have_names_and_triggers)
{
	static struct service_row rows[] = {
		{ CS_EVENT_HTTP, "http", "http" },
		{ CS_EVENT_SQS, "sqs", "pubsub" },
		{ CS_EVENT_SNS, "sns", "pubsub" },
		{ CS_EVENT_KINESIS, "kinesis", "pubsub" },
		{ CS_EVENT_DYNAMODB, "dynamodb", "datasource" },
		{ CS_EVENT_S3, "s3", "datasource" },
		{ CS_EVENT_EVENTBRIDGE, "eventbridge", "pubsub" },
		{ CS_EVENT_SCHEDULE, "schedule", "timer" },
		{ CS_EVENT_UNKNOWN, "", "other" },
		{ 4711, "", "other" },
	};

	return cr_make_param_array(struct service_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct service_row *row, lambda_messages, services_have_names_and_triggers)
{
	const char *name = cs_event_service_name(row->service);

	cr_assert(eq(str, (char *)(name ? name : ""), row->name));
	cr_assert(eq(str, (char *)cs_event_service_trigger(row->service), row->trigger));
}
