/* SPDX-License-Identifier: Apache-2.0 */

/* Reading an event, and what is kept of it; see lambda_scan.h. What its values are: lambda_keys.c. */
#include "preload/events/lambda_scan.h"

#include "preload/events/lambda_keys.h"
#include "preload/http/http_fields.h"
#include "preload/wire/records.h"

#define FULL_AT (CS_LAMBDA_SCAN_TEXT / 2) /* a message more would still fit */

void cs_lambda_scan_begin(struct cs_lambda_scan *scan, enum cs_scan_form form, const char *id,
			  size_t id_len)
{
	static const struct {
		uint8_t node;
		uint8_t service;
	} forms[] = {
		[CS_SCAN_LAMBDA] = { CS_NODE_EVENT, CS_EVENT_UNKNOWN },
		[CS_SCAN_CLOUD_EVENT] = { CS_NODE_CLOUD_EVENT, CS_EVENT_CLOUDEVENTS },
		[CS_SCAN_CLOUD_EVENTS] = { CS_NODE_CLOUD_EVENTS, CS_EVENT_CLOUDEVENTS },
		[CS_SCAN_AZURE] = { CS_NODE_AZURE_CALL, CS_EVENT_AZURE },
	};
	char copy[CS_LAMBDA_SCAN_ID];

	if (id_len > sizeof(copy))
		id_len = sizeof(copy);
	for (size_t i = 0; i < id_len; i++)
		copy[i] = id[i];
	for (size_t i = 0; i < offsetof(struct cs_lambda_scan, text); i++)
		((unsigned char *)scan)[i] = 0;
	for (size_t i = 0; i < id_len; i++)
		scan->text[i] = copy[i];
	scan->id_len = scan->done = (uint16_t)id_len;
	cs_kept_begin(&scan->lines, scan->text, CS_LAMBDA_SCAN_TEXT, scan->done);
	scan->node = forms[form].node;
	scan->message_source = forms[form].service;
}

/* What the value at a level, from 1, is to us. */
static enum cs_scan_node at_level(const struct cs_lambda_scan *scan, uint32_t level)
{
	return level && level <= CS_LAMBDA_SCAN_PATH ? (enum cs_scan_node)scan->path[level - 1]
						     : CS_NODE_SKIP;
}

static enum cs_scan_node container(const struct cs_lambda_scan *scan)
{
	return at_level(scan, scan->lines.json.depth);
}

static enum cs_scan_node element_of(enum cs_scan_node array)
{
	return array == CS_NODE_MESSAGES       ? CS_NODE_MESSAGE
	       : array == CS_NODE_MULTI_HEADER ? CS_NODE_HEADER
	       : array == CS_NODE_CLOUD_EVENTS ? CS_NODE_CLOUD_EVENT
					       : CS_NODE_SKIP;
}

static void begin_message(struct cs_lambda_scan *scan)
{
	scan->lines.used = scan->done;
	scan->message_source = CS_EVENT_UNKNOWN;
}

/* One of another source than the first, or of none that we know, is none of the batch. */
static void end_message(struct cs_lambda_scan *scan)
{
	uint8_t source = scan->message_source;
	bool ours = source && (!scan->source || scan->source == source);

	if (ours) {
		scan->source = source;
		scan->messages++;
	}
	if (!ours || scan->lines.used == scan->done || scan->kept == CS_LAMBDA_SCAN_MESSAGES) {
		scan->lines.used = scan->done;
		return;
	}
	if (!cs_kept_append(&scan->lines, '\n')) {
		scan->lines.used = scan->done;
		scan->lines.cut = true;
		return;
	}
	scan->kept++;
	scan->done = scan->lines.used;
	scan->lines.full = scan->lines.used >= FULL_AT;
}

/* What a value is, now that its kind is known. Of headers that are there twice, the first set counts. */
static enum cs_scan_node opened(struct cs_lambda_scan *scan, bool object)
{
	enum cs_scan_node node = (enum cs_scan_node)scan->node;

