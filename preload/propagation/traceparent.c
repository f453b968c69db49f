/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/propagation/traceparent.h"

#include <stdbool.h>
#include <stdint.h>

#include "preload/http/http.h"
#include "preload/wire/carriers.h"

#define NAME         "traceparent:"
#define NAME_LEN     (sizeof(NAME) - 1)
#define PARENT_AT    36u /* "00-", 32 digits, "-" */

#define STATES_BYTES 1024u /* of several tracestate headers, joined */

static bool is_named(const unsigned char *line, size_t len)
{
	if (len < NAME_LEN)
		return false;
	for (size_t i = 0; i < NAME_LEN; i++) {
		if (cs_http_lower(line[i]) != NAME[i])
			return false;
	}
	return true;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* The value of a line, without what stands around it. */
static unsigned char *value_of(unsigned char *line, size_t len, size_t *ret_len)
{
	unsigned char *value = line + NAME_LEN, *end = line + len;

	while (value < end && is_blank(*value))
		value++;
	while (end > value && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	*ret_len = (size_t)(end - value);
	return value;
}

unsigned char *cs_traceparent_find_parent(unsigned char *head, size_t len)
{
	unsigned char *value = NULL, *line = head, *end = head + len;
	struct cs_trace_context context;
	size_t value_len = 0;

	while (line < end) {
		unsigned char *next = line;

		while (next < end && *next != '\n')
			next++;
		if (is_named(line, (size_t)(next - line))) {
			if (value)
				return NULL;
			value = value_of(line, (size_t)(next - line), &value_len);
		}
		line = next + 1;
	}
	if (!value || value_len != CS_TRACEPARENT_LEN || value[0] != '0' || value[1] != '0' ||
	    cs_trace_context_parse((const char *)value, value_len, &context) < 0)
		return NULL;
	return value + PARENT_AT;
}

/* --- lines --- */

/* Of one line: its value, if it is of that name. */
static const char *value_if(const char *line, size_t len, const char *name, size_t *ret_len)
{
	size_t i = 0;

	while (name[i] && i < len && line[i] == name[i])
		i++;
	if (name[i] || len - i < 2 || line[i] != ':' || line[i + 1] != ' ')
		return NULL;
	*ret_len = len - i - 2;
	return line + i + 2;
}

/* A line's value in its place, if it is a carrier's. */
static void take_carrier(struct cs_carrier_value *values, const char *line, size_t len)
{
	static const char names[CS_CARRIER_VALUES][24] = {
#define X(id, header) [CS_CARRIER_##id] = header,
		CS_CARRIERS(X) CS_CARRIER_PARTS(X)
#undef X
	};
	size_t value_len;

	for (unsigned i = CS_CARRIER_NONE + 1; i < CS_CARRIER_VALUES; i++) {
		const char *value = value_if(line, len, names[i], &value_len);

		if (!value)
			continue;
		if (values[i].count++ == 0) {
			values[i].text = value;
			values[i].len = value_len;
		}
		return;
	}
}

/* What stands in the tracestate headers of a request: several are one. */
struct states {
	size_t len;
	bool lost; /* they did not fit: then there is none */
	char bytes[STATES_BYTES];
};

static void join(struct states *states, const char *value, size_t len)
{
	size_t comma = states->len ? 1 : 0;

	if (states->lost || len + comma > sizeof(states->bytes) - states->len) {
		states->lost = true;
		return;
	}
	if (comma)
		states->bytes[states->len++] = ',';
	__builtin_memcpy(states->bytes + states->len, value, len);
	states->len += len;
}

bool cs_traceparent_carried(const char *lines, size_t len, bool on_lambda, struct cs_context *ret)
{
	struct cs_carrier_value values[CS_CARRIER_VALUES] = { { 0 } };
	const char *end = lines + len, *state;
	size_t state_len = 0;
	struct states states;
	enum cs_carrier carrier;
	unsigned refused;

	states.len = 0;
	states.lost = false;
	while (lines < end) {
		size_t line = 0;

		while (lines + line < end && lines[line] != '\n')
			line++;
		state = value_if(lines, line, "tracestate", &state_len);
		if (state)
			join(&states, state, state_len);
		else
			take_carrier(values, lines, line);
		lines += line + 1;
	}
	carrier = cs_carriers_choose(values, on_lambda, &ret->trace, &refused);
	if (!carrier)
		return false;
	if (carrier != CS_CARRIER_TRACEPARENT || states.lost ||
	    cs_trace_state_copy(states.bytes, states.len, ret->state, sizeof(ret->state),
				&state_len) < 0)
		state_len = 0;
	ret->state_len = (uint16_t)state_len;
	return true;
}
