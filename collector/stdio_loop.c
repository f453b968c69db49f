/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/stdio_loop.h"

#include <string.h>

#include "base/utf8.h"
#include "collector/assembled.h"
#include "collector/clock_shift.h"
#include "collector/lines.h"

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

/* --- an event --- */

static uint64_t number_of(struct cs_part digits)
{
	uint64_t number = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.text[i] < '0' || digits.text[i] > '9' || number > UINT64_MAX / 100)
			return 0;
		number = number * 10 + (uint64_t)(digits.text[i] - '0');
	}
	return number;
}

static void take_line(struct cs_stdio_event *event, const struct cs_line *line)
{
	const struct {
		const char *name;
		char **where;
	} fields[] = {
		{ "action_name", &event->action },
		{ "action_version", &event->version },
		{ "namespace", &event->space },
	};

	if (cs_part_is(line->name, "deadline"))
		event->deadline_unix_ms = number_of(line->value);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (cs_part_is(line->name, fields[i].name) && !*fields[i].where)
			*fields[i].where = cs_text_clean_copy(line->value.text, line->value.len);
	}
}

static struct cs_stdio_event *loop_event_new(const char *lines, size_t len)
{
	struct cs_stdio_event *event = calloc(1, sizeof(*event));
	struct cs_part rest = { lines, len };
	struct cs_line line;

	while (event && cs_line_next(&rest, &line))
		take_line(event, &line);
	return event;
}

void cs_stdio_event_free(struct cs_stdio_event *event)
{
	if (!event)
		return;
	free(event->action);
	free(event->version);
	free(event->space);
	free(event);
}

size_t cs_stdio_event_bytes(const struct cs_stdio_event *event)
{
	return event ? sizeof(*event) + cs_text_bytes(event->action) +
			       cs_text_bytes(event->version) + cs_text_bytes(event->space)
		     : 0;
}

/* --- who it is --- */

static const char *keep(struct cs_assembled *instance, const char *text)
{
	return text ? cs_arena_strndup(&instance->arena, text, CS_TELEMETRY_STRING_MAX) : NULL;
}

static void add_space(struct cs_assembled *instance, struct cs_platform *platform,
		      const char *space)
{
	struct cs_attr *items = cs_arena_alloc(&instance->arena, sizeof(*items));

	if (platform->attrs.count || !space || !items)
		return;
	*items = (struct cs_attr){ "coldspan.openwhisk.namespace",
				   { CS_VALUE_STRING, .string = keep(instance, space) } };
	if (items->value.string)
		platform->attrs = (struct cs_attrs){ .items = items, .count = 1 };
}

/*
 * A proxy starts the process before it is told which action that is; each event says so. It is the same
 * one for the life of the process.
 */
static void name_after(struct cs_assembled *instance, const struct cs_stdio_event *event)
{
	struct cs_identity *identity = &instance->identity;
	struct cs_platform *platform;

	if (!event->action || !identity->platform || identity->platform->function)
		return;
	platform = cs_arena_alloc(&instance->arena, sizeof(*platform));
	if (!platform)
		return;
	*platform = *identity->platform;
	platform->name = "openwhisk";
	platform->function = keep(instance, event->action);
	if (!platform->version)
		platform->version = keep(instance, event->version);
	add_space(instance, platform, event->space);
	identity->platform = platform;
	if (platform->function && !identity->named)
		cs_utf8_repair(identity->name, sizeof(identity->name), event->action,
			       strlen(event->action), NULL);
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
	request->stdio = loop_event_new(text + id_len, rec->text_len - id_len);
	if (!request->stdio) {
		free(request);
		return NULL;
	}
	request->stdio->web = rec->flags & CS_INVOCATION_WEB;
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
	name_after(instance, request->stdio);
	cs_attribution_begins(request, entry->record.thread, false);
}

static struct cs_request *find_event(struct cs_assembled *instance, uint32_t sequence)
{
	struct cs_request *request;

	LIST_FOREACH(request, &instance->requests, of_instance)
	{
		if (request->stdio && !request->handed_over && request->sequence == sequence)
			return request;
	}
	return NULL;
}

/* What was told as unseen may be seen after all: who reads ahead asks before he answers. */
static void answer(struct cs_request *request, const struct cs_rec_invocation_end *rec,
		   uint64_t first_ns, uint64_t time_ns, uint64_t now_ns)
{
	bool unseen = rec->flags & CS_INVOCATION_UNSEEN;

	if (request->end_ns && (unseen || !request->stdio->unseen))
		return;
	request->stdio->unseen = unseen;
	request->approximate = unseen ? CS_ANSWER_UNSEEN : NULL;
	request->first_byte_ns = first_ns;
	request->response_bytes = rec->bytes;
	request->stdio->failed = rec->outcome == CS_INVOCATION_ERROR;
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
	cs_attribution_answered(request, entry->record.thread);
	if (rec->first_ns)
		first_ns = cs_clock_shift_apply(instance->identity.clock_shift_ns, rec->first_ns);
	answer(request, rec, first_ns, time_ns, now_ns);
}
