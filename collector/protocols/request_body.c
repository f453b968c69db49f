/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What stands in the body of a request, by the EVENT records of a server: a CloudEvent in structured mode is
 * as if its attributes had come in headers; of a batch each event is one that the invocation points to;
 * Azure's host says how often it has delivered a message; OpenWhisk's invoker tells all that it has to.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/lines.h"
#include "collector/protocols/lambda_messages.h"
#include "collector/protocols/openwhisk.h"

#define BODY_BYTES_MAX 4096u /* what a record may add to a request: as long as it is itself */

static struct cs_request *find_asked(struct cs_assembled *instance, uint32_t tag, const char *id)
{
	struct cs_request *request;
	struct cs_event_of of;

	memcpy(&of, id, CS_EVENT_OF_BYTES);
	LIST_FOREACH(request, &instance->requests, of_instance)
	{
		if (request->connection == of.connection && request->sequence == of.sequence &&
		    request->tag == tag && !request->exec && !request->lambda)
			return request->handed_over ? NULL : request;
	}
	return NULL;
}

/* What headers said goes before what the body says. */
static void take_event(struct cs_request *request, struct cs_part text)
{
	struct cs_inbound *had = &request->inbound, body;

	cs_inbound_read(&body, text.text, text.len, false);
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		if (had->ids[i])
			continue;
		had->ids[i] = body.ids[i];
		body.ids[i] = NULL;
	}
	if (!had->has_created) {
		had->has_created = body.has_created;
		had->created = body.created;
		had->created_state = body.created_state;
		body.created_state = NULL;
	}
	if (!had->attempt)
		had->attempt = body.attempt;
	cs_inbound_deinit(&body);
}

/* Of a web action, who called it stands in the body: whoever asked the runtime itself has no span. */
static void take_caller(struct cs_inbound *had, struct cs_part text)
{
	struct cs_inbound body;

	cs_inbound_read(&body, text.text, text.len, false);
	had->refused |= body.refused;
	if (!had->carrier && body.carrier) {
		had->carrier = body.carrier;
		had->caller = body.caller;
		had->in_body = true;
		had->trace_state = body.trace_state;
		body.trace_state = NULL;
	}
	cs_inbound_deinit(&body);
}

static void take_whisk(struct cs_request *request, const struct cs_rec_event *rec,
		       struct cs_part text)
{
	if (request->whisk)
		return;
	request->whisk = cs_openwhisk_event_new(text.text, text.len);
	if (!request->whisk)
		return;
	request->whisk->posted = true;
	request->whisk->web = rec->flags & CS_EVENT_WEB;
	if (rec->flags & CS_EVENT_CUT)
		request->cut |= CS_REQUEST_HEADERS_CUT;
	take_caller(&request->inbound, text);
	take_event(request, text);
	cs_openwhisk_name(request->instance, request->whisk);
}

static void take_batch(struct cs_request *request, const struct cs_rec_event *rec,
		       struct cs_part text)
{
	struct cs_inbound unused = { .carrier = CS_CARRIER_NONE };

	if (!request->batch)
		request->batch = calloc(1, sizeof(*request->batch));
	if (!request->batch)
		return;
	cs_lambda_messages_take(request->batch, &unused, rec, text.text, text.len);
}

void cs_assembled_on_body(struct cs_assembled *instance, const struct cs_entry *entry)
{
	const struct cs_rec_event *rec = (const void *)(&entry->record + 1);
	uint32_t len = entry->record.payload_len - (uint32_t)sizeof(*rec);
	struct cs_assembler_stats *stats = &instance->assembler->stats;
	const char *text = (const char *)(rec + 1);
	struct cs_request *request;
	struct cs_part part;
	size_t before;

	if (rec->text_len > len || rec->id_len != CS_EVENT_OF_BYTES ||
	    rec->id_len > rec->text_len) {
		stats->unknown_records++;
		return;
	}
	request = find_asked(instance, entry->pid, text);
	if (!request || instance->requests_bytes + BODY_BYTES_MAX > CS_ASSEMBLER_BYTES_MAX) {
		stats->unmatched++;
		return;
	}
	part = (struct cs_part){ text + rec->id_len, (size_t)(rec->text_len - rec->id_len) };
	before = request->bytes;
	if (rec->service == CS_EVENT_OPENWHISK)
		take_whisk(request, rec, part);
	else if (rec->flags & CS_EVENT_BATCH)
		take_batch(request, rec, part);
	else
		take_event(request, part);
	cs_request_measure(request);
	cs_assembled_grew(instance, request->bytes - before);
}
