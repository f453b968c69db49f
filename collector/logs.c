/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of logs and whose they are; see logs.h. */
#include "collector/logs.h"

#include <string.h>

#include "base/utf8.h"
#include "collector/assembled.h"
#include "collector/conclude.h"
#include "collector/lambda_frame.h"
#include "collector/log_severity.h"
#include "collector/log_text.h"
#include "collector/wrapper.h"

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

/* One thread's writes to one stream. */
struct text {
	LIST_ENTRY(text) of_book;
	uint32_t tag;
	unsigned stream;
	uint64_t thread;
	uint64_t heard_ns;
	bool continues; /* the last record was not the end of its write */
	struct cs_log_text lines;
};

struct cs_log_book {
	LIST_ENTRY(cs_log_book) of_assembler; /* while something waits */
	bool listed;
	struct cs_assembled *instance;
	struct cs_log_lines lines;
	size_t bytes; /* of these */
	LIST_HEAD(, text) texts;
	unsigned texts_count;
	struct cs_lambda_frames frames;
	uint32_t frames_tag;
	uint64_t frames_thread;
	uint64_t frames_ns; /* stamp of the record that is being read */
	uint64_t rate_ns;   /* when as many lines as came would have been due */
};

/* Where a line is told from: what text.h and frames hand through. */
struct origin {
	struct cs_log_book *book;
	uint32_t tag;
	unsigned stream;
	uint64_t thread;
	uint64_t now_ns;
	bool buffered; /* it may be older than the write: see is_buffered() */
};

static struct cs_log_book *book_of(struct cs_assembled *instance)
{
	struct cs_log_book *book = instance->logs;

	if (book)
		return book;
	book = calloc(1, sizeof(*book));
	if (!book)
		return NULL;
	book->instance = instance;
	TAILQ_INIT(&book->lines);
	instance->logs = book;
	return book;
}

static void list(struct cs_log_book *book)
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
	book->bytes -= sizeof(*line) + line->entry.len;
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
		tell(line, cs_wrapper_told(line->book->instance), &request->context, request);
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

/* May its start be yet to be told, or its one event to begin? */
static bool may_be_of_start(const struct cs_assembled *instance, uint64_t time_ns)
{
	if (instance->concluded)
		return false;
	return !instance->first_seen || !instance->first || time_ns < instance->first->start_ns;
}

static void attribute(struct cs_log_line *line, const struct origin *origin)
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

/* Is there room for it, in time and memory? What is older makes room. */
static bool admit(struct cs_log_book *book, size_t bytes, uint64_t now_ns)
{
	if (book->rate_ns < now_ns)
		book->rate_ns = now_ns;
	if (book->rate_ns - now_ns > CS_LOGS_BURST_NS) {
		book->instance->assembler->stats.log_lines_limited++;
		return false;
	}
	book->rate_ns += CS_LOGS_LINE_NS;
	while (book->bytes + bytes > CS_LOGS_BYTES_MAX && !TAILQ_EMPTY(&book->lines))
		tell_alone(TAILQ_FIRST(&book->lines));
	return true;
}

