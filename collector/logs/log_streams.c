/* SPDX-License-Identifier: Apache-2.0 */

/* From what was written to streams of log to lines; see logs.h. */
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/logs/log_book.h"
#include "collector/logs/log_severity.h"
#include "collector/protocols/stdio_loop.h"

struct cs_log_book *cs_log_book_of(struct cs_assembled *instance)
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

static void on_line(void *context, const char *text, size_t len, uint64_t cut, uint64_t time_ns)
{
	struct cs_log_severity severity = { .number = CS_SEVERITY_UNSPECIFIED };
	struct cs_log_entry entry = { .time_ns = time_ns, .cut = cut };

	if (cs_log_severity_read(text, len, &severity))
		memcpy(entry.severity_text, severity.text, sizeof(entry.severity_text));
	entry.severity = severity.number;
	cs_log_book_add(context, &entry, text, len);
}

static void on_frame(void *context, const struct cs_lambda_frame *frame)
{
	const struct cs_log_origin *origin = context;
	struct cs_log_entry entry = {
		.time_ns = origin->book->frames_ns,
		.unix_ns = frame->time_unix_ns,
		.cut = frame->cut,
		.severity = frame->severity,
	};

	cs_log_book_add(origin, &entry, frame->text, frame->len);
}

static void end_text(struct cs_log_book *book, struct cs_log_writing *text, uint64_t now_ns)
{
	struct cs_log_origin origin = {
		book, text->tag, text->stream, text->thread, now_ns, false
	};

	cs_log_text_end(&text->lines, on_line, &origin);
	cs_log_text_deinit(&text->lines);
	LIST_REMOVE(text, of_book);
	book->texts_count--;
	free(text);
}

static void end_frames(struct cs_log_book *book, uint64_t now_ns)
{
	struct cs_log_origin origin = { book, book->frames_tag, CS_LOG_FRAMED, book->frames_thread,
					now_ns };

	cs_lambda_frames_end(&book->frames, on_frame, &origin);
}

/* What has stood still longest ends when there are too many. */
static struct cs_log_writing *new_text(const struct cs_log_origin *origin)
{
	struct cs_log_book *book = origin->book;
	struct cs_log_writing *text, *oldest = NULL;

	if (book->texts_count >= CS_LOGS_TEXTS_MAX) {
		LIST_FOREACH(text, &book->texts, of_book)
		{
			if (!oldest || text->heard_ns < oldest->heard_ns)
				oldest = text;
		}
		if (oldest)
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
			const struct cs_log_writing *text)
{
	const char *end = memchr(bytes, '\n', len);

	return rec->stream == CS_LOG_STDOUT &&
	       (rec->flags & CS_LOG_CONTINUES || text->continues ||
		(end && memchr(end + 1, '\n', len - (size_t)(end + 1 - bytes))));
}

static struct cs_log_writing *text_of(const struct cs_log_origin *origin)
{
	struct cs_log_writing *text;

	LIST_FOREACH(text, &origin->book->texts, of_book)
	{
		if (text->tag == origin->tag && text->stream == origin->stream &&
		    text->thread == origin->thread)
			return text;
	}
	return new_text(origin);
}

static void add_text(struct cs_log_origin *origin, const struct cs_rec_log *rec, const char *bytes,
		     size_t len, uint64_t time_ns)
{
	struct cs_log_book *book = origin->book;
	struct cs_log_writing *text = text_of(origin);

	if (!text) {
		book->instance->assembler->stats.log_lines_lost++;
		return;
	}
	text->heard_ns = origin->now_ns;
	/* Who takes one event after the other empties its buffer before it answers; so OpenWhisk has it. */
	origin->buffered = !cs_stdio_loops(book->instance) && is_buffered(rec, bytes, len, text);
	text->continues = rec->flags & CS_LOG_CONTINUES;
	cs_log_text_feed(&text->lines, bytes, len, rec->lost, time_ns, on_line, origin);
	if (!text->lines.begun.len && !text->lines.cut && !text->continues)
		end_text(book, text, origin->now_ns);
}

void cs_logs_record(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		    uint64_t now_ns)
{
	const struct cs_rec_log *rec = (const void *)(&entry->record + 1);
	struct cs_log_book *book = cs_log_book_of(instance);
	struct cs_log_origin origin = { book,   entry->pid, rec->stream, entry->record.thread,
					now_ns, false };
	const char *bytes = (const char *)(rec + 1);
	size_t len = entry->record.payload_len - sizeof(*rec);

	if (len > rec->text_len)
		len = rec->text_len;
	if (!book || rec->stream < CS_LOG_STDOUT || rec->stream > CS_LOG_FRAMED) {
		instance->assembler->stats.log_lines_lost++;
		return;
	}
	cs_log_book_list(book);
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

void cs_log_streams_end(struct cs_log_book *book, uint32_t tag, bool all, uint64_t now_ns)
{
	struct cs_log_writing *text = LIST_FIRST(&book->texts), *next;

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
		cs_log_streams_end(instance->logs, tag, false, now_ns);
}

void cs_log_streams_tick(struct cs_log_book *book, uint64_t now_ns, bool all)
{
	struct cs_log_writing *text = LIST_FIRST(&book->texts), *next;

	for (; text; text = next) {
		next = LIST_NEXT(text, of_book);
		if (all || now_ns - text->heard_ns > CS_LOGS_TEXT_NS)
			end_text(book, text, all ? text->heard_ns : now_ns);
	}
}
