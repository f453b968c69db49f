/* SPDX-License-Identifier: Apache-2.0 */

/* See event_oracle.h. */
#include "tests/support/event_oracle.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/events/lambda_scan.h"
#include "preload/http/http_fields.h"
#include "preload/http/http_names.h"
#include "preload/wire/records.h"

#define LINES_MAX 256
#define ID        "r-1"

/* Lines of one message, under construction. */
struct lines {
	size_t count;
	char *items[LINES_MAX];
};

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "the scanner of events: does not hold: %s\n", what);
	abort();
}

static void add(struct event_told *told, const char *text, size_t len)
{
	need(told->len + len <= sizeof(told->text), "room for what is told");
	memcpy(told->text + told->len, text, len);
	told->len += len;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void end_message(struct event_told *told, struct lines *lines)
{
	qsort(lines->items, lines->count, sizeof(lines->items[0]), compare);
	for (size_t i = 0; i < lines->count; i++) {
		add(told, lines->items[i], strlen(lines->items[i]));
		free(lines->items[i]);
	}
	if (lines->count)
		add(told, "\n", 1);
	lines->count = 0;
}

static void add_line(struct lines *lines, const char *text, size_t len)
{
	need(lines->count < LINES_MAX, "number of lines");
	lines->items[lines->count] = strndup(text, len);
	need(lines->items[lines->count++] != NULL, "memory");
}

/* --- the scanner --- */

/* Sorts the lines of each message, and looks at every byte. */
static void take_text(struct event_told *told, const struct cs_lambda_scan *scan)
{
	const char *at = scan->text + scan->id_len, *end = scan->text + scan->done;
	struct lines lines = { 0 };

	need(scan->done >= scan->id_len && scan->done <= CS_LAMBDA_SCAN_TEXT, "length of the text");
	need(!memcmp(scan->text, ID, strlen(ID)), "the id stands first");
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		need(stop != NULL, "lines have ends");
		for (const char *p = at; p < stop; p++)
			need(*p >= 0x20 && *p < 0x7f, "plain text");
		if (stop == at)
			end_message(told, &lines);
		else
			add_line(&lines, at, (size_t)(stop + 1 - at));
		at = stop + 1;
	}
	need(!lines.count, "messages are whole");
}

void event_scan(enum cs_scan_form form, const unsigned char *data, size_t len, size_t piece,
		struct event_told *ret)
{
	struct cs_lambda_scan scan;

	ret->len = 0;
	cs_lambda_scan_begin(&scan, form, ID, strlen(ID));
	while (len) {
		size_t part = len < piece ? len : piece;
		size_t taken = cs_lambda_scan_feed(&scan, data, part);

		need(taken && taken <= part && (taken == part || scan.lines.full),
		     "what was taken");
		if (scan.lines.full) {
			take_text(ret, &scan);
			cs_lambda_scan_told(&scan);
		}
		data += taken;
		len -= taken;
	}
	ret->followed = !scan.lines.dead && !scan.beyond && scan.lines.json.state != 0 &&
			!scan.lines.json.depth;
	ret->known = cs_lambda_scan_end(&scan) || (scan.source && scan.messages);
	if (ret->known)
		take_text(ret, &scan);
	ret->service = ret->known ? scan.source : 0;
	ret->messages = ret->known ? scan.messages : 0;
	ret->cut = scan.lines.cut;
	need(scan.kept <= CS_LAMBDA_SCAN_MESSAGES, "number of messages");
}

/* --- jansson --- */

static void add_value(struct lines *lines, const char *name, const json_t *value, size_t max)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	char line[1024];

	if (!text || !len || len > max)
		return;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] >= 0x7f)
			return;
	}
	add_line(lines, line, (size_t)snprintf(line, sizeof(line), "%s: %s\n", name, text));
}

/* @within: of an attribute the key of its value; NULL: the value itself. */
static void add_headers(struct lines *lines, const json_t *headers, const char *within)
{
	const char *key;
	json_t *value, *one;
	size_t i;

	json_object_foreach((json_t *)headers, key, value)
	{
		char name[CS_KEPT_NAME + 1];

		if (strlen(key) > CS_KEPT_NAME)
			continue;
		for (i = 0; key[i]; i++)
			name[i] = (char)tolower((unsigned char)key[i]);
		name[i] = '\0';
		if (!cs_http_is_kept(name, i))
			continue;
		add_value(lines, name, within ? json_object_get(value, within) : value,
			  CS_HTTP_VALUE_MAX);
		if (within)
			continue;
		json_array_foreach(value, i, one) add_value(lines, name, one, CS_HTTP_VALUE_MAX);
	}
}

