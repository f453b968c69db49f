/* SPDX-License-Identifier: Apache-2.0 */

/* Lines to standard error; see lines.h. */
#include "runtime/lines.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READS_AT_ONCE 16 /* then others have their turn */

static unsigned long lost;

/*
 * A pipe that polls writable has room for PIPE_BUF bytes, and no line here is longer: this write
 * does not block, though the descriptor may (and must not be switched: it is shared with others).
 */
static void write_line(const char *who, const char *text, size_t text_len)
{
	char line[CS_LINE_MAX + 128];
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int len;

	if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT)) {
		lost++;
		return;
	}
	if (lost) {
		len = snprintf(line, sizeof(line),
			       "coldspan-faas: %lu lines lost: nobody took them\n", lost);
		lost = 0;
		if (write(STDERR_FILENO, line, (size_t)len) < 0)
			return;
		if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT)) {
			lost++;
			return;
		}
	}
	len = snprintf(line, sizeof(line), "%s: %.*s\n", who, (int)text_len, text);
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		lost++;
}

void cs_say(const char *fmt, ...)
{
	char text[CS_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	write_line("coldspan-faas", text, strlen(text));
}

static void flush(struct cs_lines *lines)
{
	if (lines->line_len)
		write_line(lines->name, lines->line, lines->line_len);
	lines->line_len = 0;
}

static void keep_tail(struct cs_lines *lines, const char *bytes, size_t len)
{
	size_t room = CS_TAIL_MAX - 1; /* for the NUL */
	size_t keep;

	if (len > room) {
		bytes += len - room;
		len = room;
	}
	keep = lines->tail_len + len > room ? room - len : lines->tail_len;
	memmove(lines->tail, lines->tail + lines->tail_len - keep, keep);
	memcpy(lines->tail + keep, bytes, len);
	lines->tail_len = keep + len;
}

static void take(struct cs_lines *lines, const char *bytes, size_t len)
{
	keep_tail(lines, bytes, len);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			flush(lines);
			continue;
		}
		if (lines->line_len == CS_LINE_MAX)
			flush(lines);
		lines->line[lines->line_len++] = bytes[i];
	}
}

/* Returns whether more may come. */
static int read_some(struct cs_lines *lines)
{
	char bytes[4096];

	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t got = read(lines->fd, bytes, sizeof(bytes));

		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if (!got)
			return 0;
		take(lines, bytes, (size_t)got);
	}
	return 1;
}

static void stop(struct cs_lines *lines)
{
	if (lines->readable)
		event_free(lines->readable);
	lines->readable = NULL;
	cs_fd_close(&lines->fd);
	flush(lines);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct cs_lines *lines = arg;

	if (!read_some(lines))
		stop(lines);
}

int cs_lines_open(struct cs_lines *lines, struct event_base *base, const char *name, int fd)
{
	lines->name = name;
	lines->fd = fd;
	lines->line_len = lines->tail_len = 0;
	lines->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, lines);
	if (!lines->readable || event_add(lines->readable, NULL) < 0) {
		stop(lines);
		return -ENOMEM;
	}
	return 0;
}

void cs_lines_close(struct cs_lines *lines)
{
	if (lines->fd >= 0)
		read_some(lines);
	stop(lines);
}

const char *cs_lines_tail(struct cs_lines *lines)
{
	size_t start = 0;

	lines->tail[lines->tail_len] = 0;
	if (lines->tail_len == CS_TAIL_MAX - 1) { /* it was cut: begin with a whole line */
		const char *newline = strchr(lines->tail, '\n');

		start = newline && newline[1] ? (size_t)(newline + 1 - lines->tail) : 0;
	}
	return lines->tail + start;
}
