/* SPDX-License-Identifier: Apache-2.0 */

/* What requests bring; see inbound.h. */
#include "collector/assembler/inbound.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collector/assembler/lines.h"
#include "exporters/telemetry.h"

#define STATES_BYTES   4096 /* of all tracestate headers of a request: as long as a record */
#define ATTEMPT_DIGITS 9u   /* of a count that is believed */
#define STAMP_DIGITS   19u /* of nanoseconds since 1970, from 2001 to 2286: other units have fewer */

/* The headers that are looked for; those below are the places of carriers and their parts. */
enum slot {
	SLOT_STATE = CS_CARRIER_VALUES,
	SLOT_CREATED,
	SLOT_CREATED_STATE,
	SLOT_TASK_RETRIES,
	SLOT_GRID_DELIVERIES,
	SLOT_ENVOY_ATTEMPTS,
	SLOT_DELIVERIES,
	SLOT_START_TIME,
	SLOT_SPAN,
	SLOT_TRACE,
	SLOT_IDS,
	SLOT_COUNT = SLOT_IDS + CS_REQUEST_ID_COUNT,
};

static const struct {
	size_t len;
	const char *name;
} slots[SLOT_COUNT] = {
#define NAME(text)                                                                                 \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}
#define X(id, header) [CS_CARRIER_##id] = NAME(header),
	CS_CARRIERS(X) CS_CARRIER_PARTS(X)
#undef X
		[SLOT_STATE] = NAME("tracestate"),
	[SLOT_CREATED] = NAME("ce-traceparent"),
	[SLOT_CREATED_STATE] = NAME("ce-tracestate"),
	[SLOT_TASK_RETRIES] = NAME("x-cloudtasks-taskretrycount"),
	[SLOT_GRID_DELIVERIES] = NAME("aeg-delivery-count"),
	[SLOT_ENVOY_ATTEMPTS] = NAME("x-envoy-attempt-count"),
	[SLOT_DELIVERIES] = NAME("count"), /* out of a body: no header is kept under that name */
	[SLOT_START_TIME] = NAME("x-start-time"),
	[SLOT_SPAN] = NAME("coldspan-span-id"),
	[SLOT_TRACE] = NAME("coldspan-trace-id"),
#define X(id, header, attribute) [SLOT_IDS + CS_REQUEST_ID_##id] = NAME(header),
	CS_REQUEST_IDS(X)
#undef X
#undef NAME
};

/* All that came, in one pass. */
struct headers {
	struct cs_carrier_value values[SLOT_COUNT];
	bool others; /* there are lines of other names */
};

char *cs_text_clean_copy(const char *text, size_t len)
{
	char clean[CS_TELEMETRY_STRING_MAX];

	if (!len)
		return NULL;
	cs_utf8_repair(clean, sizeof(clean), text, len, NULL);
	cs_utf8_strip_control(clean);
	return strdup(clean);
}

size_t cs_text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

const char *cs_carrier_header(enum cs_carrier carrier)
{
	return slots[carrier].name;
}

/* Which header a line is; SLOT_COUNT: none of ours. */
static enum slot slot_of(const struct cs_line *line)
{
	const struct cs_part *name = &line->name;
	enum slot slot = CS_CARRIER_NONE + 1;

	if (!line->value.text)
		return SLOT_COUNT;
	while (slot < SLOT_COUNT && (slots[slot].len != name->len ||
				     memcmp(slots[slot].name, name->text, name->len) != 0))
		slot++;
	return slot;
}

static void find_all(const char *text, size_t len, struct headers *ret)
{
	struct cs_part rest = { text, len };
	struct cs_line line;

	*ret = (struct headers){ 0 };
	while (cs_line_next(&rest, &line)) {
		enum slot slot = slot_of(&line);
		struct cs_carrier_value *first = &ret->values[slot];

		if (slot == SLOT_COUNT)
			ret->others = true;
		else if (first->count++ == 0)
			*first = (struct cs_carrier_value){ line.value.text, line.value.len, 1 };
	}
}

/* --- carriers --- */

enum cs_carrier cs_inbound_context(const char *text, size_t len, bool on_lambda,
				   struct cs_trace_context *ret)
{
	struct headers headers;
	unsigned refused;

