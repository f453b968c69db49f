/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of logs and whose they are: from a line to what is told of it; see logs.h. */
#include "collector/logs/logs.h"

#include <string.h>

#include "base/utf8.h"
#include "collector/assembler/assembled.h"
#include "collector/assembler/conclude.h"
#include "collector/assembler/wrapper.h"
#include "collector/logs/log_book.h"

#define WHISK_END "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX" /* OpenWhisk's proxies; no line */

struct cs_log_line {
	TAILQ_ENTRY(cs_log_line) of_book;
	TAILQ_ENTRY(cs_log_line) of_request; /* while request */
	struct cs_log_book *book;
	struct cs_request *request; /* NULL: none yet */
	enum cs_attribution how;
	struct cs_log_entry entry; /* but for identity and context; its text follows */
	char text[];
};

/* Of memory that it takes. */
static size_t bytes_of(const struct cs_log_line *line)
{
	return sizeof(*line) + line->entry.len;
}

void cs_log_book_list(struct cs_log_book *book)
{
	if (book->listed)
		return;
	book->listed = true;
	LIST_INSERT_HEAD(&book->instance->assembler->log_books, book, of_assembler);
}

/* --- telling --- */

/* @request: that it is of; NULL: of none, or of the start that @context is of. */
static void tell(struct cs_log_line *line, const struct cs_identity *identity,
		 const struct cs_span_context *context, const struct cs_request *request)
{
	struct cs_log_book *book = line->book;
	struct cs_assembler *assembler = book->instance->assembler;

	if (line->request)
		TAILQ_REMOVE(&line->request->logs, line, of_request);
	TAILQ_REMOVE(&book->lines, line, of_book);
	book->bytes -= bytes_of(line);
	assembler->room.bytes -= bytes_of(line);
	line->entry.identity = identity;
	line->entry.context = context;
	line->entry.text = line->text;
	if (request) {
		line->entry.inbound = &request->inbound;
		line->entry.invocation_id = request->lambda ? request->lambda->id
					    : request->api  ? cs_api_said(request->api)->id
							    : NULL;
	}
	assembler->stats.log_lines++;
	cs_assembled_ledger(book->instance, CS_LEDGER_LINE)->told++;
	if (assembler->sink.log)
		assembler->sink.log(assembler->sink.context, &line->entry);
	free(line);
}

static void tell_alone(struct cs_log_line *line)
{
	line->book->instance->assembler->stats.log_lines_alone++;
	tell(line, cs_wrapper_told(line->book->instance), NULL, NULL);
}

static void tell_of(struct cs_log_line *line, const struct cs_request *request)
{
	if (cs_attribution_holds(request, line->how, line->entry.time_ns))
		tell(line, cs_wrapper_told(request->instance), &request->context, request);
	else
		tell_alone(line);
}

void cs_logs_invocation_told(struct cs_request *request)
{
	while (!TAILQ_EMPTY(&request->logs))
		tell_of(TAILQ_FIRST(&request->logs), request);
}

void cs_logs_request_gone(struct cs_request *request)
{
	while (!TAILQ_EMPTY(&request->logs))
		tell_alone(TAILQ_FIRST(&request->logs));
}

void cs_logs_start_told(struct cs_assembled *instance, const struct cs_cold_start *cold_start,
			uint64_t ready_ns)
{
	struct cs_log_line *line, *next;

	if (!instance->logs)
		return;
	for (line = TAILQ_FIRST(&instance->logs->lines); line; line = next) {
		next = TAILQ_NEXT(line, of_book);
		if (line->request)
			continue;
		if (line->entry.time_ns < ready_ns)
			tell(line, cold_start->identity, &cold_start->context, NULL);
		else
			tell_alone(line);
	}
}

/* --- whose it is --- */

static void give(struct cs_log_line *line, struct cs_request *request, enum cs_attribution how)
{
	line->request = request;
	line->how = how;
	TAILQ_INSERT_TAIL(&request->logs, line, of_request);
}

void cs_logs_event_began(struct cs_request *request)
{
	struct cs_log_book *book = request->instance->logs;
	struct cs_log_line *line;

	if (!book)
		return;
	TAILQ_FOREACH(line, &book->lines, of_book) {
		if (!line->request && line->entry.time_ns >= request->start_ns)
			give(line, request, CS_ATTRIBUTION_CONNECTION);
	}
}

