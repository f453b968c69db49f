/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Our HTTP/1 scanners beside an independent parser: over the corpora of the fuzz targets, and over messages
 * that are put together and mutated from a fixed seed. Differences are classes.h's, or it fails.
 *
 * usage: differential CORPORA [STREAMS [SEED]]
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/conformance/http/classes.h"
#include "tests/conformance/http/story.h"
#include "tests/conformance/http/streams.h"

#define STREAMS     150000u
#define SEED        20261121u
#define COMPLAINTS  5u
#define IS(text, b) (strcmp(text, b) == 0)

static const struct {
	const char *name, *who, *what;
} classes[] = {
#define X(id, who, what) { #id, who, what },
	CLASSES(X)
#undef X
};
static unsigned met[DIFFERENCE_COUNT];

/* What two heads, of whatever bodies, do not agree in; NULL: nothing. */
static const char *differing(const struct story_head *a, const struct story_head *b)
{
	return a->end != b->end                                 ? "the head's end"
	       : a->minor != b->minor                           ? "the version"
	       : a->status != b->status                         ? "the status"
	       : !IS(a->method, b->method)                      ? "the method"
	       : !IS(a->headers, b->headers)                    ? "the headers"
	       : *b->target && !IS(a->target, b->target)        ? "the target"
	       : a->over && b->over && a->over_at != b->over_at ? "the body's end"
								: NULL;
}

/* Where the line begins that the byte is in. */
static size_t line_of(const struct stream *stream, size_t at)
{
	while (at && stream->bytes[at - 1] != '\n')
		at--;
	return at;
}

static bool line_is(const struct stream *stream, size_t line, const char *name)
{
	size_t len = strlen(name);

	return stream->len - line >= len &&
	       !strncasecmp((const char *)stream->bytes + line, name, len);
}

/* Of a line of a head, that is not its first: why did ours stop at this byte? */
static enum difference of_header(const struct stream *stream, size_t line, size_t at)
{
	uint8_t c = stream->bytes[at], before = at ? stream->bytes[at - 1] : 0;

	if (c == '\n' && before != '\r')
		return DIFFERENCE_BARE_LF;
	if (before == '\r' && c != '\n')
		return DIFFERENCE_BARE_CR;
	if (c == '\n' && at == line + 1)
		return DIFFERENCE_FRAMING;
	if (c == '\n' && line_is(stream, line, "content-length:"))
		return DIFFERENCE_LENGTH;
	if (c == '\n' && line_is(stream, line, "transfer-encoding:"))
		return DIFFERENCE_CODING;
	if (at == line && (c == ' ' || c == '\t'))
		return DIFFERENCE_FOLDED;
	return memchr(stream->bytes + line, ':', at - line) ? DIFFERENCE_VALUE : DIFFERENCE_NAME;
}

static enum difference why_ours(const struct stream *stream, const struct story *ours)
{
	const struct story_head *last = ours->count ? &ours->heads[ours->count - 1] : NULL;
	size_t begin = last ? last->over_at : 0, at = ours->stopped_at - 1;
	size_t line = line_of(stream, at);

	if (last && !last->over)
		return DIFFERENCE_CHUNK;
	while (begin < at && strchr("\r\n", stream->bytes[begin]) && stream->bytes[begin])
		begin++;
	if (begin >= at && strchr("\r\n", stream->bytes[at]) && stream->bytes[at])
		return DIFFERENCE_BETWEEN;
	return line > begin ? of_header(stream, line, at) : DIFFERENCE_FIRST_LINE;
}

/* Is there a coding in the lines before one that is empty? */
static bool has_coding(const struct stream *stream, size_t at)
{
	size_t line = line_of(stream, at - 1);

	while (line) {
		line = line_of(stream, line - 1);
		if (line_is(stream, line, "transfer-encoding:"))
			return true;
		if (line_is(stream, line, "\r\n"))
			return false;
	}
	return false;
}

static enum difference why_theirs(const struct stream *stream, const struct story *ours,
				  const struct story *theirs)
{
	const struct story_head *last = theirs->count ? &theirs->heads[theirs->count - 1] : NULL;

	if (IS(theirs->reason, "HPE_INVALID_METHOD"))
		return DIFFERENCE_METHOD;
	if (IS(theirs->reason, "HPE_INVALID_URL"))
		return DIFFERENCE_URL;
	if (IS(theirs->reason, "HPE_UNEXPECTED_CONTENT_LENGTH"))
		return has_coding(stream, theirs->stopped_at) ? DIFFERENCE_BODILESS
							      : DIFFERENCE_PREFIX;
	if (last && !last->over)
		return DIFFERENCE_TRAILER;
	/* The line in which it stopped has no end, and so ours has not judged it. */
	if (ours->count == theirs->count && !memchr(stream->bytes + theirs->stopped_at - 1, '\n',
						    stream->len - theirs->stopped_at + 1))
		return DIFFERENCE_EARLY;
	return DIFFERENCE_COUNT;
}

