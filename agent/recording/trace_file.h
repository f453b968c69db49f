/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads recordings: lines of OTLP JSON as the file exporter writes them (TracesData, one a line). Keeps
 * what a report needs of each span. Other people's files are read as well; what is not understood is
 * passed over, a line that is no JSON is counted and told with its number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

struct cs_trace_span {
	struct cs_trace_span *next;
	size_t number;       /* in the order of the files */
	const char *service; /* "" unknown */
	const char *name;
	const char *trace_id;  /* hex */
	const char *span_id;   /* hex */
	const char *parent_id; /* hex, "" none */
	const char *phase;     /* coldspan.phase; NULL none */
	const char
		*approximate; /* coldspan.phase.approximate, else coldspan.approximate; NULL none */
	const char *stand_down; /* coldspan.stand_down; NULL none */
	const char *message;    /* of its status; "" none */
	uint64_t start_unix_ns;
	uint64_t end_unix_ns;
	int kind;     /* OTLP's SpanKind */
	bool cold;    /* faas.coldstart */
	bool unready; /* coldspan.init.ready is false */
	bool failed;  /* status is an error */
};

struct cs_trace_file {
	struct cs_arena arena;       /* owns everything */
	struct cs_trace_span *first; /* in the order of the files */
	struct cs_trace_span **end;
	size_t count;
};

/** cs_trace_file_init() - nothing read yet. Free with cs_trace_file_deinit(). */
void cs_trace_file_init(struct cs_trace_file *file);

/** cs_trace_file_deinit() - forget all spans. */
void cs_trace_file_deinit(struct cs_trace_file *file);

/* What one file was like. */
struct cs_trace_reading {
	unsigned lines;  /* not empty */
	unsigned traces; /* lines with resourceSpans */
	unsigned broken; /* lines that are no JSON, but for a torn one */
	unsigned torn;   /* number of a last line without an end that is no JSON; 0 none */
	struct cs_diag
		first; /* where the first broken line is, and why; the file's name is borrowed */
};

/**
 * cs_trace_file_read() - add the spans of @path, of every line that is whole
 * @ret:  what the file was like, as far as it was read
 * @diag: says what is wrong
 *
 * A torn last line is what a file looks like while somebody writes it.
 *
 * Return: 0; errno of open and read; -ENOMEM.
 */
int cs_trace_file_read(struct cs_trace_file *file, const char *path, struct cs_trace_reading *ret,
		       struct cs_diag *diag);
