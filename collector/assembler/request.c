/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of instances; see request.h. */
#include "collector/assembler/request.h"

#include <string.h>

#include "collector/protocols/lambda_event.h"
#include "collector/protocols/openwhisk.h"

void cs_request_measure(struct cs_request *request)
{
	request->bytes =
		sizeof(*request) + cs_text_bytes(request->method) + cs_text_bytes(request->target) +
		cs_inbound_bytes(&request->inbound) + cs_lambda_event_bytes(request->lambda) +
		cs_lambda_event_bytes(request->batch) + cs_openwhisk_event_bytes(request->whisk);
}

struct cs_request *cs_request_new(const struct cs_rec_request *rec, const char *text,
				  uint32_t text_len, bool on_lambda)
{
	struct cs_request *request;

	if ((uint32_t)rec->method_len + rec->target_len + rec->headers_len > text_len)
		return NULL;
	request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->connection = rec->connection;
	request->sequence = rec->sequence;
	request->version = rec->version;
	request->cut = rec->flags & (CS_REQUEST_HEADERS_CUT | CS_REQUEST_TARGET_CUT);
	request->of_first = rec->flags & CS_REQUEST_OF_FIRST;
	request->method = cs_text_clean_copy(text, rec->method_len);
	request->target = cs_text_clean_copy(text + rec->method_len, rec->target_len);
	cs_inbound_read(&request->inbound, text + rec->method_len + rec->target_len,
			rec->headers_len, on_lambda);
	cs_inbound_unescape(&request->inbound);
	cs_request_measure(request);
	return request;
}

static char *copy_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

struct cs_request *cs_request_new_exec(const char *method, const char *target, const char *headers,
				       bool on_lambda)
{
	struct cs_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->exec = true;
	request->method = copy_of(method);
	request->target = copy_of(target);
	if (headers)
		cs_inbound_read(&request->inbound, headers, strlen(headers), on_lambda);
	cs_inbound_unescape(&request->inbound);
	cs_request_measure(request);
	return request;
}

struct cs_request *cs_request_new_lambda(const struct cs_rec_invocation *rec, const char *text,
					 uint32_t text_len)
{
	struct cs_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->lambda = cs_lambda_event_new(rec, text, text_len);
	if (!request->lambda) {
		free(request);
		return NULL;
	}
	cs_inbound_read_ids(&request->inbound, text, rec->text_len);
	cs_request_measure(request);
	return request;
}

struct cs_request *cs_request_new_api(const char *headers, uint32_t len, bool on_lambda)
{
	struct cs_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	cs_inbound_read(&request->inbound, headers, len, on_lambda);
	cs_request_measure(request);
	return request;
}

void cs_request_free(struct cs_request *request)
{
	if (!request)
		return;
	cs_call_list_clear(&request->calls);
	free(request->method);
	free(request->target);
	cs_inbound_deinit(&request->inbound);
	cs_lambda_event_free(request->lambda);
	cs_lambda_event_free(request->batch);
	cs_openwhisk_event_free(request->whisk);
	free(request);
}

/* 1 the same, 0 not to be compared, -1 different */
static int agree(const char *a, const char *b)
{
	if (!a || !b)
		return 0;
	return strcmp(a, b) == 0 ? 1 : -1;
}

/* Was @b told that @a's span called it? */
static bool told_of(const struct cs_inbound *a, const struct cs_inbound *b)
{
	return a->has_handed_on && b->carrier == CS_CARRIER_TRACEPARENT &&
	       memcmp(a->handed_on, b->caller.parent_id, sizeof(a->handed_on)) == 0;
}

/* Was a call of @a's what brought @b, as the shim told whom it called? */
static bool called(const struct cs_request *a, const struct cs_request *b)
{
	const struct cs_call_held *held;

	if (b->inbound.carrier != CS_CARRIER_TRACEPARENT)
		return false;
	LIST_FOREACH(held, &a->calls, of_owner)
	{
		if (held->told.is &&
		    !memcmp(held->told.span, b->inbound.caller.parent_id, sizeof(held->told.span)))
			return true;
	}
	return false;
}

/* One whose calls are told of, which may be gone by now: its trace alone tells nothing. */
static bool may_have_called(const struct cs_inbound *a, const struct cs_inbound *b)
{
	return (a->has_handed_on || b->has_handed_on) &&
	       !memcmp(a->caller.trace_id, b->caller.trace_id, sizeof(a->caller.trace_id));
}

static int agree_context(const struct cs_inbound *a, const struct cs_inbound *b)
{
	if (told_of(a, b) || told_of(b, a))
		return 1;
	if (!a->carrier || !b->carrier)
		return 0;
	return memcmp(a->caller.trace_id, b->caller.trace_id, sizeof(a->caller.trace_id)) == 0 &&
			       memcmp(a->caller.parent_id, b->caller.parent_id,
				      sizeof(a->caller.parent_id)) == 0
		       ? 1
	       : may_have_called(a, b) ? 0
				       : -1;
}

enum cs_request_match cs_request_compare(const struct cs_request *a, const struct cs_request *b)
{
	/* Not a correlation id: many requests of one story have the same. */
	static const enum cs_request_id telling[] = {
		CS_REQUEST_ID_ACTIVATION, CS_REQUEST_ID_AZURE,   CS_REQUEST_ID_EXECUTION,
		CS_REQUEST_ID_CALL,       CS_REQUEST_ID_REQUEST, CS_REQUEST_ID_EVENT,
		CS_REQUEST_ID_TASK,
	};
	int same = called(a, b) || called(b, a) ? 1 : agree_context(&a->inbound, &b->inbound);

	if (same < 0)
		return CS_REQUEST_OTHER;
	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++) {
		int id = agree(a->inbound.ids[telling[i]], b->inbound.ids[telling[i]]);

		if (id < 0)
			return CS_REQUEST_OTHER;
		same += id;
	}
	return same ? CS_REQUEST_SAME : CS_REQUEST_NO_COMMON_ID;
}