/* Is there a name that only begins as Transfer-Encoding does? */
static bool has_prefixed(const struct stream *stream)
{
	static const char name[] = "transfer-encoding";

	for (size_t at = 0; at + sizeof(name) <= stream->len; at++) {
		if (line_of(stream, at) == at && line_is(stream, at, name) &&
		    isalnum(stream->bytes[at + strlen(name)]))
			return true;
	}
	return false;
}

/* @ret_what: in words, if it is none of the classes */
static enum difference compare(const struct stream *stream, const struct story *ours,
			       const struct story *theirs, const char **ret_what)
{
	size_t count = ours->count < theirs->count ? ours->count : theirs->count;
	bool tunnel = ours->upgraded || theirs->upgraded;

	for (size_t i = 0; i < count; i++) {
		struct story_head head = ours->heads[i];

		if (tunnel && i == count - 1)
			head.over = false; /* of CONNECT theirs reads no body */
		*ret_what = differing(&head, &theirs->heads[i]);
		if (*ret_what)
			return DIFFERENCE_COUNT;
	}
	*ret_what = "the messages after these";
	if (theirs->upgraded && ours->count >= theirs->count)
		return DIFFERENCE_TUNNEL;
	if (ours->stopped && (!theirs->stopped || ours->count < theirs->count))
		return why_ours(stream, ours);
	if (theirs->stopped && (!ours->stopped || theirs->count < ours->count))
		return why_theirs(stream, ours, theirs);
	if (ours->count != theirs->count)
		return has_prefixed(stream) ? DIFFERENCE_PREFIX : DIFFERENCE_COUNT;
	if (ours->stopped)
		return DIFFERENCE_BOTH;
	if (count && ours->heads[count - 1].over != theirs->heads[count - 1].over) {
		*ret_what = "whether the body is over";
		return has_prefixed(stream) ? DIFFERENCE_PREFIX : DIFFERENCE_COUNT;
	}
	return DIFFERENCE_SAME;
}

static void complain(const struct stream *stream, const char *what, const char *reason)
{
	printf("they do not agree on %s (theirs: %s) of\n  ", what, reason ? reason : "goes on");
	for (size_t i = 0; i < stream->len; i++) {
		uint8_t c = stream->bytes[i];

		if (isprint(c))
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	putchar('\n');
}

static unsigned unknown;

static void judge(const struct stream *stream, bool responses)
{
	static struct story ours, theirs;
	const char *what = NULL;
	enum difference found;

	story_ours(&ours, stream->bytes, stream->len, responses);
	story_theirs(&theirs, stream->bytes, stream->len, responses);
	found = compare(stream, &ours, &theirs, &what);
	if (found < DIFFERENCE_COUNT)
		met[found]++;
	else if (unknown++ < COMPLAINTS)
		complain(stream, what, theirs.reason);
}

/* Return: how many there were. The first two bytes of an input say how the target cuts it. */
static unsigned judge_corpus(const char *corpora, const char *name, bool responses)
{
	static struct stream stream;
	unsigned count = 0;
	char path[4096];
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", corpora, name);
	folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s/%s", corpora, name, entry->d_name);
		file = entry->d_type == DT_REG ? fopen(path, "rb") : NULL;
		if (!file)
			continue;
		fseek(file, 2, SEEK_SET);
		stream.len = fread(stream.bytes, 1, sizeof(stream.bytes), file);
		fclose(file);
		judge(&stream, responses);
		count++;
	}
	if (folder)
		closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	uint32_t streams = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : STREAMS;
	uint64_t state = argc > 3 ? strtoull(argv[3], NULL, 10) : SEED;
	static struct stream stream;
	unsigned stale = 0;

	if (argc < 2 || !judge_corpus(argv[1], "http_request", false) ||
	    !judge_corpus(argv[1], "http_response", true)) {
		fprintf(stderr,
			"usage: differential CORPORA [STREAMS [SEED]]; there is none in %s\n",
			argc > 1 ? argv[1] : "it");
		return 2;
	}
	for (uint32_t i = 0; i < 2 * streams; i++) {
		stream_make(&stream, &state, i % 2);
		judge(&stream, i % 2);
	}
	for (unsigned i = 0; i < DIFFERENCE_COUNT; i++) {
		printf("%8u %-10s stops: %-6s %s\n", met[i], classes[i].name, classes[i].who,
		       classes[i].what);
		stale += met[i] == 0;
	}
	if (unknown)
		printf("FAIL: %u differences are of no class\n", unknown);
	if (stale)
		printf("FAIL: %u classes were not met: they are no longer true\n", stale);
	return unknown || stale;
}