	find_all(text, len, &headers);
	return cs_carriers_choose(headers.values, on_lambda, ret, &refused);
}

char *cs_trace_state_keep(const char *text, size_t len)
{
	char state[CS_TRACE_STATE_BYTES];
	size_t n;

	if (!len || cs_trace_state_copy(text, len, state, sizeof(state), &n) < 0 || !n)
		return NULL;
	return strndup(state, n);
}

/* Values of several headers are one list (W3C Trace Context section 3.3.1, RFC 9110 section 5.3). */
static char *read_states(const char *text, size_t len)
{
	char joined[STATES_BYTES];
	struct cs_part rest = { text, len };
	struct cs_line line;
	size_t used = 0;

	while (cs_line_next(&rest, &line)) {
		if (slot_of(&line) != SLOT_STATE)
			continue;
		if (used + 1 + line.value.len > sizeof(joined))
			return NULL;
		if (used)
			joined[used++] = ',';
		memcpy(joined + used, line.value.text, line.value.len);
		used += line.value.len;
	}
	return cs_trace_state_keep(joined, used);
}

/* --- attempts --- */

/* -1: no number that is believed */
static int64_t number_of(const struct cs_carrier_value *value, size_t digits_min, size_t digits_max)
{
	int64_t n = 0;

	if (value->count != 1 || value->len < digits_min || value->len > digits_max)
		return -1;
	for (size_t i = 0; i < value->len; i++) {
		if (value->text[i] < '0' || value->text[i] > '9')
			return -1;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, value->text[i] - '0', &n))
			return -1;
	}
	return n;
}

/* Who counts attempts, and from where: what belongs to the event comes before what belongs to a hop. */
static unsigned read_attempt(const struct headers *headers)
{
	static const struct {
		enum slot slot;
		int first; /* what it says of the first attempt */
	} counters[] = { { SLOT_DELIVERIES, 1 },
			 { SLOT_TASK_RETRIES, 0 },
			 { SLOT_GRID_DELIVERIES, 0 },
			 { SLOT_ENVOY_ATTEMPTS, 1 } };

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		int64_t n = number_of(&headers->values[counters[i].slot], 1, ATTEMPT_DIGITS);

		if (n >= counters[i].first)
			return (unsigned)(n + 1 - counters[i].first);
	}
	return 0;
}

/* --- when it was accepted --- */

/* OpenFaaS's gateway: nanoseconds since 1970. */
static uint64_t read_accepted(const struct headers *headers)
{
	int64_t stamp = number_of(&headers->values[SLOT_START_TIME], STAMP_DIGITS, STAMP_DIGITS);

	return stamp > 0 ? (uint64_t)stamp : 0;
}

bool cs_id_read(const char *text, size_t len, uint8_t *ret, size_t bytes)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t any = 0;

	if (len != 2 * bytes)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		const char *high = memchr(digits, text[2 * i], 16);
		const char *low = memchr(digits, text[2 * i + 1], 16);

		if (!high || !low)
			return false;
		ret[i] = (uint8_t)((high - digits) << 4 | (low - digits));
		any |= ret[i];
	}
	return any != 0;
}

/* The shim's own lines: the ids that it gave. Anybody writes into a ring: they may be anything. */
static bool read_handed_on(const struct cs_carrier_value *value, uint8_t *ret, size_t bytes)
{
	return value->count == 1 && cs_id_read(value->text, value->len, ret, bytes);
}

static void read_ids(struct cs_inbound *ret, const struct headers *headers)
{
	ret->has_handed_on =
		read_handed_on(&headers->values[SLOT_SPAN], ret->handed_on, sizeof(ret->handed_on));
	ret->has_own_trace =
		ret->has_handed_on && read_handed_on(&headers->values[SLOT_TRACE], ret->own_trace,
						     sizeof(ret->own_trace));
}

static void read_baggage(struct cs_baggage_members *ret, const char *text, size_t len)
{
	struct cs_part rest = { text, len };
	struct cs_line line;

	while (cs_line_next(&rest, &line))
		cs_baggage_members_take(ret, &line);
}

/* --- all of it --- */

