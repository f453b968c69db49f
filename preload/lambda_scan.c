/* SPDX-License-Identifier: Apache-2.0 */

/* Reading an event, and what is kept of it; see lambda_scan.h. What its values are: lambda_keys.c. */
#include "preload/lambda_scan.h"

#include "preload/http_fields.h"
#include "preload/lambda_keys.h"
#include "preload/wire/records.h"

#define FULL_AT (CS_LAMBDA_SCAN_TEXT / 2) /* a message more would still fit */

enum sink {
	NOWHERE,
	NAME,
	TEXT,
	BAGGAGE,
};

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
	scan->id_len = scan->done = scan->used = (uint16_t)id_len;
	cs_json_begin(&scan->json);
	scan->node = forms[form].node;
	scan->message_source = forms[form].service;
}

/* --- what is kept --- */

static bool append(struct cs_lambda_scan *scan, char c)
{
	if (scan->used == CS_LAMBDA_SCAN_TEXT)
		return false;
	scan->text[scan->used++] = c;
	return true;
}

/* Of a message that is kept, but not this line of it. */
static void drop_line(struct cs_lambda_scan *scan)
{
	scan->used = scan->line;
	scan->sink = NOWHERE;
}

static void begin_line(struct cs_lambda_scan *scan, const char *name, size_t len)
{
	bool room = true;

	scan->line = scan->used;
	scan->value_len = 0;
	scan->sink = TEXT;
	for (size_t i = 0; i < len; i++)
		room = append(scan, name[i]) && room;
	room = append(scan, ':') && append(scan, ' ') && room;
	if (!room) {
		drop_line(scan);
		scan->cut = true;
	}
}

static void end_line(struct cs_lambda_scan *scan)
{
	if (!scan->value_len) {
		drop_line(scan);
	} else if (!append(scan, '\n')) {
		drop_line(scan);
		scan->cut = true;
	}
}

/* The next byte of that header's value, or its end. */
static void take_baggage(struct cs_lambda_scan *scan, int c)
{
	const struct cs_baggage_text lines = {
		.bytes = scan->text,
		.size = CS_LAMBDA_SCAN_TEXT,
		.used = &scan->used,
		.line = &scan->line,
		.name = scan->name,
		.name_len = &scan->name_len,
	};

	scan->cut |= !cs_baggage_take(&scan->baggage, &lines, c);
}

static uint16_t value_max(const struct cs_lambda_scan *scan)
{
	return scan->node == CS_NODE_ID || scan->node == CS_NODE_COUNT ? CS_LAMBDA_SCAN_ID
								       : CS_HTTP_VALUE_MAX;
}

/* One byte of a string, unescaped. What an id or a context is made of is plain ASCII. */
static void put(struct cs_lambda_scan *scan, unsigned char c)
{
	bool plain = c >= 0x20 && c < 0x7f;

	switch ((enum sink)scan->sink) {
	case NOWHERE:
		break;
	case NAME:
		if (scan->name_len < CS_LAMBDA_SCAN_NAME)
			scan->name[scan->name_len] = (char)(plain ? c : 0);
		if (scan->name_len <= CS_LAMBDA_SCAN_NAME)
			scan->name_len++;
		break;
	case TEXT:
		if (!plain) {
			drop_line(scan);
		} else if (scan->value_len++ >= value_max(scan) || !append(scan, (char)c)) {
			drop_line(scan);
			scan->cut = true;
		}
		break;
	case BAGGAGE:
		take_baggage(scan, c);
		break;
	}
}

/* --- structure --- */

/* What the value at a level, from 1, is to us. */
static enum cs_scan_node at_level(const struct cs_lambda_scan *scan, uint32_t level)
{
	return level && level <= CS_LAMBDA_SCAN_PATH ? (enum cs_scan_node)scan->path[level - 1]
						     : CS_NODE_SKIP;
}

static enum cs_scan_node container(const struct cs_lambda_scan *scan)
{
	return at_level(scan, scan->json.depth);
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
	scan->used = scan->done;
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
	if (!ours || scan->used == scan->done || scan->kept == CS_LAMBDA_SCAN_MESSAGES) {
		scan->used = scan->done;
		return;
	}
	if (!append(scan, '\n')) {
		scan->used = scan->done;
		scan->cut = true;
		return;
	}
	scan->kept++;
	scan->done = scan->used;
	scan->full = scan->used >= FULL_AT;
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

	if (scan->json.depth <= CS_LAMBDA_SCAN_PATH)
		scan->path[scan->json.depth - 1] = (uint8_t)node;
	scan->node = (uint8_t)element_of(node);
}

static void close_value(struct cs_lambda_scan *scan)
{
	enum cs_scan_node closed = at_level(scan, scan->json.depth + 1u);

	if (closed == CS_NODE_MESSAGE || (closed == CS_NODE_CLOUD_EVENT && scan->batch))
		end_message(scan);
}

static void begin_key(struct cs_lambda_scan *scan)
{
	scan->name_len = 0;
	scan->sink = container(scan) == CS_NODE_SKIP ? NOWHERE : NAME;
}