	if (node == CS_NODE_SKIP ||
	    (object ? node > CS_NODE_LAST_OBJECT
		    : node <= CS_NODE_LAST_OBJECT || node > CS_NODE_LAST_ARRAY))
		return CS_NODE_SKIP;
	if (node == CS_NODE_HEADERS || node == CS_NODE_MULTI_HEADERS) {
		if (scan->headers_from && scan->headers_from != node)
			return CS_NODE_SKIP;
		scan->headers_from = (uint8_t)node;
	}
	if (node == CS_NODE_CONTEXT)
		scan->message_source = CS_EVENT_HTTP;
	if (node == CS_NODE_MESSAGES && !scan->batch) {
		scan->batch = true;
		scan->source = CS_EVENT_UNKNOWN;
		begin_message(scan);
	}
	if (node == CS_NODE_MESSAGE)
		begin_message(scan);
	if (node == CS_NODE_CLOUD_EVENTS)
		scan->batch = true;
	if (node == CS_NODE_CLOUD_EVENT && scan->batch) {
		begin_message(scan);
		scan->message_source = CS_EVENT_CLOUDEVENTS;
	}
	return node;
}

static void open_value(struct cs_lambda_scan *scan, bool object)
{
	enum cs_scan_node node = opened(scan, object);

	if (scan->lines.json.depth <= CS_LAMBDA_SCAN_PATH)
		scan->path[scan->lines.json.depth - 1] = (uint8_t)node;
	scan->node = (uint8_t)element_of(node);
}

static void close_value(struct cs_lambda_scan *scan)
{
	enum cs_scan_node closed = at_level(scan, scan->lines.json.depth + 1u);

	if (closed == CS_NODE_MESSAGE || (closed == CS_NODE_CLOUD_EVENT && scan->batch))
		end_message(scan);
}

static void begin_key(struct cs_lambda_scan *scan)
{
	scan->lines.name_len = 0;
	scan->lines.sink = container(scan) == CS_NODE_SKIP ? CS_KEPT_NOWHERE : CS_KEPT_AS_NAME;
}

static void end_key(struct cs_lambda_scan *scan)
{
	scan->node = (uint8_t)(scan->lines.sink == CS_KEPT_AS_NAME
				       ? cs_lambda_value_of(scan, container(scan))
				       : CS_NODE_SKIP);
	scan->lines.sink = CS_KEPT_NOWHERE;
}

static void begin_string(struct cs_lambda_scan *scan)
{
	scan->lines.name_len = 0;
	switch ((enum cs_scan_node)scan->node) {
	case CS_NODE_ID:
		cs_kept_begin_line(&scan->lines, "id", 2, CS_LAMBDA_SCAN_ID);
		break;
	case CS_NODE_COUNT:
		cs_kept_begin_line(&scan->lines, "count", 5, CS_LAMBDA_SCAN_ID);
		break;
	case CS_NODE_TRACE:
		cs_kept_begin_line(&scan->lines, "x-amzn-trace-id", 15, CS_HTTP_VALUE_MAX);
		break;
	case CS_NODE_HEADER:
		if (cs_lambda_names_baggage(scan))
			scan->lines.sink = CS_KEPT_AS_BAGGAGE;
		else
			cs_kept_begin_line(&scan->lines, scan->header, scan->header_len,
					   CS_HTTP_VALUE_MAX);
		break;
	case CS_NODE_SOURCE:
	case CS_NODE_EVENT_ID:
	case CS_NODE_DETAIL_TYPE:
		scan->lines.sink = CS_KEPT_AS_NAME;
		break;
	default:
		break;
	}
}

static void note_event_id(struct cs_lambda_scan *scan)
{
	scan->event_id_len = 0;
	if (scan->lines.name_len > CS_KEPT_NAME)
		return;
	for (size_t i = 0; i < scan->lines.name_len; i++) {
		if (!scan->lines.name[i])
			return;
		scan->event_id[i] = scan->lines.name[i];
	}
	scan->event_id_len = scan->lines.name_len;
}

