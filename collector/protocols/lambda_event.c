/* SPDX-License-Identifier: Apache-2.0 */

/* Events of the Lambda Runtime API; see lambda_event.h. */
#include "collector/protocols/lambda_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/inbound.h"
#include "collector/assembler/lines.h"
#include "collector/protocols/lambda_messages.h"
#include "preload/wire/carriers.h"

#define PREFIX "lambda-runtime-"

/* Parts of "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]". */
enum arn_part {
	ARN_ACCOUNT = 4,
	ARN_KIND = 5,
	ARN_QUALIFIER = 7,
};

/* Own copy of the value of header @name; NULL: it did not come, or more than once. */
static char *take(const char *text, size_t len, const char *name)
{
	struct cs_part rest = { text, len }, found = { NULL, 0 };
	struct cs_line line;
	unsigned count = 0;

	while (cs_line_next(&rest, &line)) {
		if (!cs_part_is(line.name, name))
			continue;
		found = line.value;
		count++;
	}
	return count == 1 ? cs_text_clean_copy(found.text, found.len) : NULL;
}

static uint64_t number_of(const char *digits)
{
	uint64_t number = 0;

	for (; digits && *digits >= '0' && *digits <= '9' && number < UINT64_MAX / 100; digits++)
		number = number * 10 + (uint64_t)(*digits - '0');
	return digits && !*digits ? number : 0;
}

struct cs_lambda_event *cs_lambda_event_new(const struct cs_rec_invocation *rec, const char *text,
					    size_t text_len)
{
	static const uint8_t no_span[8];
	struct cs_lambda_event *event;
	char *value;

	if (rec->text_len > text_len || !rec->id_len ||
	    rec->id_offset + rec->id_len > rec->text_len)
		return NULL;
	event = calloc(1, sizeof(*event));
	if (!event)
		return NULL;
	event->id = cs_text_clean_copy(text + rec->id_offset, rec->id_len);
	if (!event->id) {
		free(event);
		return NULL;
	}
	event->arn = take(text, rec->text_len, PREFIX "invoked-function-arn");
	event->tenant = take(text, rec->text_len, PREFIX "aws-tenant-id");
	value = take(text, rec->text_len, PREFIX "deadline-ms");
	event->deadline_unix_ms = number_of(value);
	free(value);
	value = take(text, rec->text_len, PREFIX "trace-id");
	/* A link needs a span to point to. */
	event->xray = value && cs_xray_parse(value, strlen(value), &event->xray_context) == 0 &&
		      memcmp(event->xray_context.parent_id, no_span, sizeof(no_span)) != 0;
	free(value);
	return event;
}

void cs_lambda_event_free(struct cs_lambda_event *event)
{
	if (!event)
		return;
	free(event->id);
	free(event->arn);
	free(event->tenant);
	free(event->error_type);
	cs_lambda_messages_deinit(event);
	free(event);
}

size_t cs_lambda_event_bytes(const struct cs_lambda_event *event)
{
	return event ? sizeof(*event) + cs_text_bytes(event->id) + cs_text_bytes(event->arn) +
			       cs_text_bytes(event->tenant) + cs_lambda_messages_bytes(event)
		     : 0;
}

char *cs_lambda_error_type(const struct cs_rec_invocation_end *rec, const char *text)
{
	return take(text + rec->headers_offset, (size_t)(rec->text_len - rec->headers_offset),
		    PREFIX "function-error-type");
}

void cs_lambda_event_answer(struct cs_lambda_event *event, const struct cs_rec_invocation_end *rec,
			    const char *text)
{
	char *mode;

	/* AWS's client for Java reports its own exception over the refusal, for the same event. */
	if (event->refused_status)
		return;
	event->failed |= rec->outcome == CS_INVOCATION_ERROR || rec->flags & CS_INVOCATION_BROKEN;
	if (rec->flags & CS_INVOCATION_REFUSED)
		event->refused_status = rec->status;
	if (!event->error_type)
		event->error_type = cs_lambda_error_type(rec, text);
	mode = take(text + rec->headers_offset, (size_t)(rec->text_len - rec->headers_offset),
		    PREFIX "function-response-mode");
	event->streamed |= mode && !strcmp(mode, "streaming");
	free(mode);
}

/* The end of part @n of an ARN, counted from 0; NULL: it has fewer. */
static const char *part_of(const char *arn, unsigned n, const char **ret_end)
{
	for (; n; n--) {
		arn = strchr(arn, ':');
		if (!arn)
			return NULL;
		arn++;
	}
	*ret_end = arn + strcspn(arn, ":");
	return arn;
}

static bool is_function(const char *arn)
{
	const char *end, *kind = part_of(arn, ARN_KIND, &end);

	return !strncmp(arn, "arn:", 4) && kind && end - kind == 8 && !memcmp(kind, "function", 8);
}

const char *cs_lambda_resource(const char *arn, const char *version, char *buf, size_t size)
{
	const char *end, *qualifier;
	int n;

	if (!arn || !is_function(arn))
		return NULL;
	qualifier = part_of(arn, ARN_QUALIFIER, &end);
	if (!qualifier)
		n = snprintf(buf, size, "%s", arn);
	else if (version)
		n = snprintf(buf, size, "%.*s%s", (int)(qualifier - arn), arn, version);
	else
		n = snprintf(buf, size, "%.*s", (int)(qualifier - arn - 1), arn);
	return n >= 0 && (size_t)n < size ? buf : NULL;
}

const char *cs_lambda_account(const char *arn, char *buf, size_t size)
{
	const char *end = arn, *account;

	if (!arn || !is_function(arn))
		return NULL;
	account = part_of(arn, ARN_ACCOUNT, &end);
	if (account == end || (size_t)(end - account) >= size)
		return NULL;
	snprintf(buf, size, "%.*s", (int)(end - account), account);
	return buf;
}
