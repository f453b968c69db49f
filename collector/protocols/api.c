/* SPDX-License-Identifier: Apache-2.0 */

/* Invocations and spans by their handles; see api.h. */
#include "collector/protocols/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "collector/assembler/assembled.h"
#include "collector/protocols/api_note.h"

#define BUCKETS      256u
#define HANDLE_SHIFT 42u /* of the pid in a handle: preload/api.c */

struct span {
	LIST_ENTRY(span) of_bucket; /* until it is told of */
	LIST_ENTRY(span) of_api;
	struct cs_api *api;
	uint64_t handle;
	struct cs_span_id id, parent; /* of an invocation, and of what is right below it, not set */
	bool is_invocation, is_top;
	uint64_t start_ns, end_ns; /* end 0: it has not ended */
	const char *name;
	const char *approximate; /* why its times are not exact; NULL: they are */
	struct cs_outcome outcome;
	struct cs_api_notes notes;
};

struct cs_api {
	LIST_ENTRY(cs_api) of_table;
	struct cs_assembled *instance;
	struct cs_arena arena; /* all of it */
	size_t bytes;          /* of it, as counted in the table */
	struct span *own;      /* the invocation's */
	LIST_HEAD(, span) spans;
	unsigned spans_count, untold, written_off;
	struct cs_api_said said;
	struct cs_request *request; /* NULL: forgotten */
	bool told;
	struct cs_span_context context; /* once it was told of */
};

struct cs_api_table {
	LIST_HEAD(, span) buckets[BUCKETS];
	LIST_HEAD(, cs_api) list; /* newest first */
	size_t bytes;
};

/* --- the table --- */

static struct span *find(const struct cs_assembled *instance, uint64_t handle)
{
	struct span *span = NULL;

	if (!instance->api)
		return NULL;
	LIST_FOREACH(span, &instance->api->buckets[handle % BUCKETS], of_bucket)
	{
		if (span->handle == handle)
			break;
	}
	return span;
}

static void recount(struct cs_api *api)
{
	size_t now = sizeof(*api) + api->arena.held_bytes;

	api->instance->api->bytes += now - api->bytes;
	api->instance->assembler->room.bytes += now - api->bytes;
	api->bytes = now;
}

/* Those of its spans that were not told never will be. */
static void write_off(struct cs_api *api)
{
	cs_assembled_ledger(api->instance, CS_LEDGER_INNER)->dropped +=
		api->untold - api->written_off;
	api->written_off = api->untold;
}

void cs_api_write_off(struct cs_assembled *instance)
{
	struct cs_api *api;

	if (!instance->api)
		return;
	LIST_FOREACH(api, &instance->api->list, of_table)
	write_off(api);
}

static void free_api(struct cs_api *api)
{
	struct span *span;

	write_off(api);
	LIST_FOREACH(span, &api->spans, of_api)
	LIST_REMOVE(span, of_bucket);
	if (api->own)
		LIST_REMOVE(api->own, of_bucket);
	LIST_REMOVE(api, of_table);
	api->instance->api->bytes -= api->bytes;
	api->instance->assembler->room.bytes -= api->bytes;
	cs_arena_deinit(&api->arena);
	free(api);
}

void cs_api_table_free(struct cs_api_table *table)
{
	while (table && !LIST_EMPTY(&table->list))
		free_api(LIST_FIRST(&table->list));
	free(table);
}

/* One whose invocation is over long since, with spans that nobody ends, makes room. */
static bool make_room(struct cs_api_table *table, struct cs_assembler *assembler)
{
	struct cs_api *api, *oldest = NULL;

	if (table->bytes < CS_API_BYTES_MAX)
		return true;
	LIST_FOREACH(api, &table->list, of_table)
	{
		if (api->told && !api->request)
			oldest = api;
	}
	if (!oldest)
		return false;
	assembler->stats.api_dropped += oldest->untold;
	free_api(oldest);
	return true;
}

static struct cs_api_table *table_of(struct cs_assembled *instance)
{
	if (!instance->api)
		instance->api = calloc(1, sizeof(*instance->api));
	return instance->api;
}

static struct cs_api *new_api(struct cs_assembled *instance)
{
	struct cs_api_table *table = table_of(instance);
	struct cs_api *api =
		table && make_room(table, instance->assembler) ? calloc(1, sizeof(*api)) : NULL;

