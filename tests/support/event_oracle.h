/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events of the Lambda Runtime API by a second way: parsed whole by jansson, looked up by path. What
 * preload/events/lambda_scan.h says of the same bytes must be equal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/events/lambda_scan.h"

#define EVENT_TOLD_BYTES (1u << 20)

/* What was told of an event, by either way. */
struct event_told {
	bool known; /* some service's */
	bool followed; /* the scanner: all of it was JSON; the oracle: jansson takes it, no key comes twice */
	bool cut; /* the scanner: something is missing */
	unsigned service;
	unsigned messages;
	size_t len;
	char text[EVENT_TOLD_BYTES]; /* messages, each of sorted lines and an empty one */
};

/** event_scan() - by the scanner, in pieces of at most @piece bytes. Checks what holds for any input. */
void event_scan(enum cs_scan_form form, const unsigned char *data, size_t len, size_t piece,
		struct event_told *ret);

/** event_look_up() - by jansson. */
void event_look_up(const unsigned char *data, size_t len, struct event_told *ret);
