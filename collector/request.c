/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of instances; see request.h. */
#include "collector/request.h"

#include <string.h>

#include "base/utf8.h"

#define STATES_BYTES 4096 /* of all tracestate headers of a request: as long as a record */

/* An own copy of at most 2 KiB, repaired, without controls; NULL for nothing. */
static char *clean_copy(const char *text, size_t len)
{
	char clean[CS_TELEMETRY_STRING_MAX];

	if (!len)
		return NULL;
	cs_utf8_repair(clean, sizeof(clean), text, len, NULL);
	cs_utf8_strip_control(clean);
	return strdup(clean);
}

static size_t bytes_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static struct cs_request *measure(struct cs_request *request)
{
	request->bytes = sizeof(*request) + bytes_of(request->method) + bytes_of(request->target) +
			 bytes_of(request->request_id) + bytes_of(request->call_id) +
			 bytes_of(request->trace_state);
	return request;
}

static void take_context(struct cs_request *request, const char *text, size_t len)
{
	request->inbound = cs_trace_context_parse(text, len, &request->caller) == 0;
}

static void take_state(struct cs_request *request, const char *text, size_t len)
{
	char state[CS_TRACE_STATE_BYTES + 1];
	size_t n;

	if (!request->inbound || request->trace_state ||
	    cs_trace_state_copy(text, len, state, sizeof(state) - 1, &n) < 0 || !n)
		return;
	request->trace_state = strndup(state, n);
}

/* Value of header @name out of lines "name: value\n"; @ret_count tells how often it came. */
static const char *find_header(const char *text, size_t len, const char *name, size_t *ret_len,
			       unsigned *ret_count)
{
	size_t name_len = strlen(name);
	const char *found = NULL;

	*ret_count = 0;
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		if (line > name_len + 1 && !memcmp(text, name, name_len) &&
		    !memcmp(text + name_len, ": ", 2)) {
			if (!found) {
				found = text + name_len + 2;
				*ret_len = line - name_len - 2;
			}
			++*ret_count;
		}
		line += end != NULL;
		text += line;
		len -= line;
	}
	return found;
}

/* Values of several headers are one list (W3C Trace Context section 3.3.1, RFC 9110 section 5.3). */
static void take_states(struct cs_request *request, const char *text, size_t len)
{
	char joined[STATES_BYTES];
	const char *value;
	size_t used = 0, n;
	unsigned count;

	while ((value = find_header(text, len, "tracestate", &n, &count))) {
		if (used + 1 + n > sizeof(joined))
			return;
		if (used)
			joined[used++] = ',';
		memcpy(joined + used, value, n);
		used += n;
		len -= (size_t)(value + n - text);
		text = value + n;
	}
	take_state(request, joined, used);
}

static void take_headers(struct cs_request *request, const char *text, size_t len)
{
	const char *value;
	unsigned count;
	size_t n;

	value = find_header(text, len, "traceparent", &n, &count);
	if (value && count == 1) /* two are none: W3C Trace Context section 3.2 */
		take_context(request, value, n);
	take_states(request, text, len);
	value = find_header(text, len, "x-request-id", &n, &count);
	if (value)
		request->request_id = clean_copy(value, n);
	value = find_header(text, len, "x-call-id", &n, &count);
	if (value)
		request->call_id = clean_copy(value, n);
}

struct cs_request *cs_request_new(const struct cs_rec_request *rec, const char *text,
				  uint32_t text_len)
{
	struct cs_request *request;

	if ((uint32_t)rec->method_len + rec->target_len + rec->headers_len > text_len)
		return NULL;
	request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->connection = rec->connection;
	request->sequence = rec->sequence;
	request->method = clean_copy(text, rec->method_len);
	request->target = clean_copy(text + rec->method_len, rec->target_len);
	take_headers(request, text + rec->method_len + rec->target_len, rec->headers_len);
	return measure(request);
}

static char *copy_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

struct cs_request *cs_request_new_exec(const char *method, const char *target,
				       const char *request_id, const char *call_id,
				       const char *traceparent, const char *trace_state)
{
	struct cs_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->exec = true;
	request->method = copy_of(method);
	request->target = copy_of(target);
	request->request_id = copy_of(request_id);
	request->call_id = copy_of(call_id);
	if (traceparent)
		take_context(request, traceparent, strlen(traceparent));
	if (trace_state)
		take_state(request, trace_state, strlen(trace_state));
	return measure(request);
}

void cs_request_free(struct cs_request *request)
{
	if (!request)
		return;
	free(request->method);
	free(request->target);
	free(request->request_id);
	free(request->call_id);
	free(request->trace_state);
	free(request);
}

/* 1 the same, 0 not to be compared, -1 different */
static int agree(const char *a, const char *b)
{
	if (!a || !b)
		return 0;
	return strcmp(a, b) == 0 ? 1 : -1;
}

enum cs_request_match cs_request_compare(const struct cs_request *a, const struct cs_request *b)
{
	int call = agree(a->call_id, b->call_id), id = agree(a->request_id, b->request_id);
	int context = 0;

	if (a->inbound && b->inbound)
		context = memcmp(a->caller.trace_id, b->caller.trace_id, 16) == 0 &&
					  memcmp(a->caller.parent_id, b->caller.parent_id, 8) == 0
				  ? 1
				  : -1;
	if (call < 0 || id < 0 || context < 0)
		return CS_REQUEST_OTHER;
	return call > 0 || id > 0 || context > 0 ? CS_REQUEST_SAME : CS_REQUEST_NO_COMMON_ID;
}