	if (!api)
		return NULL;
	cs_arena_init(&api->arena, CS_API_ARENA_MAX);
	api->arena.block_bytes = 1024; /* a few spans */
	api->instance = instance;
	LIST_INIT(&api->spans);
	LIST_INSERT_HEAD(&table->list, api, of_table);
	return api;
}

static struct span *new_span(struct cs_api *api, const struct cs_rec_api_begin *rec,
			     uint64_t position, uint64_t time_ns)
{
	struct cs_assembled *instance = api->instance;
	struct span *span = cs_arena_alloc(&api->arena, sizeof(*span));
	const char *name =
		span ? cs_api_text(&api->arena, (const char *)(rec + 1), rec->name_len) : NULL;

	if (!name)
		return NULL;
	span->api = api;
	span->handle = rec->span;
	span->start_ns = time_ns ? time_ns : 1;
	span->name = *name ? name : NULL;
	span->id = cs_make_span_id(&instance->assembler->key, instance->identity.segment, position,
				   CS_ID_API_SPAN);
	LIST_INSERT_HEAD(&instance->api->buckets[span->handle % BUCKETS], span, of_bucket);
	return span;
}

/* --- telling --- */

static void tell(struct span *span)
{
	struct cs_api *api = span->api;
	struct cs_assembler *assembler = api->instance->assembler;
	struct cs_inner_span inner = {
		.identity = &api->instance->identity,
		.context = api->context,
		.name = span->name ? span->name : "span",
		.start_ns = span->start_ns,
		.end_ns = span->end_ns,
		.approximate = span->approximate,
		.outcome = span->outcome,
	};

	inner.context.span_id = span->id;
	inner.context.parent_span_id = span->is_top ? api->context.span_id : span->parent;
	inner.context.parent_remote = false;
	cs_api_notes_said(&span->notes, &inner.said);
	api->untold--;
	LIST_REMOVE(span, of_bucket);
	LIST_REMOVE(span, of_api);
	assembler->stats.api_spans++;
	cs_assembled_ledger(api->instance, CS_LEDGER_INNER)->told++;
	assembler->sink.span(assembler->sink.context, &inner);
}

static void free_if_done(struct cs_api *api)
{
	if (!api->request && (!api->told || !api->untold))
		free_api(api);
}

const struct cs_api_said *cs_api_said(const struct cs_api *api)
{
	return &api->said;
}

void cs_api_conclude(struct cs_api *api, const struct cs_request *request)
{
	struct span *span = LIST_FIRST(&api->spans), *next;

	api->told = true;
	api->context = request->context;
	if (api->context.trace_state) /* the request's own */
		api->context.trace_state = cs_arena_strndup(&api->arena, api->context.trace_state,
							    CS_TELEMETRY_STRING_MAX);
	for (; span; span = next) {
		next = LIST_NEXT(span, of_api);
		if (span->end_ns)
			tell(span);
	}
}

void cs_api_leave(struct cs_api *api)
{
	if (!api)
		return;
	api->request = NULL;
	if (!api->told)
		api->instance->assembler->stats.api_dropped += api->untold;
	free_if_done(api);
}

/* --- records --- */

static void begin_invocation(struct cs_assembled *instance, const struct cs_entry *entry,
			     uint64_t time_ns)
{
	const struct cs_rec_api_begin *rec = (const void *)(&entry->record + 1);
	const char *text = (const char *)(rec + 1);
	struct cs_request *request = NULL;
	struct cs_api *api = new_api(instance);

	if (api)
		api->own = new_span(api, rec, entry->position, time_ns);
	if (api && api->own)
		request = cs_request_new_api(text + rec->name_len + rec->id_len, rec->headers_len,
					     instance->identity.lambda);
	request = cs_assembled_take_in(instance, request, entry, time_ns);
	if (!request) {
		if (api)
			free_api(api);
		return;
	}
	api->own->is_invocation = true;
	api->request = request;
	api->said.name = api->own->name;
	if (rec->id_len)
		api->said.id = cs_api_text(&api->arena, text + rec->name_len, rec->id_len);
	api->said.trigger = rec->trigger;
	recount(api);
	request->api = api;
	request->cut = rec->flags & CS_REQUEST_HEADERS_CUT;
	cs_attribution_begins(request, entry->record.thread, false);
	instance->connected = true;
}

