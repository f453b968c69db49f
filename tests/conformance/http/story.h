/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a parser makes of the bytes of one direction of a connection, as both parsers tell it: our scanners,
 * and Debian's libhttp-parser (Node's parser until 2019), which shares no line with them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORY_EVENTS_MAX  64u
#define STORY_TARGET_MAX  256u
#define STORY_HEADERS_MAX 1024u

struct story_head {
	size_t at;       /* bytes before the first of its message, empty lines before it included */
	size_t end;      /* idem, up to behind its head */
	unsigned minor;  /* of HTTP/1.x */
	unsigned status; /* of a response */
	char method[40]; /* of a request */
	char target
		[STORY_TARGET_MAX]; /* of a request, without query and authority; empty: not known */
	char headers[STORY_HEADERS_MAX]; /* those kept: "name: value\n" */
	bool over;                       /* the whole message has passed ... */
	size_t over_at;                  /* ... with the byte before this one */
};

struct story {
	struct story_head heads[STORY_EVENTS_MAX];
	size_t count;
	bool stopped;       /* it understands no more ... */
	size_t stopped_at;  /* ... from the byte before this one on */
	const char *reason; /* in its own words */
	bool upgraded;      /* it takes what follows for another protocol */
};

/** story_ours() - as preload/http_request or http_response has it. */
void story_ours(struct story *ret, const uint8_t *bytes, size_t len, bool responses);

/** story_theirs() - as libhttp-parser has it. Interim responses are left out, as ours are silent on them. */
void story_theirs(struct story *ret, const uint8_t *bytes, size_t len, bool responses);
