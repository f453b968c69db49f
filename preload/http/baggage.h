/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Members of the header `baggage` that the operator names (COLDSPAN_BAGGAGE=KEY,KEY), and no others: an
 * application's data, which may be anything. Lists in any pieces. Pure.
 *
 * Format: W3C Baggage, section 3 (Definition, Limits). Of a list the first 64 members and 8,192 bytes are looked
 * at. A member that is not as the specification has it is left out; its properties always are. What is taken
 * becomes a line "baggage.KEY: value\n", the value still percent-encoded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/baggage.h"

#define CS_BAGGAGE_HEADER      "baggage"
#define CS_BAGGAGE_MEMBERS_MAX 64u
#define CS_BAGGAGE_BYTES_MAX   8192u
#define CS_BAGGAGE_KEYS_BYTES  (CS_BAGGAGE_KEYS_MAX * (CS_BAGGAGE_KEY_MAX + 1u))

/* What the operator names, each behind its length. */
struct cs_baggage_keys {
	uint16_t count;
	uint16_t used;
	char bytes[CS_BAGGAGE_KEYS_BYTES];
};

extern struct cs_baggage_keys *cs_baggage_keys; /* NULL: none */

/**
 * cs_baggage_name() - add those of a list by commas; blanks around them are no part of them
 * @memory: all zero at first; stays in use
 *
 * What is no key (W3C Baggage section 3.3.1.1), too long, or one too many is left out.
 * Context: startup.
 */
void cs_baggage_name(struct cs_baggage_keys *memory, const char *list);

/** cs_baggage_asked() - is any named? One load. Context: signal. */
static inline bool cs_baggage_asked(void)
{
	return __builtin_expect(cs_baggage_keys != NULL, 0);
}

/** cs_baggage_is_header() - with one named: is @name, in lower case, that header's? Context: signal. */
bool cs_baggage_is_header(const char *name, size_t len);

/* How far a list has come; all zero: nothing of it. Several headers are one list. */
struct cs_baggage {
	uint16_t bytes;
	uint8_t members;
	uint8_t state;
};

/* Memory of the caller's, where lines are put. */
struct cs_baggage_text {
	char *bytes;
	uint16_t size;
	uint16_t *used; /* of @bytes */
	uint16_t *line; /* where the line that is being written begins */
	char *name; /* of CS_BAGGAGE_NAME_MAX bytes; as the two below, kept while one header is read */
	uint8_t *name_len; /* idem */
};

#define CS_BAGGAGE_OVER (-1) /* behind the last byte */
#define CS_BAGGAGE_LOST (-2) /* it breaks off */

/**
 * cs_baggage_take() - the next byte of the header's value
 * @c: or one of the two above
 *
 * Context: signal (pure).
 * Return:  false: a member that is named is missing in what is kept: it is too long, or there was no room.
 */
bool cs_baggage_take(struct cs_baggage *baggage, const struct cs_baggage_text *text, int c);