static void end_key(struct cs_lambda_scan *scan)
{
	scan->node = (uint8_t)(scan->sink == NAME ? cs_lambda_value_of(scan, container(scan))
						  : CS_NODE_SKIP);
	scan->sink = NOWHERE;
}

static void begin_string(struct cs_lambda_scan *scan)
{
	scan->name_len = 0;
	switch ((enum cs_scan_node)scan->node) {
	case CS_NODE_ID:
		begin_line(scan, "id", 2);
		break;
	case CS_NODE_COUNT:
		begin_line(scan, "count", 5);
		break;
	case CS_NODE_TRACE:
		begin_line(scan, "x-amzn-trace-id", 15);
		break;
	case CS_NODE_HEADER:
		if (cs_lambda_names_baggage(scan))
			scan->sink = BAGGAGE;
		else
			begin_line(scan, scan->header, scan->header_len);
		break;
	case CS_NODE_SOURCE:
	case CS_NODE_EVENT_ID:
	case CS_NODE_DETAIL_TYPE:
		scan->sink = NAME;
		break;
	default:
		break;
	}
}

static void note_event_id(struct cs_lambda_scan *scan)
{
	scan->event_id_len = 0;
	if (scan->name_len > CS_LAMBDA_SCAN_NAME)
		return;
	for (size_t i = 0; i < scan->name_len; i++) {
		if (!scan->name[i])
			return;
		scan->event_id[i] = scan->name[i];
	}
	scan->event_id_len = scan->name_len;
}

static void end_string(struct cs_lambda_scan *scan)
{
	static const char scheduled[] = "Scheduled Event";

	if (scan->sink == TEXT)
		end_line(scan);
	else if (scan->sink == BAGGAGE)
		take_baggage(scan, CS_BAGGAGE_OVER);
	else if (scan->node == CS_NODE_SOURCE)
		scan->message_source = cs_lambda_source_of(scan);
	else if (scan->node == CS_NODE_EVENT_ID)
		note_event_id(scan);
	else if (scan->node == CS_NODE_DETAIL_TYPE)
		scan->source = cs_lambda_name_is(scan, scheduled, sizeof(scheduled) - 1)
				       ? CS_EVENT_SCHEDULE
				       : CS_EVENT_EVENTBRIDGE;
	scan->sink = NOWHERE;
}

static void take_byte(struct cs_lambda_scan *scan, unsigned char c)
{
	enum cs_json_token token = cs_json_take(&scan->json, c);

	switch (token) {
	case CS_JSON_NOTHING:
		break;
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
	case CS_JSON_CHARACTER:
		put(scan, scan->json.character);
		break;
	case CS_JSON_TOO_DEEP:
		scan->cut = true;
		__attribute__((fallthrough));
	case CS_JSON_BROKEN:
		scan->dead = true;
		break;
	}
}

size_t cs_lambda_scan_feed(struct cs_lambda_scan *scan, const unsigned char *data, size_t len)
{
	size_t left = CS_LAMBDA_SCAN_MAX - scan->bytes, end = len < left ? len : left, n = 0;

	if (!data && len) {
		scan->bytes = CS_LAMBDA_SCAN_MAX;
		scan->beyond = true;
		return len;
	}
	while (n < end && !scan->dead && !scan->full) {
		if (scan->sink == NOWHERE)
			n += cs_json_skip(&scan->json, data + n, end - n);
		if (n < end)
			take_byte(scan, data[n++]);
	}
	scan->bytes += (uint32_t)n;
	if (scan->full)
		return n;
	scan->beyond |= n < len && scan->bytes == CS_LAMBDA_SCAN_MAX;
	return len;
}

/* One event, not a batch: which service's is it? Only then does anything of it stay. */
static void settle_event(struct cs_lambda_scan *scan)
{
	if (scan->sink == TEXT)
		drop_line(scan); /* its end did not come */
	if (scan->sink == BAGGAGE)
		take_baggage(scan, CS_BAGGAGE_LOST);
	if (scan->source && scan->event_id_len) {
		scan->used = scan->done;
		begin_line(scan, "id", 2);
		for (size_t i = 0; i < scan->event_id_len; i++)
			append(scan, scan->event_id[i]);
		append(scan, '\n');
	} else {
		scan->source = scan->message_source;
	}
	if (scan->dead ||
	    (scan->json.depth && !scan->beyond)) /* what breaks off is no JSON, either */
		scan->source = CS_EVENT_UNKNOWN;
	if (!scan->source || scan->used == scan->done)
		return;
	scan->messages = scan->kept = 1;
	append(scan, '\n');
	scan->done = scan->used;
}

bool cs_lambda_scan_end(struct cs_lambda_scan *scan)
{
	if (!scan->batch)
		settle_event(scan);
	else
		scan->cut |= scan->beyond;
	return scan->source && (scan->done > scan->id_len || scan->messages > scan->messages_told);
}

void cs_lambda_scan_told(struct cs_lambda_scan *scan)
{
	scan->messages_told = scan->messages;
	scan->used = scan->done = scan->id_len;
	scan->full = false;
}
