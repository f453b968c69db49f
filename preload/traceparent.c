/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/traceparent.h"

#include <stdbool.h>
#include <stdint.h>

#include "preload/http.h"
#include "preload/wire/trace_context.h"

#define NAME      "traceparent:"
#define NAME_LEN  (sizeof(NAME) - 1)
#define PARENT_AT 36u /* "00-", 32 digits, "-" */

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
