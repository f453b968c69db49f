/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/protocols/stdio_loop.h"

#include <stdlib.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/processes/clock_shift.h"
#include "collector/protocols/openwhisk.h"

#define GENERATIONS_MAX 8u /* between a loop and what its commands start */

bool cs_stdio_loops(const struct cs_assembled *instance)
{
	return instance->identity.loop && !cs_assembled_serves(instance);
}

bool cs_stdio_is_function(struct cs_assembled *instance)
{
	struct cs_assembled *above = cs_assembled_parent(instance);

	if (!cs_stdio_loops(instance) || (!instance->ack_ns && !instance->first_seen))
		return false;
	for (unsigned i = 0; above && i < GENERATIONS_MAX; i++) {
		if (cs_stdio_loops(above) && (above->ack_ns || above->first_seen))
			return false;
		above = cs_assembled_parent(above);
	}
	return true;
}

uint64_t cs_stdio_ready(const struct cs_assembled *instance)
{
	return instance->ack_ns ? instance->ack_ns : instance->marks[CS_MARK_STDIN_READ];
}

/* --- records --- */

static uint32_t sequence_of(const char *id)
{
	uint32_t sequence;

	memcpy(&sequence, id, sizeof(sequence));
	return sequence;
}

static struct cs_request *request_new(const struct cs_rec_invocation *rec, uint32_t len)
{
	const char *text = (const char *)(rec + 1);
	struct cs_request *request;
	uint32_t id_len = sizeof(request->sequence);

	if (rec->text_len > len || rec->id_offset || rec->id_len != id_len ||
	    rec->text_len < id_len)
		return NULL;
	request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->whisk = cs_openwhisk_event_new(text + id_len, rec->text_len - id_len);
	if (!request->whisk) {
		free(request);
		return NULL;
	}
	request->whisk->web = rec->flags & CS_INVOCATION_WEB;
	request->sequence = sequence_of(text);
	request->cut = rec->flags & CS_REQUEST_HEADERS_CUT;
	cs_inbound_read(&request->inbound, text + id_len, rec->text_len - id_len, false);
	cs_request_measure(request);
	return request;
}

void cs_stdio_on_invocation(struct cs_assembled *instance, const struct cs_entry *entry,
			    uint64_t time_ns)
{
	const struct cs_rec_invocation *rec = (const void *)(&entry->record + 1);
	struct cs_request *request =
		request_new(rec, entry->record.payload_len - (uint32_t)sizeof(*rec));

	request = cs_assembled_take_in(instance, request, entry, time_ns);
	if (!request)
		return;
	cs_openwhisk_name(instance, request->whisk);
	cs_attribution_begins(request, entry->record.thread, false);
}

static struct cs_request *find_event(struct cs_assembled *instance, uint32_t sequence)
{
	struct cs_request *request;

	LIST_FOREACH(request, &instance->requests, of_instance)
	{
		if (cs_request_is_line(request) && !request->handed_over &&
		    request->sequence == sequence)
			return request;
	}
	return NULL;
}

/* What was told as unseen may be seen after all: who reads ahead asks before he answers. */
static void answer(struct cs_request *request, const struct cs_rec_invocation_end *rec,
		   uint64_t first_ns, uint64_t time_ns, uint64_t now_ns)
{
	bool unseen = rec->flags & CS_INVOCATION_UNSEEN;

	if (request->end_ns && (unseen || !request->whisk->unseen))
		return;
	request->whisk->unseen = unseen;
	request->approximate = unseen ? CS_ANSWER_UNSEEN : NULL;
	request->first_byte_ns = first_ns;
	request->response_bytes = rec->bytes;
	request->whisk->failed = rec->outcome == CS_INVOCATION_ERROR;
	if (!request->end_ns)
		cs_assembled_finish(request, time_ns, now_ns);
	else if (time_ns > request->start_ns)
		request->end_ns = time_ns;
}

void cs_stdio_on_invocation_end(struct cs_assembled *instance, const struct cs_entry *entry,
				uint64_t time_ns, uint64_t now_ns)
{
	const struct cs_rec_invocation_end *rec = (const void *)(&entry->record + 1);
	struct cs_request *request;
	uint64_t first_ns = 0;

	if (rec->outcome == CS_INVOCATION_ACK) {
		if (!instance->ack_ns)
			instance->ack_ns = time_ns;
		return;
	}
	request = rec->id_len == sizeof(request->sequence)
			  ? find_event(instance,
				       sequence_of((const char *)(rec + 1) + rec->id_offset))
			  : NULL;
	if (!request) {
		instance->assembler->stats.unmatched += !(rec->flags & CS_INVOCATION_UNSEEN);
		return;
	}
	cs_attribution_answered(request, entry->record.thread, time_ns);
	if (rec->first_ns)
		first_ns = cs_clock_shift_apply(instance->identity.clock_shift_ns, rec->first_ns);
	answer(request, rec, first_ns, time_ns, now_ns);
}