static void add_line(const struct origin *origin, const struct cs_log_entry *entry,
		     const char *text, size_t len)
{
	static char cleaned[CS_TELEMETRY_BODY_MAX + 1]; /* the loop is one thread */
	struct cs_log_book *book = origin->book;
	struct cs_log_line *line;
	uint64_t cut = entry->cut;
	size_t n =
		clean(cleaned, sizeof(cleaned), text, len, origin->stream == CS_LOG_FRAMED, &cut);

	if (!n && !cut)
		return; /* a blank line */
	if (n == sizeof(WHISK_END) - 1 && !memcmp(cleaned, WHISK_END, n))
		return;
	if (!admit(book, sizeof(*line) + n, origin->now_ns))
		return;
	line = calloc(1, sizeof(*line) + n + 1);
	if (!line) {
		book->instance->assembler->stats.log_lines_lost++;
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
	book->bytes += sizeof(*line) + n;
	TAILQ_INSERT_TAIL(&book->lines, line, of_book);
	list(book);
	attribute(line, origin);
}

static void on_line(void *context, const char *text, size_t len, uint64_t cut, uint64_t time_ns)
{
	struct cs_log_severity severity = { .number = CS_SEVERITY_UNSPECIFIED };
	struct cs_log_entry entry = { .time_ns = time_ns, .cut = cut };

	if (cs_log_severity_read(text, len, &severity))
		memcpy(entry.severity_text, severity.text, sizeof(entry.severity_text));
	entry.severity = severity.number;
	add_line(context, &entry, text, len);
}

static void on_frame(void *context, const struct cs_lambda_frame *frame)
{
	const struct origin *origin = context;
	struct cs_log_entry entry = {
		.time_ns = origin->book->frames_ns,
		.unix_ns = frame->time_unix_ns,
		.cut = frame->cut,
		.severity = frame->severity,
	};

	add_line(origin, &entry, frame->text, frame->len);
}

/* --- streams --- */

static void end_text(struct cs_log_book *book, struct text *text, uint64_t now_ns)
{
	struct origin origin = { book, text->tag, text->stream, text->thread, now_ns, false };

	cs_log_text_end(&text->lines, on_line, &origin);
	cs_log_text_deinit(&text->lines);
	LIST_REMOVE(text, of_book);
	book->texts_count--;
	free(text);
}

static void end_frames(struct cs_log_book *book, uint64_t now_ns)
{
	struct origin origin = { book, book->frames_tag, CS_LOG_FRAMED, book->frames_thread,
				 now_ns };

	cs_lambda_frames_end(&book->frames, on_frame, &origin);
}

/* What has stood still longest ends when there are too many. */
static struct text *new_text(const struct origin *origin)
{
	struct cs_log_book *book = origin->book;
	struct text *text, *oldest = NULL;

	if (book->texts_count >= CS_LOGS_TEXTS_MAX) {
		LIST_FOREACH(text, &book->texts, of_book)
		{
			if (!oldest || text->heard_ns < oldest->heard_ns)
				oldest = text;
		}
		end_text(book, oldest, origin->now_ns);
	}
	text = calloc(1, sizeof(*text));
	if (!text)
		return NULL;
	text->tag = origin->tag;
	text->stream = origin->stream;
	text->thread = origin->thread;
	LIST_INSERT_HEAD(&book->texts, text, of_book);
	book->texts_count++;
	return text;
}

/*
 * Runtimes gather standard output in a buffer (Python, Ruby, Perl): a write of several lines may hold
 * those of other threads, and of invocations that are long over. Standard error is not buffered.
 */
static bool is_buffered(const struct cs_rec_log *rec, const char *bytes, size_t len,
			const struct text *text)
{
	const char *end = memchr(bytes, '\n', len);

	return rec->stream == CS_LOG_STDOUT &&
	       (rec->flags & CS_LOG_CONTINUES || text->continues ||
		(end && memchr(end + 1, '\n', len - (size_t)(end + 1 - bytes))));
}

static struct text *text_of(const struct origin *origin)
{
	struct text *text;

	LIST_FOREACH(text, &origin->book->texts, of_book)
	{
		if (text->tag == origin->tag && text->stream == origin->stream &&
		    text->thread == origin->thread)
			return text;
	}
	return new_text(origin);
}

static void add_text(struct origin *origin, const struct cs_rec_log *rec, const char *bytes,
		     size_t len, uint64_t time_ns)
{
	struct cs_log_book *book = origin->book;
	struct text *text = text_of(origin);

	if (!text) {
		book->instance->assembler->stats.log_lines_lost++;
		return;
	}
	text->heard_ns = origin->now_ns;
	origin->buffered = is_buffered(rec, bytes, len, text);
	text->continues = rec->flags & CS_LOG_CONTINUES;
	cs_log_text_feed(&text->lines, bytes, len, rec->lost, time_ns, on_line, origin);
	if (!text->lines.begun.len && !text->lines.cut && !text->continues)
		end_text(book, text, origin->now_ns);
}

void cs_logs_record(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		    uint64_t now_ns)
{
	const struct cs_rec_log *rec = (const void *)(&entry->record + 1);
	struct cs_log_book *book = book_of(instance);
	struct origin origin = {
		book, entry->pid, rec->stream, entry->record.thread, now_ns, false
	};
	const char *bytes = (const char *)(rec + 1);
	size_t len = entry->record.payload_len - sizeof(*rec);

	if (len > rec->text_len)
		len = rec->text_len;
	if (!book || rec->stream < CS_LOG_STDOUT || rec->stream > CS_LOG_FRAMED) {
		instance->assembler->stats.log_lines_lost++;
		return;
	}
	list(book);
	if (rec->stream != CS_LOG_FRAMED) {
		add_text(&origin, rec, bytes, len, time_ns);
		return;
	}
	if (book->frames_tag != origin.tag)
		end_frames(book, now_ns);
	book->frames_tag = origin.tag;
	book->frames_thread = origin.thread;
	book->frames_ns = time_ns;
	cs_lambda_frames_feed(&book->frames, bytes, len, rec->lost, on_frame, &origin);
}

static void end_texts(struct cs_log_book *book, uint32_t tag, bool all, uint64_t now_ns)
{
	struct text *text = LIST_FIRST(&book->texts), *next;

	for (; text; text = next) {
		next = LIST_NEXT(text, of_book);
		if (all || text->tag == tag)
			end_text(book, text, now_ns);
	}
	if (all || book->frames_tag == tag)
		end_frames(book, now_ns);
}

void cs_logs_process_ended(struct cs_assembled *instance, uint32_t tag, uint64_t now_ns)
{
	if (instance->logs)
		end_texts(instance->logs, tag, false, now_ns);
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
	struct text *text = LIST_FIRST(&book->texts), *next;

	for (; text; text = next) {
		next = LIST_NEXT(text, of_book);
		if (all || now_ns - text->heard_ns > CS_LOGS_TEXT_NS)
			end_text(book, text, all ? text->heard_ns : now_ns);
	}
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
	end_texts(book, 0, true, instance->heard_ns);
	while (!TAILQ_EMPTY(&book->lines))
		tell_alone(TAILQ_FIRST(&book->lines));
	if (book->listed)
		LIST_REMOVE(book, of_assembler);
	cs_lambda_frames_deinit(&book->frames);
	free(book);
	instance->logs = NULL;
}
