/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events of the Lambda Runtime API, from the record that one was handed out to the one of its answer.
 * They belong together by the event's id alone: thread, connection and process may be others.
 */
#include "collector/assembler/assembled.h"

#include <string.h>

#include "base/utf8.h"
#include "collector/protocols/lambda_event.h"
#include "collector/protocols/lambda_messages.h"
#include "collector/protocols/openwhisk.h"
#include "collector/protocols/stdio_loop.h"

/* What an event may come to take by one record more: texts grow as they are repaired. */
#define BODY_BYTES_MAX (CS_MESSAGES_MAX * sizeof(struct cs_message) + 4 * CS_RECORD_PAYLOAD_MAX)

bool cs_assembled_asks(const struct cs_assembled *instance)
{
	return instance->marks[CS_MARK_NEXT] || cs_stdio_loops(instance) ||
	       (instance->identity.lambda && !cs_assembled_serves(instance));
}

/* Its header may not have had room for the variable; or it lies. It asks for its events all the same. */
static bool has_place(struct cs_assembled *instance)
{
	struct cs_lambda_place *place = instance->identity.lambda;

	if (place)
		return true;
	place = cs_arena_alloc(&instance->arena, sizeof(*place));
	if (!place)
		return false;
	*place = (struct cs_lambda_place){ .runtime_api = "" };
	instance->identity.lambda = place;
	return true;
}

void cs_assembled_on_invocation(struct cs_assembled *instance, const struct cs_entry *entry,
				uint64_t time_ns, uint64_t now_ns)
{
	const struct cs_rec_invocation *rec = (const void *)(&entry->record + 1);
	struct cs_assembler *assembler = instance->assembler;
	struct cs_request *request;

	if (rec->source == CS_INVOCATION_STDIO) {
		cs_stdio_on_invocation(instance, entry, time_ns);
		return;
	}
	if (rec->source != CS_INVOCATION_LAMBDA) {
		assembler->stats.unknown_records++;
		return;
	}
	request =
		has_place(instance)
			? cs_request_new_lambda(rec, (const char *)(rec + 1),
						entry->record.payload_len - (uint32_t)sizeof(*rec))
			: NULL;
	request = cs_assembled_take_in(instance, request, entry, time_ns);
	if (!request)
		return;
	request->asked_ns = cs_assembled_ours(instance, rec->asked_ns);
	cs_attribution_begins(request, entry->record.thread, false);
	if (request->tag == (uint32_t)instance->identity.pid)
		request->asker_ppid = instance->identity.ppid;
	LIST_INSERT_HEAD(&assembler->events, request, events);
	cs_lambda_child_began(request);
}

/* Of whatever is not handed over: an answer may be told of twice. */
static struct cs_request *find_event(struct cs_assembled *instance, const char *id, size_t id_len)
{
	struct cs_request *request;

	LIST_FOREACH(request, &instance->requests, of_instance)
	{
		if (request->lambda && !request->handed_over &&
		    strlen(request->lambda->id) == id_len &&
		    !memcmp(request->lambda->id, id, id_len))
			return request;
	}
	return NULL;
}

void cs_assembled_on_event(struct cs_assembled *instance, const struct cs_entry *entry)
{
	const struct cs_rec_event *rec = (const void *)(&entry->record + 1);
	uint32_t len = entry->record.payload_len - (uint32_t)sizeof(*rec);
	struct cs_assembler_stats *stats = &instance->assembler->stats;
	const char *text = (const char *)(rec + 1);
	struct cs_request *request;
	size_t before;

	if (rec->source == CS_INVOCATION_HTTP) {
		cs_assembled_on_body(instance, entry);
		return;
	}
	if (rec->source != CS_INVOCATION_LAMBDA || rec->text_len > len ||
	    rec->id_len > rec->text_len) {
		stats->unknown_records++;
		return;
	}
	request = find_event(instance, text, rec->id_len);
	if (!request) {
		stats->unmatched++;
		return;
	}
	if (instance->requests_bytes + BODY_BYTES_MAX > CS_ASSEMBLER_BYTES_MAX) {
		request->lambda->messages_cut = true;
		return;
	}
	before = request->bytes;
	cs_lambda_messages_take(request->lambda, &request->inbound, rec, text + rec->id_len,
				(size_t)(rec->text_len - rec->id_len));
	stats->contexts_refused += request->inbound.refused != 0;
	cs_request_measure(request);
	cs_assembled_grew(instance, request->bytes - before);
}

static void answer(struct cs_request *request, const struct cs_rec_invocation_end *rec,
		   uint64_t first_ns, uint64_t time_ns, uint64_t now_ns)
{
	cs_lambda_event_answer(request->lambda, rec, (const char *)(rec + 1));
	if (request->end_ns)
		return;
	request->first_byte_ns = first_ns;
	request->response_bytes = rec->bytes;
	cs_assembled_finish(request, time_ns, now_ns);
}

static void init_failed(struct cs_assembled *instance, const struct cs_rec_invocation_end *rec,
			const char *text)
{
	struct cs_lambda_place *place = instance->identity.lambda;
	char *type;

	if (!place || place->init_error)
		return;
	type = cs_lambda_error_type(rec, text);
	place->init_error = cs_arena_strndup(&instance->arena, type ? type : "unknown",
					     CS_TELEMETRY_STRING_MAX);
	place->restore_failed = rec->outcome == CS_INVOCATION_RESTORE_ERROR;
	free(type);
	cs_lambda_hand_up(instance);
}

void cs_assembled_on_invocation_end(struct cs_assembled *instance, const struct cs_entry *entry,
				    uint64_t time_ns, uint64_t now_ns)
{
	const struct cs_rec_invocation_end *rec = (const void *)(&entry->record + 1);
	uint32_t len = entry->record.payload_len - (uint32_t)sizeof(*rec);
	const char *text = (const char *)(rec + 1);
	struct cs_request *request;

	if (rec->source == CS_INVOCATION_HTTP && rec->outcome == CS_INVOCATION_INIT_ERROR) {
		cs_openwhisk_on_load_failed(instance, rec, time_ns);
		return;
	}
	if ((rec->source != CS_INVOCATION_LAMBDA && rec->source != CS_INVOCATION_STDIO) ||
	    rec->text_len > len || rec->headers_offset > rec->text_len ||
	    rec->id_offset + rec->id_len > rec->text_len) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	if (rec->source == CS_INVOCATION_STDIO) {
		cs_stdio_on_invocation_end(instance, entry, time_ns, now_ns);
		return;
	}
	if (rec->outcome == CS_INVOCATION_INIT_ERROR ||
	    rec->outcome == CS_INVOCATION_RESTORE_ERROR) {
		init_failed(instance, rec, text);
		return;
	}
	request = find_event(instance, text + rec->id_offset, rec->id_len);
	if (request)
		instance->answers = true;
	if (!request)
		request = cs_lambda_find_others(instance, text + rec->id_offset, rec->id_len);
	if (!request) {
		instance->assembler->stats.unmatched++;
		return;
	}
	cs_attribution_answered(request, entry->record.thread, time_ns);
	answer(request, rec, cs_assembled_ours(instance, rec->first_ns), time_ns, now_ns);
}
