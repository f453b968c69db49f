/* SPDX-License-Identifier: Apache-2.0 */

/* The header `baggage`; see baggage.h. */
#include "preload/http/baggage.h"

#include "preload/http/http.h"
#include "preload/layout.h"

struct cs_baggage_keys *cs_baggage_keys;

enum state {
	START, /* zero: before a member */
	KEY,
	KEY_END, /* blanks behind it */
	BEFORE,  /* of a value that is wanted: blanks before it */
	VALUE,
	VALUE_END, /* blanks behind it */
	PROPERTIES,
	SKIP, /* to the end of the member */
	OVER, /* more is not looked at */
};

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* --- what is named --- */

CS_AT_START static void add_key(struct cs_baggage_keys *keys, const char *key, size_t len)
{
	if (!len || len > CS_BAGGAGE_KEY_MAX || keys->count == CS_BAGGAGE_KEYS_MAX ||
	    len + 1 > sizeof(keys->bytes) - keys->used)
		return;
	for (size_t i = 0; i < len; i++) {
		if (!cs_http_is_token((unsigned char)key[i]))
			return;
	}
	keys->bytes[keys->used++] = (char)len;
	__builtin_memcpy(keys->bytes + keys->used, key, len);
	keys->used = (uint16_t)(keys->used + len);
	keys->count++;
}

CS_AT_START void cs_baggage_name(struct cs_baggage_keys *memory, const char *list)
{
	for (;;) {
		size_t len = 0, end;

		while (is_blank((unsigned char)*list))
			list++;
		while (list[len] && list[len] != ',')
			len++;
		end = len;
		while (len && is_blank((unsigned char)list[len - 1]))
			len--;
		add_key(memory, list, len);
		if (memory->count)
			cs_baggage_keys = memory;
		if (!list[end])
			return;
		list += end + 1;
	}
}

static bool is_named(const char *key, size_t len)
{
	const char *at = cs_baggage_keys->bytes;

	for (unsigned i = 0; i < cs_baggage_keys->count; i++, at += 1 + *at) {
		if ((size_t)*at == len && !__builtin_memcmp(at + 1, key, len))
			return true;
	}
	return false;
}

bool cs_baggage_is_header(const char *name, size_t len)
{
	return cs_baggage_asked() && len == sizeof(CS_BAGGAGE_HEADER) - 1 &&
	       !__builtin_memcmp(name, CS_BAGGAGE_HEADER, len);
}

/* --- a list --- */

enum took {
	NOTHING,
	NAMED, /* a member that is named: its value comes next */
	BYTE,  /* this byte is one of the value */
	WHOLE, /* the member is, and it is good */
	BAD,   /* what has come of it is to be forgotten */
};

#define PREFIX_LEN (sizeof(CS_BAGGAGE_PREFIX) - 1)

static void begin_member(struct cs_baggage *baggage, const struct cs_baggage_text *text)
{
	if (baggage->members == CS_BAGGAGE_MEMBERS_MAX) {
		baggage->state = OVER;
		return;
	}
	baggage->members++;
	baggage->state = KEY;
	__builtin_memcpy(text->name, CS_BAGGAGE_PREFIX, PREFIX_LEN);
	*text->name_len = PREFIX_LEN;
}

/* The "=". */
static enum took begin_value(struct cs_baggage *baggage, const struct cs_baggage_text *text)
{
	bool wanted = *text->name_len <= CS_BAGGAGE_NAME_MAX &&
		      is_named(text->name + PREFIX_LEN, *text->name_len - PREFIX_LEN);

	baggage->state = wanted ? BEFORE : SKIP;
	return wanted ? NAMED : NOTHING;
}

static enum took take_key(struct cs_baggage *baggage, const struct cs_baggage_text *text,
			  unsigned char c)
{
	bool within = baggage->state == KEY;

	if (within && cs_http_is_token(c)) {
		if (*text->name_len < CS_BAGGAGE_NAME_MAX)
			text->name[*text->name_len] = (char)c;
		if (*text->name_len <= CS_BAGGAGE_NAME_MAX)
			++*text->name_len;
		return NOTHING;
	}
	if (c == '=')
		return begin_value(baggage, text);
	baggage->state = c == ',' ? START : is_blank(c) ? KEY_END : SKIP;
	return NOTHING;
}

