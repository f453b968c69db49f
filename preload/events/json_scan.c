/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/events/json_scan.h"

enum state {
	VALUE,
	FIRST_VALUE, /* behind '[': or its end */
	KEY,
	FIRST_KEY, /* behind '{': or its end */
	COLON,
	AFTER, /* behind a value */
	STRING,
	ESCAPE,
	HEX,
	NUMBER,
	LITERAL,
	END, /* behind all of it */
	DEAD,
};

/* Where in a number. */
enum {
	MINUS,
	ZERO,
	INTEGER,
	POINT,
	FRACTION,
	EXPONENT,
	EXPONENT_SIGN,
	EXPONENT_DIGITS,
};

void cs_json_begin(struct cs_json *json)
{
	json->depth = 0;
	json->state = VALUE;
}

static enum cs_json_token broken(struct cs_json *json)
{
	json->state = DEAD;
	return CS_JSON_BROKEN;
}

static bool in_object(const struct cs_json *json)
{
	uint32_t level = json->depth - 1u;

	return json->nesting[level / 32] >> (level % 32) & 1;
}

static void end_value(struct cs_json *json)
{
	json->state = json->depth ? AFTER : END;
}

static enum cs_json_token open_value(struct cs_json *json, bool object)
{
	uint32_t level = json->depth, bit = 1u << (level % 32);

	if (level == CS_JSON_DEPTH) {
		json->state = DEAD;
		return CS_JSON_TOO_DEEP;
	}
	json->nesting[level / 32] = (json->nesting[level / 32] & ~bit) | (object ? bit : 0);
	json->depth++;
	json->state = object ? FIRST_KEY : FIRST_VALUE;
	return object ? CS_JSON_OBJECT : CS_JSON_ARRAY;
}

static enum cs_json_token close_value(struct cs_json *json)
{
	json->depth--;
	end_value(json);
	return CS_JSON_CLOSED;
}

static enum cs_json_token begin_string(struct cs_json *json, bool in_key)
{
	json->state = STRING;
	json->in_key = in_key;
	return in_key ? CS_JSON_KEY : CS_JSON_STRING;
}

static enum cs_json_token end_string(struct cs_json *json)
{
	if (json->in_key) {
		json->state = COLON;
		return CS_JSON_KEY_END;
	}
	end_value(json);
	return CS_JSON_STRING_END;
}

static enum cs_json_token character(struct cs_json *json, unsigned char c)
{
	json->state = STRING;
	json->character = c;
	return CS_JSON_CHARACTER;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static enum cs_json_token value_byte(struct cs_json *json, unsigned char c)
{
	if (c == '"')
		return begin_string(json, false);
	if (c == '{' || c == '[')
		return open_value(json, c == '{');
	if (c == ']' && json->state == FIRST_VALUE)
		return close_value(json);
	if (c == 't' || c == 'f' || c == 'n') {
		json->state = LITERAL;
		json->number = 1;
		json->digits = c;
	} else if (c == '-' || is_digit(c)) {
		json->state = NUMBER;
		json->number = c == '-' ? MINUS : c == '0' ? ZERO : INTEGER;
	} else {
		return broken(json);
	}
	return CS_JSON_NOTHING;
}

static enum cs_json_token key_byte(struct cs_json *json, unsigned char c)
{
	if (c == '"')
		return begin_string(json, true);
	return c == '}' && json->state == FIRST_KEY ? close_value(json) : broken(json);
}

static enum cs_json_token after_byte(struct cs_json *json, unsigned char c)
{
	if (c == (in_object(json) ? '}' : ']'))
		return close_value(json);
	if (c != ',')
		return broken(json);
	json->state = in_object(json) ? KEY : VALUE;
	return CS_JSON_NEXT;
}

static int hex_value(unsigned char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum cs_json_token string_byte(struct cs_json *json, unsigned char c)
{
	if (c == '"')
		return end_string(json);
	if (c < 0x20)
		return broken(json);
	if (c != '\\')
		return character(json, c);
	json->state = ESCAPE;
	return CS_JSON_NOTHING;
}

static enum cs_json_token escape_byte(struct cs_json *json, unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return character(json, c);
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return character(json, '\n'); /* one control is as another */
	case 'u':
		json->state = HEX;
		json->digits = 0;
		json->code = 0;
		return CS_JSON_NOTHING;
	default:
		return broken(json);
	}
}

static enum cs_json_token hex_byte(struct cs_json *json, unsigned char c)
{
	int value = hex_value(c);

