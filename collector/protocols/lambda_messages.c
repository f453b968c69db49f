/* SPDX-License-Identifier: Apache-2.0 */

/* Bodies of events; see lambda_messages.h. */
#include "collector/protocols/lambda_messages.h"

#include <stdlib.h>
#include <string.h>

#include "collector/assembler/lines.h"

#define MESSAGES_STEP                                                                              \
	8u /* how many more there is room for when it is used up: most batches have ten at most */
#define COUNT_DIGITS 9u

const char *cs_event_service_name(enum cs_event_service service)
{
	switch (service) {
	case CS_EVENT_HTTP:
		return "http";
	case CS_EVENT_SQS:
		return "sqs";
	case CS_EVENT_SNS:
		return "sns";
	case CS_EVENT_KINESIS:
		return "kinesis";
	case CS_EVENT_DYNAMODB:
		return "dynamodb";
	case CS_EVENT_S3:
		return "s3";
	case CS_EVENT_EVENTBRIDGE:
		return "eventbridge";
	case CS_EVENT_SCHEDULE:
		return "schedule";
	case CS_EVENT_CLOUDEVENTS:
	case CS_EVENT_AZURE:
	case CS_EVENT_OPENWHISK:
	case CS_EVENT_UNKNOWN:
		break;
	}
	return NULL;
}

const char *cs_event_service_trigger(enum cs_event_service service)
{
	switch (service) {
	case CS_EVENT_HTTP:
		return "http";
	case CS_EVENT_SQS:
	case CS_EVENT_SNS:
	case CS_EVENT_KINESIS:
	case CS_EVENT_EVENTBRIDGE:
		return "pubsub";
	case CS_EVENT_DYNAMODB:
	case CS_EVENT_S3:
		return "datasource";
	case CS_EVENT_SCHEDULE:
		return "timer";
	case CS_EVENT_CLOUDEVENTS:
	case CS_EVENT_AZURE:
	case CS_EVENT_OPENWHISK:
	case CS_EVENT_UNKNOWN:
		break;
	}
	return "other";
}

/* The lines of the next message are taken off @rest, with the empty one behind them. */
static struct cs_part next_message(struct cs_part *rest)
{
	struct cs_part message = { rest->text, 0 };
	struct cs_line line;

	while (cs_line_next(rest, &line) && line.name.len)
		message.len = (size_t)(rest->text - message.text);
	return message;
}

static struct cs_part find(struct cs_part message, const char *name)
{
	struct cs_line line;

	while (cs_line_next(&message, &line)) {
		if (cs_part_is(line.name, name))
			return line.value;
	}
	return (struct cs_part){ NULL, 0 };
}

/* 0: no number that is believed */
static unsigned number_of(struct cs_part digits)
{
	unsigned n = 0;

	if (digits.len > COUNT_DIGITS)
		return 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.text[i] < '0' || digits.text[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(digits.text[i] - '0');
	}
	return n;
}

static struct cs_message *new_message(struct cs_lambda_event *event)
{
	unsigned count = event->messages_count;
	struct cs_message *grown;

	if (count == CS_MESSAGES_MAX)
		return NULL;
	if (count % MESSAGES_STEP == 0) {
		grown = reallocarray(event->messages, count + MESSAGES_STEP, sizeof(*grown));
		if (!grown)
			return NULL;
		event->messages = grown;
	}
	event->messages_count++;
	event->messages[count] = (struct cs_message){ .id = NULL };
	return &event->messages[count];
}

/* Where it was made, as its distributed tracing extension says. */
static void take_cloud_event(struct cs_message *message, struct cs_part part)
{
	struct cs_part id = find(part, "ce-id"), created = find(part, "ce-traceparent");
	struct cs_part source = find(part, "ce-source"), state = find(part, "ce-tracestate");

	message->cloud_event = true;
	message->id = cs_text_clean_copy(id.text, id.len);
	message->source = cs_text_clean_copy(source.text, source.len);
	message->has_context = created.len && cs_trace_context_parse(created.text, created.len,
								     &message->context) == 0;
	if (message->has_context)
		message->state = cs_trace_state_keep(state.text, state.len);
}

/* X-Ray's header is a context like others here: a message's sender is nobody's parent. */
static void take_message(struct cs_lambda_event *event, struct cs_part part)
{
	struct cs_message *message = part.len ? new_message(event) : NULL;
	struct cs_part id = find(part, "id");

	if (!message)
		return;
	message->id = cs_text_clean_copy(id.text, id.len);
	message->attempt = number_of(find(part, "count"));
	if (event->service == CS_EVENT_CLOUDEVENTS) {
		take_cloud_event(message, part);
		return;
	}
	message->has_context = cs_inbound_context(part.text, part.len, false, &message->context) !=
				       CS_CARRIER_NONE &&
			       cs_trace_context_valid(&message->context);
}

void cs_lambda_messages_take(struct cs_lambda_event *event, struct cs_inbound *inbound,
			     const struct cs_rec_event *rec, const char *text, size_t text_len)
{
	struct cs_part rest = { text, text_len }, id;

	if (rec->flags & CS_EVENT_BATCH)
		event->service = rec->service;
	event->messages_cut |= (rec->flags & CS_EVENT_CUT) != 0;
	if (rec->flags & CS_EVENT_BATCH) {
		if (rec->messages > event->messages_found)
			event->messages_found = rec->messages;
		while (rest.len)
			take_message(event, next_message(&rest));
	} else if (!event->service) {
		rest = next_message(&rest);
		id = find(rest, "id");
		event->event_id = cs_text_clean_copy(id.text, id.len);
		cs_inbound_read_again(inbound, rest.text, rest.len, true);
	}
	event->service = rec->service;
}

void cs_lambda_messages_deinit(struct cs_lambda_event *event)
{
	for (unsigned i = 0; i < event->messages_count; i++) {
		free(event->messages[i].id);
		free(event->messages[i].source);
		free(event->messages[i].state);
	}
	free(event->messages);
	free(event->event_id);
}

size_t cs_lambda_messages_bytes(const struct cs_lambda_event *event)
{
	size_t bytes =
		cs_text_bytes(event->event_id) + event->messages_count * sizeof(event->messages[0]);

	for (unsigned i = 0; i < event->messages_count; i++)
		bytes += cs_text_bytes(event->messages[i].id) +
			 cs_text_bytes(event->messages[i].source) +
			 cs_text_bytes(event->messages[i].state);
	return bytes;
}