static void begin_span(struct cs_assembled *instance, const struct cs_entry *entry,
		       uint64_t time_ns)
{
	const struct cs_rec_api_begin *rec = (const void *)(&entry->record + 1);
	bool room = cs_room_make(instance->assembler, CS_ROOM_SPAN, 0); /* may free what is over */
	struct span *parent = find(instance, rec->parent), *span = NULL;
	struct cs_api *api = parent ? parent->api : NULL;

	if (!api || (parent->end_ns && parent->end_ns < time_ns)) {
		instance->assembler->stats.unmatched++;
		return;
	}
	if (api->spans_count < CS_API_SPANS_MAX && instance->api->bytes < CS_API_BYTES_MAX && room)
		span = new_span(api, rec, entry->position, time_ns);
	recount(api);
	cs_assembled_ledger(instance, CS_LEDGER_INNER)->read++;
	if (!span) {
		instance->assembler->stats.api_dropped++;
		cs_assembled_ledger(instance, CS_LEDGER_INNER)->dropped++;
		return;
	}
	span->is_top = parent->is_invocation;
	span->parent = parent->id;
	api->spans_count++;
	api->untold++;
	LIST_INSERT_HEAD(&api->spans, span, of_api);
}

void cs_api_on_begin(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		     uint64_t now_ns)
{
	const struct cs_rec_api_begin *rec = (const void *)(&entry->record + 1);
	uint32_t len = entry->record.payload_len - (uint32_t)sizeof(*rec);

	if (!rec->span || (uint32_t)rec->name_len + rec->id_len + rec->headers_len > len ||
	    find(instance, rec->span)) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	if (rec->parent)
		begin_span(instance, entry, time_ns);
	else
		begin_invocation(instance, entry, time_ns);
}

static void end_span(struct span *span, uint64_t time_ns)
{
	span->end_ns = time_ns > span->start_ns ? time_ns : span->start_ns;
	if (span->api->told) {
		struct cs_api *api = span->api;

		tell(span);
		free_if_done(api);
	}
}

void cs_api_on_end(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		   uint64_t now_ns)
{
	const struct cs_rec_api_end *rec = (const void *)(&entry->record + 1);
	struct span *span = find(instance, rec->span);
	struct cs_request *request = span && span->is_invocation ? span->api->request : NULL;

	if (!span || span->end_ns || (span->is_invocation && (!request || request->end_ns))) {
		instance->assembler->stats.unmatched++;
		return;
	}
	if (!span->is_invocation) {
		end_span(span, time_ns);
		return;
	}
	span->end_ns = time_ns;
	cs_assembled_finish(request, time_ns, now_ns);
}

void cs_api_on_note(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns)
{
	const struct cs_rec_api_note *rec = (const void *)(&entry->record + 1);
	uint32_t len = entry->record.payload_len - (uint32_t)sizeof(*rec);
	bool room = cs_room_make(instance->assembler, CS_ROOM_SPAN, 0); /* may free what is over */
	struct span *span = find(instance, rec->span);
	int r;

	if (!span || span->end_ns || (span->is_invocation && span->api->told)) {
		instance->assembler->stats.unmatched++;
		return;
	}
	if (!room || instance->api->bytes >= CS_API_BYTES_MAX) {
		instance->assembler->stats.api_dropped++;
		return;
	}
	r = cs_api_notes_add(&span->notes, &span->api->arena, rec, len, time_ns);
	recount(span->api);
	if (r == -EBADMSG)
		instance->assembler->stats.unknown_records++;
	else if (r < 0)
		instance->assembler->stats.api_dropped++;
	if (span->is_invocation)
		cs_api_notes_said(&span->notes, &span->api->said);
}

void cs_api_ended(struct cs_assembled *instance, uint32_t tag, bool all, struct cs_outcome outcome,
		  const char *why, uint64_t time_ns)
{
	struct cs_api *api = instance->api ? LIST_FIRST(&instance->api->list) : NULL, *next;

	for (; api; api = next) {
		struct span *span = LIST_FIRST(&api->spans), *following;

		next = LIST_NEXT(api, of_table);
		for (; span; span = following) {
			following = LIST_NEXT(span, of_api);
			if (span->end_ns || (!all && span->handle >> HANDLE_SHIFT != tag))
				continue;
			span->approximate = why;
			span->outcome = outcome;
			end_span(span, time_ns); /* with the last one the invocation may go */
		}
	}
}
