/* SPDX-License-Identifier: Apache-2.0 */

/* What the values of an event are to us, by the keys on the way to them; see lambda_scan.h. */
#include "preload/lambda_scan.h"

#include "preload/http_fields.h"
#include "preload/http_names.h"
#include "preload/wire/records.h"

#define FULL_AT (CS_LAMBDA_SCAN_TEXT / 2) /* a message more would still fit */

/* What a value is to us. */
enum node {
	SKIP,
	/* objects */
	EVENT,
	MESSAGE,
	QUEUE_ATTRIBUTES,
	ATTRIBUTES,
	ATTRIBUTE,
	TOPIC,
	TOPIC_ATTRIBUTES,
	TOPIC_ATTRIBUTE,
	STORE,
	CONTEXT,
	CLOUD_EVENT,
	AZURE_CALL,
	AZURE_METADATA,
	HEADERS,
	MULTI_HEADERS,
	LAST_OBJECT = MULTI_HEADERS,
	/* arrays */
	MESSAGES,
	CLOUD_EVENTS,
	MULTI_HEADER,
	LAST_ARRAY = MULTI_HEADER,
	/* strings */
	ID,
	COUNT,
	TRACE,
	HEADER,
	SOURCE,
	EVENT_ID,
	DETAIL_TYPE,
};

enum sink {
	NOWHERE,
	NAME,
	TEXT,
	BAGGAGE,
};

#define KEY_BYTES 25

static const struct {
	uint8_t within;
	uint8_t node;
	uint8_t len;
	char name[KEY_BYTES];
} keys[] = {
#define K(within, name, node) { within, node, sizeof(name) - 1, name },
	K(EVENT, "Records", MESSAGES) K(EVENT, "requestContext", CONTEXT)
		K(EVENT, "headers", HEADERS) K(EVENT, "multiValueHeaders", MULTI_HEADERS)
			K(EVENT, "id", EVENT_ID) K(EVENT, "detail-type", DETAIL_TYPE)
				K(CONTEXT, "requestId", ID) K(MESSAGE, "eventSource", SOURCE)
					K(MESSAGE, "EventSource", SOURCE) /* SNS */
	K(MESSAGE, "messageId", ID)                                       /* SQS */
	K(MESSAGE, "eventID", ID)                                         /* Kinesis, DynamoDB */
	K(MESSAGE, "attributes", QUEUE_ATTRIBUTES) K(MESSAGE, "messageAttributes", ATTRIBUTES)
		K(MESSAGE, "Sns", TOPIC) K(MESSAGE, "responseElements", STORE) /* S3 */
	K(QUEUE_ATTRIBUTES, "ApproximateReceiveCount", COUNT)
		K(QUEUE_ATTRIBUTES, "AWSTraceHeader", TRACE) K(ATTRIBUTE, "stringValue", HEADER)
			K(TOPIC, "MessageId", ID) K(TOPIC, "MessageAttributes", TOPIC_ATTRIBUTES)
				K(TOPIC_ATTRIBUTE, "Value", HEADER) K(STORE, "x-amz-request-id", ID)
					K(AZURE_CALL, "Metadata", AZURE_METADATA)
						K(AZURE_METADATA, "DequeueCount", COUNT)
#undef K
};

static const struct {
	uint8_t source;
	uint8_t len;
	char name[KEY_BYTES];
} sources[] = {
#define S(source, name) { source, sizeof(name) - 1, name },
	S(CS_EVENT_SQS, "aws:sqs") S(CS_EVENT_SNS, "aws:sns") S(CS_EVENT_KINESIS, "aws:kinesis")
		S(CS_EVENT_DYNAMODB, "aws:dynamodb") S(CS_EVENT_S3, "aws:s3")
#undef S
};

static bool same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

static bool name_is(const struct cs_lambda_scan *scan, const char *name, size_t len)
{
	return scan->name_len == len && same(scan->name, name, len);
}

void cs_lambda_scan_begin(struct cs_lambda_scan *scan, enum cs_scan_form form, const char *id,
			  size_t id_len)
{
	static const struct {
		uint8_t node;
		uint8_t service;
	} forms[] = {
		[CS_SCAN_LAMBDA] = { EVENT, CS_EVENT_UNKNOWN },
		[CS_SCAN_CLOUD_EVENT] = { CLOUD_EVENT, CS_EVENT_CLOUDEVENTS },
		[CS_SCAN_CLOUD_EVENTS] = { CLOUD_EVENTS, CS_EVENT_CLOUDEVENTS },
		[CS_SCAN_AZURE] = { AZURE_CALL, CS_EVENT_AZURE },
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
	return scan->node == ID || scan->node == COUNT ? CS_LAMBDA_SCAN_ID : CS_HTTP_VALUE_MAX;
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

/* --- what it is --- */

static uint8_t source_of(const struct cs_lambda_scan *scan)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (name_is(scan, sources[i].name, sources[i].len))
			return sources[i].source;
	}
	return CS_EVENT_UNKNOWN;
}

static bool is_baggage(const struct cs_lambda_scan *scan)
{
	return cs_baggage_is_header(scan->header, scan->header_len);
}

