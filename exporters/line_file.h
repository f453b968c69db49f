/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A file that has whole lines or nothing of them. A line is one write() at the end of the file; if
 * it did not fit (full disk, quota), the piece is cut off again. Pipes, terminals and FIFOs are
 * written in pieces that cannot block, for at most CS_LINE_FILE_PATIENCE_MS a line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"

#define CS_LINE_FILE_PATIENCE_MS 1000 /* how long a reader of a pipe may keep us waiting */

struct cs_line_file {
	int fd;           /* owned unless `borrowed` */
	bool borrowed;    /* standard output */
	bool regular;     /* what does not fit is cut off: a line can be tried again */
	bool broken_line; /* the file does not end with a newline: begin with one */
};

/**
 * cs_line_file_open() - open @path for appending, made with mode 0600 if it is not there
 * @file: untouched on failure; close with cs_line_file_close()
 * @path: "-" is standard output
 * @diag: says what to do about a failure; may be NULL
 *
 * Context: startup, loop.
 * Return:  0; negative errno of open().
 */
int cs_line_file_open(struct cs_line_file *file, const char *path, struct cs_diag *diag)
	cs_must_use;

/**
 * cs_line_file_write() - append one line
 * @line: @len bytes that begin and end with a newline; the first is only written if the file ends
 *        in the middle of a line
 *
 * The program must ignore SIGXFSZ (RLIMIT_FSIZE) and SIGPIPE, else they end it.
 * Return: 0; -ENOSPC; -ETIMEDOUT nobody read for too long; negative errno of write().
 */
int cs_line_file_write(struct cs_line_file *file, const char *line, size_t len) cs_must_use;

/** cs_line_file_close() - standard output stays open. */
void cs_line_file_close(struct cs_line_file *file);