static void end_string(struct cs_lambda_scan *scan)
{
	static const char scheduled[] = "Scheduled Event";

	if (scan->lines.sink == CS_KEPT_AS_VALUE)
		cs_kept_end_line(&scan->lines);
	else if (scan->lines.sink == CS_KEPT_AS_BAGGAGE)
		cs_kept_end_baggage(&scan->lines, false);
	else if (scan->node == CS_NODE_SOURCE)
		scan->message_source = cs_lambda_source_of(scan);
	else if (scan->node == CS_NODE_EVENT_ID)
		note_event_id(scan);
	else if (scan->node == CS_NODE_DETAIL_TYPE)
		scan->source = cs_kept_name_is(&scan->lines, scheduled, sizeof(scheduled) - 1)
				       ? CS_EVENT_SCHEDULE
				       : CS_EVENT_EVENTBRIDGE;
	scan->lines.sink = CS_KEPT_NOWHERE;
}

static void take_token(struct cs_kept *kept, enum cs_json_token token, unsigned char c)
{
	struct cs_lambda_scan *scan = (struct cs_lambda_scan *)kept;

	switch (token) {
	case CS_JSON_OBJECT:
	case CS_JSON_ARRAY:
		open_value(scan, token == CS_JSON_OBJECT);
		break;
	case CS_JSON_CLOSED:
		close_value(scan);
		break;
	case CS_JSON_NEXT:
		scan->node = (uint8_t)element_of(container(scan));
		break;
	case CS_JSON_KEY:
		begin_key(scan);
		break;
	case CS_JSON_KEY_END:
		end_key(scan);
		break;
	case CS_JSON_STRING:
		begin_string(scan);
		break;
	case CS_JSON_STRING_END:
		end_string(scan);
		break;
	case CS_JSON_NOTHING:
	case CS_JSON_CHARACTER:
	case CS_JSON_TOO_DEEP:
	case CS_JSON_BROKEN:
		break;
	}
}

size_t cs_lambda_scan_feed(struct cs_lambda_scan *scan, const unsigned char *data, size_t len)
{
	size_t n;

	if (!data && len) {
		scan->lines.bytes = CS_KEPT_BYTES;
		scan->beyond = true;
		return len;
	}
	n = cs_kept_feed(&scan->lines, data, len, take_token);
	if (scan->lines.full)
		return n;
	scan->beyond |= n < len && scan->lines.bytes == CS_KEPT_BYTES;
	return len;
}

/* One event, not a batch: which service's is it? Only then does anything of it stay. */
static void settle_event(struct cs_lambda_scan *scan)
{
	cs_kept_break_off(&scan->lines);
	if (scan->source && scan->event_id_len) {
		scan->lines.used = scan->done;
		cs_kept_begin_line(&scan->lines, "id", 2, CS_LAMBDA_SCAN_ID);
		for (size_t i = 0; i < scan->event_id_len; i++)
			cs_kept_append(&scan->lines, scan->event_id[i]);
		cs_kept_append(&scan->lines, '\n');
	} else {
		scan->source = scan->message_source;
	}
	if (scan->lines.dead ||
	    (scan->lines.json.depth && !scan->beyond)) /* what breaks off is no JSON, either */
		scan->source = CS_EVENT_UNKNOWN;
	if (!scan->source || scan->lines.used == scan->done)
		return;
	scan->messages = scan->kept = 1;
	cs_kept_append(&scan->lines, '\n');
	scan->done = scan->lines.used;
}

bool cs_lambda_scan_end(struct cs_lambda_scan *scan)
{
	if (!scan->batch)
		settle_event(scan);
	else
		scan->lines.cut |= scan->beyond;
	return scan->source && (scan->done > scan->id_len || scan->messages > scan->messages_told);
}

void cs_lambda_scan_told(struct cs_lambda_scan *scan)
{
	scan->messages_told = scan->messages;
	scan->lines.used = scan->done = scan->id_len;
	scan->lines.full = false;
}
