/* SPDX-License-Identifier: Apache-2.0 */

/* OpenTelemetry's member of a tracestate; see ot_state.h. */
#include "collector/sampler/ot_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A piece of a text. */
struct piece {
	const char *text;
	size_t len;
};

/* The next piece up to @separator, taken off @rest; false: there is none. */
static bool next(struct piece *rest, char separator, struct piece *ret)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->text, separator, rest->len);
	*ret = (struct piece){ rest->text, end ? (size_t)(end - rest->text) : rest->len };
	rest->text += ret->len + (end != NULL);
	rest->len -= ret->len + (end != NULL);
	return true;
}

/* What follows @key in @piece; false: it begins with something else. */
static bool value_of(const struct piece *piece, const char *key, struct piece *ret)
{
	size_t len = strlen(key);

	if (piece->len < len || memcmp(piece->text, key, len) != 0)
		return false;
	*ret = (struct piece){ piece->text + len, piece->len - len };
	return true;
}

static struct piece all_of(const char *trace_state)
{
	return (struct piece){ trace_state, trace_state ? strlen(trace_state) : 0 };
}

/* Of several members of that name the first. */
static struct piece find_ot(const char *trace_state)
{
	struct piece rest = all_of(trace_state), member, value;

	while (next(&rest, ',', &member)) {
		if (value_of(&member, "ot=", &value))
			return value.len <= CS_OT_STATE_MAX ? value : (struct piece){ 0 };
	}
	return (struct piece){ 0 };
}

static bool read_digits(const struct piece *piece, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t n = 0;

	if (!piece->len || piece->len > CS_THRESHOLD_DIGITS)
		return false;
	for (size_t i = 0; i < piece->len; i++) {
		const char *digit = memchr(digits, piece->text[i], 16);

		if (!digit)
			return false;
		n = n << 4 | (uint64_t)(digit - digits);
	}
	*ret = n;
	return true;
}

/* Of a key that is there twice the first counts. */
static void read_fields(struct piece rest, struct cs_ot_state *ret)
{
	struct piece field, value;
	uint64_t n;

	*ret = (struct cs_ot_state){ .threshold = CS_THRESHOLD_UNKNOWN };
	while (next(&rest, ';', &field)) {
		if (ret->threshold == CS_THRESHOLD_UNKNOWN && value_of(&field, "th:", &value) &&
		    read_digits(&value, &n))
			ret->threshold = n << 4 * (CS_THRESHOLD_DIGITS - value.len);
		if (!ret->has_randomness && value_of(&field, "rv:", &value) &&
		    value.len == CS_THRESHOLD_DIGITS && read_digits(&value, &n)) {
			ret->randomness = n;
			ret->has_randomness = true;
		}
	}
}

void cs_ot_state_read(const char *trace_state, struct cs_ot_state *ret)
{
	read_fields(find_ot(trace_state), ret);
}

/* Trailing zeroes say nothing. */
static size_t write_threshold(uint64_t threshold, char *to)
{
	size_t len = (size_t)snprintf(to, sizeof("th:") + CS_THRESHOLD_DIGITS, "th:%014" PRIx64,
				      threshold);

	while (len > sizeof("th:0") - 1 && to[len - 1] == '0')
		to[--len] = '\0';
	return len;
}

/* Fields are "key:value", without blanks. */
static bool is_field(const struct piece *field)
{
	return memchr(field->text, ':', field->len) && !memchr(field->text, ' ', field->len);
}

/* The member's value: both numbers, and what else it says, as far as there is room. */
static size_t write_ot(const char *trace_state, uint64_t threshold, char *to)
{
	struct piece rest = find_ot(trace_state), field, value;
	size_t len = threshold == CS_THRESHOLD_UNKNOWN ? 0 : write_threshold(threshold, to);
	struct cs_ot_state state;

	read_fields(rest, &state);
	if (state.has_randomness)
		len += (size_t)snprintf(to + len, sizeof(";rv:") + CS_THRESHOLD_DIGITS,
					"%srv:%014" PRIx64, len ? ";" : "", state.randomness);
	while (next(&rest, ';', &field)) {
		if (!is_field(&field) || value_of(&field, "th:", &value) ||
		    value_of(&field, "rv:", &value) || len + 1 + field.len > CS_OT_STATE_MAX)
			continue;
		if (len)
			to[len++] = ';';
		memcpy(to + len, field.text, field.len);
		len += field.len;
	}
	return len;
}

/* The members of others, at most @max. */
static size_t write_others(const char *trace_state, unsigned max, char *to, size_t capacity)
{
	char others[CS_TRACE_STATE_BYTES + 1];
	struct piece rest = all_of(trace_state), member, value;
	size_t len = 0, fitting = 0;

	while (max && next(&rest, ',', &member)) {
		if (!member.len || value_of(&member, "ot=", &value) ||
		    len + 1 + member.len > sizeof(others))
			continue;
		if (len)
			others[len++] = ',';
		memcpy(others + len, member.text, member.len);
		len += member.len;
		max--;
	}
	if (!len || !capacity || cs_trace_state_copy(others, len, to, capacity, &fitting) < 0)
		return 0;
	return fitting;
}

void cs_ot_state_write(const char *trace_state, uint64_t threshold,
		       char ret[CS_TRACE_STATE_BYTES + 1])
{
	static const char name[] = "ot=";
	size_t len = sizeof(name) - 1, own, others;

	memcpy(ret, name, len);
	own = write_ot(trace_state, threshold, ret + len);
	len = own ? len + own : 0;
	/* One byte for the comma between them. */
	others = write_others(trace_state, CS_TRACE_STATE_MEMBERS_MAX - !!own, ret + len + !!own,
			      CS_TRACE_STATE_BYTES - len - !!own);
	if (own && others)
		ret[len++] = ',';
	ret[len + others] = '\0';
}

uint64_t cs_ot_state_randomness(const struct cs_ot_state *state, const struct cs_trace_id *id)
{
	uint64_t n = 0;

	if (state->has_randomness)
		return state->randomness;
	for (size_t i = sizeof(id->bytes) - CS_THRESHOLD_BITS / 8; i < sizeof(id->bytes); i++)
		n = n << 8 | id->bytes[i];
	return n;
}