/* A baggage-octet. */
static bool is_octet(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

static enum took take_value(struct cs_baggage *baggage, unsigned char c)
{
	bool behind = baggage->state == VALUE_END;

	if (c == ',') {
		baggage->state = START;
		return WHOLE;
	}
	if (c == ';') {
		baggage->state = PROPERTIES;
		return NOTHING;
	}
	if (is_blank(c)) {
		baggage->state = baggage->state == BEFORE ? BEFORE : VALUE_END;
		return NOTHING;
	}
	if (behind || !is_octet(c)) {
		baggage->state = SKIP;
		return BAD;
	}
	baggage->state = VALUE;
	return BYTE;
}

static bool is_wanted(const struct cs_baggage *baggage)
{
	return baggage->state >= BEFORE && baggage->state <= PROPERTIES;
}

static enum took take(struct cs_baggage *baggage, const struct cs_baggage_text *text,
		      unsigned char c)
{
	if (baggage->bytes == CS_BAGGAGE_BYTES_MAX) {
		bool wanted = is_wanted(baggage);

		baggage->state = OVER;
		return wanted ? BAD : NOTHING;
	}
	baggage->bytes++;
	switch ((enum state)baggage->state) {
	case START:
		if (is_blank(c) || c == ',')
			return NOTHING;
		begin_member(baggage, text);
		return baggage->state == KEY ? take_key(baggage, text, c) : NOTHING;
	case KEY:
	case KEY_END:
		return take_key(baggage, text, c);
	case BEFORE:
	case VALUE:
	case VALUE_END:
		return take_value(baggage, c);
	case PROPERTIES:
		if (c != ',')
			return NOTHING;
		baggage->state = START;
		return WHOLE;
	case SKIP:
		if (c == ',')
			baggage->state = START;
		return NOTHING;
	case OVER:
		break;
	}
	return NOTHING;
}

/* The comma that joins it to the next header's counts. */
static enum took finish(struct cs_baggage *baggage, bool whole)
{
	bool wanted = is_wanted(baggage);

	if (baggage->state == OVER)
		return NOTHING;
	baggage->state = START;
	if (baggage->bytes < CS_BAGGAGE_BYTES_MAX)
		baggage->bytes++;
	return !wanted ? NOTHING : whole ? WHOLE : BAD;
}

/* --- lines --- */

static bool put(const struct cs_baggage_text *text, const char *bytes, size_t len)
{
	if (len > (size_t)(text->size - *text->used))
		return false;
	__builtin_memcpy(text->bytes + *text->used, bytes, len);
	*text->used = (uint16_t)(*text->used + len);
	return true;
}

static bool put_byte(const struct cs_baggage_text *text, int c)
{
	size_t before = *text->line + *text->name_len + 2u;
	char byte = (char)c;

	return *text->used - before < CS_BAGGAGE_VALUE_MAX && put(text, &byte, 1);
}

bool cs_baggage_take(struct cs_baggage *baggage, const struct cs_baggage_text *text, int c)
{
	enum took took = c < 0 ? finish(baggage, c == CS_BAGGAGE_OVER)
			       : take(baggage, text, (unsigned char)c);

	switch (took) {
	case NOTHING:
		return true;
	case NAMED:
		*text->line = *text->used;
		if (put(text, text->name, *text->name_len) && put(text, ": ", 2))
			return true;
		break;
	case BYTE:
		if (put_byte(text, c))
			return true;
		break;
	case WHOLE:
		if (put(text, "\n", 1))
			return true;
		*text->used = *text->line;
		return false; /* the next member has not begun */
	case BAD:
		*text->used = *text->line;
		return true;
	}
	*text->used = *text->line;
	baggage->state = SKIP;
	return false;
}
