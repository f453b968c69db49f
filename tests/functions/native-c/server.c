/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A function server in C with a protocol of its own, which tells coldspan of what it does: a line of
 * standard input is an event, "ID TRACEPARENT WORDS…" ("-" for none), and a line of standard output its
 * answer, the words in capitals. The same bytes come out whether anybody watches or not.
 *
 *	cc server.c $(pkg-config --cflags --libs coldspan)
 */
#include <coldspan.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

static void shout(coldspan_span invocation, char *words)
{
	coldspan_span span = coldspan_span_begin(invocation, "shout");

	for (char *p = words; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	coldspan_set_int(span, "words.bytes", (int64_t)strlen(words));
	coldspan_span_end(span);
}

static void handle(char *line)
{
	char *save, *id = strtok_r(line, " ", &save), *parent = strtok_r(NULL, " ", &save);
	struct coldspan_invocation what = { .bytes = sizeof(what), .id = id };
	coldspan_span invocation;

	if (parent && strcmp(parent, "-") != 0)
		what.traceparent = parent;
	invocation = coldspan_invocation_begin(&what);
	if (!*save) {
		coldspan_set_status(invocation, COLDSPAN_STATUS_ERROR, "there are no words");
		puts("error");
	} else {
		shout(invocation, save);
		puts(save);
	}
	fflush(stdout);
	coldspan_invocation_end(invocation);
}

int main(void)
{
	char line[LINE_MAX_BYTES];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		handle(line);
	}
	return 0;
}