static void move(struct cs_log_line *line, struct cs_log_book *to)
{
	TAILQ_REMOVE(&line->book->lines, line, of_book);
	line->book->bytes -= bytes_of(line);
	TAILQ_INSERT_TAIL(&to->lines, line, of_book);
	to->bytes += bytes_of(line);
	line->book = to;
	cs_log_book_list(to);
}

static void give_to_event(struct cs_log_book *book, struct cs_request *request)
{
	struct cs_log_book *to = cs_log_book_of(request->instance);
	struct cs_log_line *line, *next;

	for (line = to ? TAILQ_FIRST(&book->lines) : NULL; line; line = next) {
		next = TAILQ_NEXT(line, of_book);
		if (line->request || line->entry.pid != book->instance->identity.pid ||
		    !cs_request_has(request, line->entry.time_ns) ||
		    to->bytes + bytes_of(line) > CS_LOGS_BYTES_MAX)
			continue;
		move(line, to);
		give(line, request, CS_ATTRIBUTION_CHILD);
	}
}

/* Is there a line that is nobody's yet? */
static bool has_waiting(const struct cs_log_book *book)
{
	const struct cs_log_line *line;

	TAILQ_FOREACH(line, &book->lines, of_book) {
		if (!line->request)
			return true;
	}
	return false;
}

static void look_for_event(struct cs_log_book *book)
{
	struct cs_request *request = has_waiting(book) ? cs_lambda_child_of(book->instance) : NULL;

	if (request)
		give_to_event(book, request);
}

void cs_logs_of_child(struct cs_assembled *child)
{
	if (child->logs)
		look_for_event(child->logs);
}

void cs_logs_of_children(struct cs_assembler *assembler)
{
	struct cs_log_book *book;

	LIST_FOREACH(book, &assembler->log_books, of_assembler)
	{
		look_for_event(book);
	}
}

/* May its start be yet to be told, or its one event to begin? */
static bool may_be_of_start(const struct cs_assembled *instance, uint64_t time_ns)
{
	if (instance->concluded)
		return false;
	return !instance->first_seen || !instance->first || time_ns < instance->first->start_ns;
}

static void attribute(struct cs_log_line *line, const struct cs_log_origin *origin)
{
	struct cs_assembled *instance = line->book->instance;
	const struct cs_attribution_place place = {
		.tag = (uint32_t)line->entry.pid,
		.thread = origin->thread,
		.time_ns = line->entry.time_ns,
	};
	enum cs_attribution how = CS_ATTRIBUTION_NONE;
	struct cs_request *request =
		origin->buffered ? NULL : cs_attribution_find(instance, &place, &how);

	if (request)
		give(line, request, how);
	else if (how == CS_ATTRIBUTION_UNCLEAR || !may_be_of_start(instance, line->entry.time_ns))
		tell_alone(line);
}

/* --- lines --- */

/* Text as it leaves us: UTF-8 without control characters. In frames '\r' stands for the end of a line. */
static size_t clean(char *dst, size_t size, const char *text, size_t len, bool framed,
		    uint64_t *cut)
{
	bool was_cut;
	size_t n;

	while (len && text[len - 1] == '\r')
		len--;
	n = cs_utf8_repair(dst, size, text, len, &was_cut);
	*cut += was_cut && len > n ? len - n : 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)dst[i];

		if (framed && (c == '\r' || c == '\n'))
			dst[i] = '\n';
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			dst[i] = ' ';
		else if (c == 0xc2 && (unsigned char)dst[i + 1] < 0xa0) /* C1 */
			dst[i] = dst[i + 1] = ' ';
	}
	return n;
}

/* Is there room for it, in time and memory? What is older makes room: what is over, if it can be. */
static bool admit(struct cs_log_book *book, size_t bytes, uint64_t now_ns)
{
	if (book->rate_ns < now_ns)
		book->rate_ns = now_ns;
	if (book->rate_ns - now_ns > CS_LOGS_BURST_NS) {
		book->instance->assembler->stats.log_lines_limited++;
		return false;
	}
	book->rate_ns += CS_LOGS_LINE_NS;
	while (book->bytes + bytes > CS_LOGS_BYTES_MAX && !TAILQ_EMPTY(&book->lines)) {
		if (!cs_assembled_hurry(book->instance))
			tell_alone(TAILQ_FIRST(&book->lines));
	}
	return true;
}

