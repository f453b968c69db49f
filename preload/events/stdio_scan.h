/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looks through one line of OpenWhisk's action loop, JSON in any pieces (docs of apache/openwhisk-runtime-go:
 * ACTION.md, "The Action Loop Protocol"). Of an event it keeps the values of the keys in the table below, and
 * of a web action's headers those that http_fields.h lists; never its parameters, nor its API key. Of an
 * answer: whether its function says that it failed. Pure: no allocation, bounded in memory and bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/events/kept_scan.h"

#define CS_STDIO_SCAN_TEXT 1536u
#define CS_STDIO_VALUE_MAX                                                                         \
	512u /* of a value: tracestate's own limit, and names of 256 in packages */

/* Keys of an event whose values are kept; each becomes a line "name: value\n". */
#define CS_STDIO_KEPT(X)                                                                           \
	X("activation_id")                                                                         \
	X("transaction_id")                                                                        \
	X("action_name")                                                                           \
	X("action_version")                                                                        \
	X("namespace")                                                                             \
	X("deadline")

struct cs_stdio_scan {
	struct cs_kept lines;
	uint8_t want;    /* what the value that comes next is */
	bool answer;     /* it is one, else an event */
	bool object;     /* the line is an object, so far */
	bool in_value;   /* level 2 is the parameters */
	bool in_headers; /* level 3 is a web action's headers */
	bool web;        /* there were such */
	bool failed;     /* of an answer: it has a key "error" */
	bool ok;         /* idem: "ok" is true */
	char text[CS_STDIO_SCAN_TEXT];
};

/** cs_stdio_scan_begin() - before the first byte of a line; @answer: it goes out. Context: signal (pure). */
void cs_stdio_scan_begin(struct cs_stdio_scan *scan, bool answer);

/** cs_stdio_scan_feed() - the next bytes of it, without its end. Context: signal (pure). */
void cs_stdio_scan_feed(struct cs_stdio_scan *scan, const unsigned char *data, size_t len);

/**
 * cs_stdio_scan_end() - the line is over: what was not whole is dropped
 *
 * Context: signal (pure).
 * Return:  true: as far as was looked at it is a JSON object.
 */
bool cs_stdio_scan_end(struct cs_stdio_scan *scan);
