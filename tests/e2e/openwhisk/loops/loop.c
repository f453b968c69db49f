/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An action loop in C. How it reads and answers is its argument:
 *   raw     read() of up to 64 KiB, write() of the whole answer
 *   bytes   read() of one byte at a time, writev() of the answer in two pieces
 *   stdio   fgets() and fputs(), inside of libc
 *   mixed   read() as raw, answers by fputs()
 * An event whose parameters say "killed" kills it. Others are answered with the number of the event.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char line[1 << 20];
static char more[1 << 16];
static size_t more_len;

/* The next line without its end; false: there is none. */
static int next_line(size_t step)
{
	size_t len = 0;

	for (;;) {
		char *end = memchr(more, '\n', more_len);
		size_t n = end ? (size_t)(end - more) : more_len;
		ssize_t got;

		if (len + n >= sizeof(line))
			return 0;
		memcpy(line + len, more, n);
		len += n;
		if (end) {
			memmove(more, end + 1, more_len - n - 1);
			more_len -= n + 1;
			line[len] = '\0';
			return 1;
		}
		got = read(0, more, step);
		if (got <= 0)
			return 0;
		more_len = (size_t)got;
	}
}

static void answer(const char *text, const char *how, FILE *out)
{
	char copy[64], end[] = "\n";
	struct iovec parts[2] = { { copy, strlen(text) }, { end, 1 } };

	snprintf(copy, sizeof(copy), "%s", text);
	if (out) {
		fprintf(out, "%s\n", text);
		fflush(out);
	} else if (!strcmp(how, "bytes")) {
		if (writev(3, parts, 2) < 0)
			_exit(1);
	} else {
		char whole[128];
		int len = snprintf(whole, sizeof(whole), "%s\n", text);

		if (write(3, whole, (size_t)len) != len)
			_exit(1);
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "raw";
	FILE *out = !strcmp(how, "stdio") || !strcmp(how, "mixed") ? fdopen(3, "w") : NULL;
	const char *ack = getenv("__OW_WAIT_FOR_ACK");
	char text[64];

	if (ack && *ack)
		answer("{\"ok\":true}", how, out);
	for (unsigned n = 0;; n++) {
		if (strcmp(how, "stdio") ? !next_line(strcmp(how, "bytes") ? sizeof(more) : 1)
					 : !fgets(line, sizeof(line), stdin))
			break;
		if (strstr(line, "killed"))
			raise(SIGKILL);
		snprintf(text, sizeof(text),
			 strstr(line, "wrong") ? "{\"error\":%u}" : "{\"n\":%u}", n);
		answer(text, how, out);
	}
	return 0;
}