/* A name of a header: of its value, if that is one that is kept, in lower case. */
static enum node header_of(struct cs_lambda_scan *scan, enum node node)
{
	for (size_t i = 0; i < scan->name_len && i < CS_LAMBDA_SCAN_NAME; i++)
		scan->header[i] = cs_http_lower((unsigned char)scan->name[i]);
	scan->header_len = scan->name_len;
	if (scan->name_len > CS_LAMBDA_SCAN_NAME)
		return SKIP;
	if (is_baggage(scan))
		return node == HEADER || node == MULTI_HEADER ? node : SKIP;
	return cs_http_is_kept(scan->header, scan->header_len) ? node : SKIP;
}

/* An attribute of a CloudEvent: as if it had come in a header. */
static enum node attribute_of(struct cs_lambda_scan *scan)
{
	if (scan->name_len > CS_LAMBDA_SCAN_NAME - 3)
		return SKIP;
	scan->header[0] = 'c';
	scan->header[1] = 'e';
	scan->header[2] = '-';
	for (size_t i = 0; i < scan->name_len; i++)
		scan->header[3 + i] = scan->name[i];
	scan->header_len = (uint8_t)(scan->name_len + 3);
	return cs_http_is_kept(scan->header, scan->header_len) ? HEADER : SKIP;
}

/* What the value behind the key in the scratch is. */
static enum node value_of(struct cs_lambda_scan *scan, enum node within)
{
	switch (within) {
	case ATTRIBUTES:
		return header_of(scan, ATTRIBUTE);
	case TOPIC_ATTRIBUTES:
		return header_of(scan, TOPIC_ATTRIBUTE);
	case HEADERS:
		return header_of(scan, HEADER);
	case MULTI_HEADERS:
		return header_of(scan, MULTI_HEADER);
	case CLOUD_EVENT:
		return attribute_of(scan);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].within == within && name_is(scan, keys[i].name, keys[i].len))
			return scan->batch && within == EVENT && keys[i].node != MESSAGES
				       ? SKIP
				       : (enum node)keys[i].node;
	}
	return SKIP;
}

/* What the value at a level, from 1, is to us. */
static enum node at_level(const struct cs_lambda_scan *scan, uint32_t level)
{
	return level && level <= CS_LAMBDA_SCAN_PATH ? (enum node)scan->path[level - 1] : SKIP;
}

static enum node container(const struct cs_lambda_scan *scan)
{
	return at_level(scan, scan->json.depth);
}

static enum node element_of(enum node array)
{
	return array == MESSAGES       ? MESSAGE
	       : array == MULTI_HEADER ? HEADER
	       : array == CLOUD_EVENTS ? CLOUD_EVENT
				       : SKIP;
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

/* --- structure --- */

/* What a value is, now that its kind is known. Of headers that are there twice, the first set counts. */
static enum node opened(struct cs_lambda_scan *scan, bool object)
{
	enum node node = (enum node)scan->node;

	if (node == SKIP ||
	    (object ? node > LAST_OBJECT : node <= LAST_OBJECT || node > LAST_ARRAY))
		return SKIP;
	if (node == HEADERS || node == MULTI_HEADERS) {
		if (scan->headers_from && scan->headers_from != node)
			return SKIP;
		scan->headers_from = (uint8_t)node;
	}
	if (node == CONTEXT)
		scan->message_source = CS_EVENT_HTTP;
	if (node == MESSAGES && !scan->batch) {
		scan->batch = true;
		scan->source = CS_EVENT_UNKNOWN;
		begin_message(scan);
	}
	if (node == MESSAGE)
		begin_message(scan);
	if (node == CLOUD_EVENTS)
		scan->batch = true;
	if (node == CLOUD_EVENT && scan->batch) {
		begin_message(scan);
		scan->message_source = CS_EVENT_CLOUDEVENTS;
	}
	return node;
}

static void open_value(struct cs_lambda_scan *scan, bool object)
{
	enum node node = opened(scan, object);

	if (scan->json.depth <= CS_LAMBDA_SCAN_PATH)
		scan->path[scan->json.depth - 1] = (uint8_t)node;
	scan->node = (uint8_t)element_of(node);
}

static void close_value(struct cs_lambda_scan *scan)
{
	enum node closed = at_level(scan, scan->json.depth + 1u);

	if (closed == MESSAGE || (closed == CLOUD_EVENT && scan->batch))
		end_message(scan);
}

static void begin_key(struct cs_lambda_scan *scan)
{
	scan->name_len = 0;
	scan->sink = container(scan) == SKIP ? NOWHERE : NAME;
}

static void end_key(struct cs_lambda_scan *scan)
{
	scan->node = (uint8_t)(scan->sink == NAME ? value_of(scan, container(scan)) : SKIP);
	scan->sink = NOWHERE;
}

static void begin_string(struct cs_lambda_scan *scan)
{
	scan->name_len = 0;
	switch ((enum node)scan->node) {
	case ID:
		begin_line(scan, "id", 2);
		break;
	case COUNT:
		begin_line(scan, "count", 5);
		break;
	case TRACE:
		begin_line(scan, "x-amzn-trace-id", 15);
		break;
	case HEADER:
		if (is_baggage(scan))
			scan->sink = BAGGAGE;
		else
			begin_line(scan, scan->header, scan->header_len);
		break;
	case SOURCE:
	case EVENT_ID:
	case DETAIL_TYPE:
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
	else if (scan->node == SOURCE)
		scan->message_source = source_of(scan);
	else if (scan->node == EVENT_ID)
		note_event_id(scan);
	else if (scan->node == DETAIL_TYPE)
		scan->source = name_is(scan, scheduled, sizeof(scheduled) - 1)
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