void cs_log_book_add(const struct cs_log_origin *origin, const struct cs_log_entry *entry,
		     const char *text, size_t len)
{
	static char cleaned[CS_TELEMETRY_BODY_MAX + 1]; /* the loop is one thread */
	struct cs_log_book *book = origin->book;
	struct cs_assembler *assembler = book->instance->assembler;
	struct cs_ledger_line *ledger = cs_assembled_ledger(book->instance, CS_LEDGER_LINE);
	struct cs_log_line *line;
	uint64_t cut = entry->cut;
	size_t n =
		clean(cleaned, sizeof(cleaned), text, len, origin->stream == CS_LOG_FRAMED, &cut);

	if (!n && !cut)
		return; /* a blank line */
	if (n == sizeof(WHISK_END) - 1 && !memcmp(cleaned, WHISK_END, n))
		return;
	ledger->read++;
	if (!admit(book, sizeof(*line) + n, origin->now_ns)) {
		ledger->dropped++;
		return;
	}
	line = calloc(1, sizeof(*line) + n + 1);
	if (!line) {
		book->instance->assembler->stats.log_lines_lost++;
		ledger->dropped++;
		return;
	}
	line->book = book;
	line->entry = *entry;
	line->entry.cut = cut;
	line->entry.len = n;
	line->entry.observed_ns = origin->now_ns;
	line->entry.pid = (int32_t)origin->tag;
	line->entry.stream = origin->stream;
	memcpy(line->text, cleaned, n + 1);
	book->bytes += bytes_of(line);
	assembler->room.bytes += bytes_of(line);
	TAILQ_INSERT_TAIL(&book->lines, line, of_book);
	cs_log_book_list(book);
	if (cs_room_make(assembler, CS_ROOM_LINE, 0))
		attribute(line, origin);
	else
		tell_alone(line);
}

/* --- time --- */

/*
 * Of an invocation that goes on: nothing that is read later may change whose the line is, or the ids of
 * the invocation. A start that is told with it, or an owner who takes it over, may.
 */
static bool may_go_ahead(const struct cs_log_line *line, uint64_t now_ns)
{
	struct cs_request *request = line->request;

	return !request->end_ns && line->how != CS_ATTRIBUTION_THREAD && !request->exec &&
	       !request->cold && !request->orphan &&
	       now_ns >= cs_assembler_due(line->entry.observed_ns) &&
	       (!request->lambda || !cs_assembled_parent(request->instance)) &&
	       cs_assembled_is_function(request->instance);
}

static void tick_line(struct cs_log_line *line, uint64_t now_ns)
{
	struct cs_request *request = line->request;

	if (request) {
		if (may_go_ahead(line, now_ns)) {
			cs_conclude_context(request);
			tell_of(line, request);
		}
	} else if (line->book->instance->concluded ||
		   now_ns - line->entry.observed_ns > CS_LOGS_WAIT_NS) {
		tell_alone(line);
	}
}

static void tick_book(struct cs_log_book *book, uint64_t now_ns, bool all)
{
	struct cs_log_line *line, *next_line;

	cs_log_streams_tick(book, now_ns, all);
	for (line = TAILQ_FIRST(&book->lines); line; line = next_line) {
		next_line = TAILQ_NEXT(line, of_book);
		if (all)
			tell_alone(line);
		else
			tick_line(line, now_ns);
	}
	if (book->texts_count || !TAILQ_EMPTY(&book->lines))
		return;
	LIST_REMOVE(book, of_assembler);
	book->listed = false;
}

bool cs_logs_tick(struct cs_assembler *assembler, uint64_t now_ns, bool all)
{
	struct cs_log_book *book = LIST_FIRST(&assembler->log_books), *next;

	for (; book; book = next) {
		next = LIST_NEXT(book, of_assembler);
		tick_book(book, now_ns, all);
	}
	return !LIST_EMPTY(&assembler->log_books);
}

void cs_logs_instance_gone(struct cs_assembled *instance)
{
	struct cs_log_book *book = instance->logs;

	if (!book)
		return;
	cs_log_streams_end(book, 0, true, instance->heard_ns);
	while (!TAILQ_EMPTY(&book->lines))
		tell_alone(TAILQ_FIRST(&book->lines));
	if (book->listed)
		LIST_REMOVE(book, of_assembler);
	cs_lambda_frames_deinit(&book->frames);
	free(book);
	instance->logs = NULL;
}