static unsigned service_of(const json_t *message)
{
	static const struct {
		const char *name;
		unsigned service;
	} all[] = { { "aws:sqs", CS_EVENT_SQS },
		    { "aws:sns", CS_EVENT_SNS },
		    { "aws:kinesis", CS_EVENT_KINESIS },
		    { "aws:dynamodb", CS_EVENT_DYNAMODB },
		    { "aws:s3", CS_EVENT_S3 } };
	unsigned service = CS_EVENT_UNKNOWN;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)message, key, value)
	{
		if (strcmp(key, "eventSource") != 0 && strcmp(key, "EventSource") != 0)
			continue;
		if (json_is_string(value))
			service = CS_EVENT_UNKNOWN;
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && json_is_string(value); i++) {
			if (!strcmp(json_string_value(value), all[i].name) &&
			    json_string_length(value) == strlen(all[i].name))
				service = all[i].service;
		}
	}
	return service;
}

static void take_message(const json_t *message, struct lines *lines)
{
	const json_t *queue = json_object_get(message, "attributes"),
		     *topic = json_object_get(message, "Sns");

	add_value(lines, "id", json_object_get(message, "messageId"), CS_LAMBDA_SCAN_ID);
	add_value(lines, "id", json_object_get(message, "eventID"), CS_LAMBDA_SCAN_ID);
	add_value(lines, "id", json_object_get(topic, "MessageId"), CS_LAMBDA_SCAN_ID);
	add_value(lines, "id",
		  json_object_get(json_object_get(message, "responseElements"), "x-amz-request-id"),
		  CS_LAMBDA_SCAN_ID);
	add_value(lines, "count", json_object_get(queue, "ApproximateReceiveCount"),
		  CS_LAMBDA_SCAN_ID);
	add_value(lines, "x-amzn-trace-id", json_object_get(queue, "AWSTraceHeader"),
		  CS_HTTP_VALUE_MAX);
	add_headers(lines, json_object_get(message, "messageAttributes"), "stringValue");
	add_headers(lines, json_object_get(topic, "MessageAttributes"), "Value");
}

static void take_batch(const json_t *messages, struct event_told *ret)
{
	struct lines lines = { 0 };
	unsigned told = 0;
	json_t *message;
	size_t i;

	json_array_foreach((json_t *)messages, i, message)
	{
		unsigned service = service_of(message);

		if (!service || (ret->service && ret->service != service))
			continue;
		ret->service = service;
		ret->messages++;
		if (told == CS_LAMBDA_SCAN_MESSAGES)
			continue;
		take_message(message, &lines);
		told += lines.count != 0;
		end_message(ret, &lines);
	}
	ret->known = ret->messages != 0;
}

/* What API Gateway's are like. Of two sets of headers, the first counts. */
static void take_request(const json_t *event, struct lines *lines)
{
	const json_t *headers = NULL;
	const char *key;
	json_t *value;

	add_value(lines, "id",
		  json_object_get(json_object_get(event, "requestContext"), "requestId"),
		  CS_LAMBDA_SCAN_ID);
	json_object_foreach((json_t *)event, key, value)
	{
		if (!headers && json_is_object(value) &&
		    (!strcmp(key, "headers") || !strcmp(key, "multiValueHeaders")))
			headers = value;
	}
	if (headers && headers == json_object_get(event, "headers")) {
		json_object_foreach((json_t *)headers, key, value)
		{
			if (json_is_array(value))
				json_object_set_new((json_t *)headers, key, json_null());
		}
	} else if (headers) {
		json_object_foreach((json_t *)headers, key, value)
		{
			if (json_is_string(value))
				json_object_set_new((json_t *)headers, key, json_null());
		}
	}
	add_headers(lines, headers, NULL);
}

static void take_single(const json_t *event, struct event_told *ret)
{
	const json_t *type = json_object_get(event, "detail-type"),
		     *id = json_object_get(event, "id");
	struct lines lines = { 0 };

	if (json_is_string(type))
		add_value(&lines, "id", id, CS_KEPT_NAME);
	if (lines.count) {
		bool timer = json_string_length(type) == 15 &&
			     !strcmp(json_string_value(type), "Scheduled Event");

		ret->service = timer ? CS_EVENT_SCHEDULE : CS_EVENT_EVENTBRIDGE;
	} else if (json_is_object(json_object_get(event, "requestContext"))) {
		take_request(event, &lines);
		ret->service = CS_EVENT_HTTP;
	}
	ret->known = lines.count != 0;
	ret->messages = ret->known;
	if (!ret->known)
		ret->service = CS_EVENT_UNKNOWN;
	end_message(ret, &lines);
}

void event_look_up(const unsigned char *data, size_t len, struct event_told *ret)
{
	json_t *event = json_loadb((const char *)data, len,
				   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const json_t *batch = json_object_get(event, "Records");

	ret->len = 0;
	ret->known = ret->cut = false;
	ret->service = ret->messages = 0;
	ret->followed = event != NULL;
	if (json_is_array(batch))
		take_batch(batch, ret);
	else if (json_is_object(event))
		take_single(event, ret);
	json_decref(event);
}
