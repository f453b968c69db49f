/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inside of what is known of an instance's logs: streams (log_streams.c) are made lines of, which wait
 * for whose they are (logs.c). For these two alone.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "collector/assembler/model.h"
#include "collector/logs/lambda_frame.h"
#include "collector/logs/log_text.h"
#include "collector/logs/logs.h"

/* One thread's writes to one stream. */
struct cs_log_writing {
	LIST_ENTRY(cs_log_writing) of_book;
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
	LIST_HEAD(, cs_log_writing) texts;
	unsigned texts_count;
	struct cs_lambda_frames frames;
	uint32_t frames_tag;
	uint64_t frames_thread;
	uint64_t frames_ns; /* stamp of the record that is being read */
	uint64_t rate_ns;   /* when as many lines as came would have been due */
};

/* Where a line is told from: what log_text.h and lambda_frame.h hand through. */
struct cs_log_origin {
	struct cs_log_book *book;
	uint32_t tag;
	unsigned stream;
	uint64_t thread;
	uint64_t now_ns;
	bool buffered; /* it may be older than the write: see log_streams.c */
};

/** cs_log_book_of() - that of @instance, from its first line on. NULL: out of memory. */
struct cs_log_book *cs_log_book_of(struct cs_assembled *instance);

/** cs_log_book_list() - something of it waits: cs_logs_tick() is to look at it. */
void cs_log_book_list(struct cs_log_book *book);

/**
 * cs_log_book_add() - a line: it is left out, told, or waits
 * @entry: its time, severity and what was cut off it; the rest is filled in
 * @text:  as it was written
 */
void cs_log_book_add(const struct cs_log_origin *origin, const struct cs_log_entry *entry,
		     const char *text, size_t len);

/** cs_log_streams_end() - what was begun by process @tag, or where @all by any, is a line as it is. */
void cs_log_streams_end(struct cs_log_book *book, uint32_t tag, bool all, uint64_t now_ns);

/** cs_log_streams_tick() - the same, of what has not gone on for CS_LOGS_TEXT_NS; @all: of all. */
void cs_log_streams_tick(struct cs_log_book *book, uint64_t now_ns, bool all);