void cs_inbound_read(struct cs_inbound *ret, const char *text, size_t len, bool on_lambda)
{
	struct headers headers;
	const struct cs_carrier_value *created = &headers.values[SLOT_CREATED];
	const struct cs_carrier_value *state = &headers.values[SLOT_CREATED_STATE];

	find_all(text, len, &headers);
	*ret = (struct cs_inbound){ .carrier = CS_CARRIER_NONE };
	ret->carrier = cs_carriers_choose(headers.values, on_lambda, &ret->caller, &ret->refused);
	if (ret->carrier == CS_CARRIER_TRACEPARENT && headers.values[SLOT_STATE].count)
		ret->trace_state = read_states(text, len);
	if (created->count == 1)
		ret->has_created =
			cs_trace_context_parse(created->text, created->len, &ret->created) == 0;
	if (ret->has_created && state->count == 1)
		ret->created_state = cs_trace_state_keep(state->text, state->len);
	if (on_lambda)
		ret->has_xray = cs_carrier_read(CS_CARRIER_XRAY, headers.values, &ret->xray) == 0 &&
				cs_trace_context_valid(&ret->xray);
	ret->attempt = read_attempt(&headers);
	ret->accepted_unix_ns = read_accepted(&headers);
	read_ids(ret, &headers);
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		const struct cs_carrier_value *value = &headers.values[SLOT_IDS + i];

		ret->ids[i] = cs_text_clean_copy(value->text, value->len);
	}
	if (headers.others)
		read_baggage(&ret->baggage, text, len);
}

void cs_inbound_read_ids(struct cs_inbound *ret, const char *text, size_t len)
{
	struct headers headers;

	find_all(text, len, &headers);
	read_ids(ret, &headers);
}

void cs_inbound_read_again(struct cs_inbound *inbound, const char *text, size_t len, bool on_lambda)
{
	const struct cs_inbound had = *inbound;

	cs_inbound_deinit(inbound);
	cs_inbound_read(inbound, text, len, on_lambda);
	inbound->in_body = inbound->carrier != CS_CARRIER_NONE;
	inbound->has_handed_on = had.has_handed_on;
	memcpy(inbound->handed_on, had.handed_on, sizeof(had.handed_on));
	inbound->has_own_trace = had.has_own_trace;
	memcpy(inbound->own_trace, had.own_trace, sizeof(had.own_trace));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int cs_hex_byte(const char *digits)
{
	int high = hex_digit(digits[0]), low = high < 0 ? -1 : hex_digit(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}

static char *unescaped(char *text)
{
	size_t used = 0;
	char *clean;

	for (const char *at = text; *at; at++) {
		int byte = *at == '%' ? cs_hex_byte(at + 1) : -1;
		bool taken = byte >= ' ';

		text[used++] = (char)(taken ? byte : *at);
		at += taken ? 2 : 0;
	}
	clean = cs_text_clean_copy(text, used);
	free(text);
	return clean;
}

void cs_inbound_unescape(struct cs_inbound *inbound)
{
	static const enum cs_request_id attributes[] = { CS_REQUEST_ID_EVENT,
							 CS_REQUEST_ID_EVENT_SOURCE,
							 CS_REQUEST_ID_EVENT_TYPE };
	char *state = inbound->created_state;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		char **id = &inbound->ids[attributes[i]];

		if (*id && strchr(*id, '%'))
			*id = unescaped(*id);
	}
	if (state && strchr(state, '%')) {
		inbound->created_state = NULL;
		state = unescaped(state);
		if (state)
			inbound->created_state = cs_trace_state_keep(state, strlen(state));
		free(state);
	}
}

void cs_inbound_deinit(struct cs_inbound *inbound)
{
	free(inbound->trace_state);
	free(inbound->created_state);
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++)
		free(inbound->ids[i]);
	cs_baggage_members_deinit(&inbound->baggage);
	*inbound = (struct cs_inbound){ .carrier = CS_CARRIER_NONE };
}

size_t cs_inbound_bytes(const struct cs_inbound *inbound)
{
	size_t bytes = cs_text_bytes(inbound->trace_state) + cs_text_bytes(inbound->created_state) +
		       cs_baggage_members_bytes(&inbound->baggage);

	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++)
		bytes += cs_text_bytes(inbound->ids[i]);
	return bytes;
}
