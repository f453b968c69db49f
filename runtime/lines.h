/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What function processes write to standard error (and, in mode http, standard output): passed on
 * to the runtime's standard error, one line at a time with the function's name before it. The last
 * of it is kept, for the text of an error answer.
 */
#pragma once

#include <event2/event.h>
#include <stddef.h>

#include "runtime/cleanup.h"

#define CS_LINE_MAX 2048 /* longer lines are passed on in pieces; below PIPE_BUF, see cs_say() */
#define CS_TAIL_MAX 400  /* bytes kept for an error answer */

struct cs_lines {
	const char *name; /* borrowed: the function's */
	int fd;           /* owned; -EBADF when closed */
	struct event *readable;
	size_t line_len;
	char line[CS_LINE_MAX];
	size_t tail_len;
	char tail[CS_TAIL_MAX];
};

/**
 * cs_lines_open() - pass on what arrives at @fd until its end
 * @fd: non-blocking read end of a pipe; taken over, also on failure
 *
 * Context: loop.
 * Return:  0; -ENOMEM.
 */
cs_must_use int cs_lines_open(struct cs_lines *lines, struct event_base *base, const char *name,
			      int fd);

/** cs_lines_close() - take what is in the pipe now, and close. Any number of times. */
void cs_lines_close(struct cs_lines *lines);

/** cs_lines_tail() - the last lines that came, NUL-terminated, borrowed, "" when there were none. */
const char *cs_lines_tail(struct cs_lines *lines);

/**
 * cs_say() - one line of the runtime's own to standard error: "coldspan-faas: …"
 *
 * Never blocks the loop: when nobody takes what is written there, the line is dropped, counted, and
 * the count is told once somebody does.
 *
 * Context: loop.
 */
void cs_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