	if (value < 0)
		return broken(json);
	json->code = (uint16_t)(json->code << 4 | value);
	if (++json->digits < 4)
		return CS_JSON_NOTHING;
	return character(json, json->code < 0x80 ? (unsigned char)json->code : 0x80);
}

/* The rest of true, false, or null; its first letter is in `digits`. */
static enum cs_json_token literal_byte(struct cs_json *json, unsigned char c)
{
	static const char words[3][6] = { "true", "false", "null" };
	const char *word = words[json->digits == 't' ? 0 : json->digits == 'f' ? 1 : 2];

	if (c != (unsigned char)word[json->number++])
		return broken(json);
	if (!word[json->number])
		end_value(json);
	return CS_JSON_NOTHING;
}

/* RFC 8259 section 6. Return: false: @c is not part of it any more, or it is none. */
static bool number_byte(struct cs_json *json, unsigned char c)
{
	bool digit = is_digit(c), ended = false;

	switch (json->number) {
	case MINUS:
		json->number = c == '0' ? ZERO : INTEGER;
		break;
	case ZERO:
	case INTEGER:
		if (digit && json->number == INTEGER)
			return true;
		if (c == '.' || (c | 0x20) == 'e')
			json->number = c == '.' ? POINT : EXPONENT;
		else
			ended = true;
		digit = true;
		break;
	case POINT:
		json->number = FRACTION;
		break;
	case FRACTION:
		if (!digit && (c | 0x20) == 'e')
			json->number = EXPONENT;
		else
			ended = !digit;
		digit = true;
		break;
	case EXPONENT:
		json->number = digit ? EXPONENT_DIGITS : EXPONENT_SIGN;
		digit = digit || c == '+' || c == '-';
		break;
	case EXPONENT_SIGN:
		json->number = EXPONENT_DIGITS;
		break;
	default:
		ended = !digit;
		digit = true;
	}
	if (!digit)
		json->state = DEAD;
	else if (ended)
		end_value(json);
	return digit && !ended;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Between strings, numbers and words. */
static enum cs_json_token structure_byte(struct cs_json *json, unsigned char c)
{
	if (is_space(c) && json->state != DEAD)
		return CS_JSON_NOTHING;
	switch ((enum state)json->state) {
	case VALUE:
	case FIRST_VALUE:
		return value_byte(json, c);
	case KEY:
	case FIRST_KEY:
		return key_byte(json, c);
	case COLON:
		if (c != ':')
			return broken(json);
		json->state = VALUE;
		return CS_JSON_NOTHING;
	case AFTER:
		return after_byte(json, c);
	default:
		return broken(json);
	}
}

enum cs_json_token cs_json_take(struct cs_json *json, unsigned char c)
{
	switch ((enum state)json->state) {
	case STRING:
		return string_byte(json, c);
	case ESCAPE:
		return escape_byte(json, c);
	case HEX:
		return hex_byte(json, c);
	case LITERAL:
		return literal_byte(json, c);
	case NUMBER:
		return number_byte(json, c) ? CS_JSON_NOTHING : structure_byte(json, c);
	default:
		return structure_byte(json, c);
	}
}

/* Eight at a time: neither a control, nor a quote, nor a backslash. */
size_t cs_json_skip(const struct cs_json *json, const unsigned char *data, size_t len)
{
	const uint64_t ones = 0x0101010101010101ull, tops = ones << 7;
	size_t n = 0;

	if (json->state != STRING)
		return 0;
	for (; len - n >= 8; n += 8) {
		uint64_t x, quotes, slashes;

		__builtin_memcpy(&x, data + n, 8);
		quotes = x ^ ones * '"';
		slashes = x ^ ones * '\\';
		if ((((x - ones * 0x20) & ~x) | ((quotes - ones) & ~quotes) |
		     ((slashes - ones) & ~slashes)) &
		    tops)
			break;
	}
	while (n < len && data[n] >= 0x20 && data[n] != '"' && data[n] != '\\')
		n++;
	return n;
}
