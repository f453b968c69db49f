/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What scanners of JSON have in common that keep a few named strings of it: reading in any pieces, and lines
 * "name: value\n" in memory of a bounded size. Which strings these are is the scanner's to know, which embeds
 * this as its first member. Pure: no allocation, bounded in memory, depth and bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/events/json_scan.h"
#include "preload/http/baggage.h"

#define CS_KEPT_NAME  40u     /* longer names are none of ours */
#define CS_KEPT_BYTES 262144u /* that are looked at: what a queue's batch had for years */

/* Where the characters of a key or a string go. */
enum cs_kept_sink {
	CS_KEPT_NOWHERE,
	CS_KEPT_AS_NAME,
	CS_KEPT_AS_VALUE,
	CS_KEPT_AS_BAGGAGE, /* lines of the members that the operator names */
};

struct cs_kept {
	struct cs_json json;
	uint32_t bytes;     /* looked at */
	uint16_t text;      /* lines: where, in bytes from the beginning of this */
	uint16_t size;      /* of the text */
	uint16_t used;      /* bytes of it */
	uint16_t line;      /* where the line being kept begins */
	uint16_t value_len; /* of it */
	uint16_t value_max; /* idem: a longer one is left out */
	uint8_t sink;       /* enum cs_kept_sink */
	uint8_t name_len;   /* above CS_KEPT_NAME: too long */
	bool cut;           /* something is missing in what is kept */
	bool dead;          /* no JSON, or too deep */
	bool full;          /* the scanner takes nothing until there is room again */
	struct cs_baggage baggage;
	char name
		[CS_KEPT_NAME]; /* of a key, or a value that is compared; a NUL for what is not plain ASCII */
};

/**
 * cs_kept_begin() - before the first byte
 * @text: of @size bytes, in the struct that embeds @kept; lines go behind its first @used
 *
 * Context: signal (pure).
 */
void cs_kept_begin(struct cs_kept *kept, char *text, uint16_t size, uint16_t used);

/**
 * cs_kept_feed() - take the next bytes
 * @token: told of every token but characters and ends by a fault; @c: the byte that made it
 *
 * Context: signal (pure).
 * Return:  how many were looked at.
 */
size_t cs_kept_feed(struct cs_kept *kept, const unsigned char *data, size_t len,
		    void (*token)(struct cs_kept *kept, enum cs_json_token token, unsigned char c));

/** cs_kept_put() - one byte of a string, unescaped, goes where these go. Context: signal (pure). */
void cs_kept_put(struct cs_kept *kept, unsigned char c);

/** cs_kept_append() - one byte of the text; false: there is no room. Context: signal (pure). */
bool cs_kept_append(struct cs_kept *kept, char c);

/** cs_kept_begin_line() - what comes is the value of @name, of @value_max bytes at most. Context: signal. */
void cs_kept_begin_line(struct cs_kept *kept, const char *name, size_t len, uint16_t value_max);

/** cs_kept_end_line() - it was whole; one without a value is none. Context: signal (pure). */
void cs_kept_end_line(struct cs_kept *kept);

/** cs_kept_drop_line() - it is left out. Context: signal (pure). */
void cs_kept_drop_line(struct cs_kept *kept);

/** cs_kept_end_baggage() - so is the value of that header, or with @lost it breaks off. Context: signal. */
void cs_kept_end_baggage(struct cs_kept *kept, bool lost);

/** cs_kept_break_off() - nothing more comes: a line or a list that has begun has no end. Context: signal. */
void cs_kept_break_off(struct cs_kept *kept);

/** cs_kept_name_is() - is that the name? Context: signal (pure). */
bool cs_kept_name_is(const struct cs_kept *kept, const char *name, size_t len);
