/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads JSON (RFC 8259) in any pieces, byte by byte, and says what each byte is: where values open and
 * close, and the characters of keys and strings. What that means is the caller's to know, who keeps of
 * it what he likes: here nothing is kept but the nesting. Pure: no allocation, bounded memory.
 *
 * What is no JSON ends it for ever. Numbers and literals are checked, but not told.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_JSON_DEPTH 256u /* of nesting; deeper ends it */

enum cs_json_token {
	CS_JSON_NOTHING,    /* nothing to tell yet */
	CS_JSON_OBJECT,     /* one has opened: `depth` is its level, from 1 */
	CS_JSON_ARRAY,      /* idem */
	CS_JSON_CLOSED,     /* one has closed: `depth` is the level of what it is in */
	CS_JSON_NEXT,       /* behind a comma: a key comes, or the next value of an array */
	CS_JSON_KEY,        /* a key begins */
	CS_JSON_KEY_END,    /* its value comes next */
	CS_JSON_STRING,     /* a value that is a string begins */
	CS_JSON_STRING_END, /* it was whole */
	CS_JSON_CHARACTER,  /* `character` of a key or a string */
	CS_JSON_BROKEN,     /* no JSON: feed no more */
	CS_JSON_TOO_DEEP,   /* idem */
};

struct cs_json {
	uint32_t nesting[CS_JSON_DEPTH / 32]; /* bit per level: it is an object */
	uint16_t depth;
	uint16_t code; /* of an escape \u being read */
	uint8_t state;
	uint8_t number; /* where in a number, or a literal, it is */
	uint8_t digits; /* of the escape; a literal's first letter */
	bool in_key;
	/* Unescaped. ASCII as it is, but '\n' for any escaped control; else a byte above 0x7f. */
	unsigned char character;
};

/** cs_json_begin() - before the first byte. Context: signal (pure). */
void cs_json_begin(struct cs_json *json);

/** cs_json_take() - take the next byte. Context: signal (pure). */
enum cs_json_token cs_json_take(struct cs_json *json, unsigned char c);

/**
 * cs_json_skip() - pass over characters of a string that nobody wants
 *
 * Context: signal (pure).
 * Return:  how many of the next @len bytes that were; the one behind them is cs_json_take()'s.
 */
size_t cs_json_skip(const struct cs_json *json, const unsigned char *data, size_t len);
