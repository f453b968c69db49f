/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trace context texts from anybody. What is accepted must survive formatting and parsing again, and
 * a cleaned tracestate must be one that cleaning leaves alone.
 */
#include <string.h>

#include "preload/wire/trace_context.h"
#include "tests/fuzz/fuzz.h"

static void check_parent(const char *text, size_t len)
{
	struct cs_trace_context first, second;
	char formatted[CS_TRACEPARENT_LEN + 1];

	if (cs_trace_context_parse(text, len, &first) < 0)
		return;
	CS_FUZZ_CHECK(cs_trace_context_valid(&first));
	cs_trace_context_format(&first, formatted);
	CS_FUZZ_CHECK(strlen(formatted) == CS_TRACEPARENT_LEN);
	CS_FUZZ_CHECK(cs_trace_context_parse(formatted, CS_TRACEPARENT_LEN, &second) == 0);
	CS_FUZZ_CHECK(memcmp(&first, &second, sizeof(first)) == 0);
}

static void check_state(const char *text, size_t len, size_t capacity)
{
	char first[CS_TRACE_STATE_BYTES + 1], second[CS_TRACE_STATE_BYTES];
	size_t first_len, second_len;

	first[capacity] = '!';
	if (cs_trace_state_copy(text, len, first, capacity, &first_len) < 0)
		return;
	CS_FUZZ_CHECK(first_len <= capacity && first_len <= len);
	CS_FUZZ_CHECK(first[capacity] == '!');
	CS_FUZZ_CHECK(cs_trace_state_copy(first, first_len, second, capacity, &second_len) == 0);
	CS_FUZZ_CHECK(first_len == second_len && memcmp(first, second, first_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_parent(text, size);
	check_state(text, size, CS_TRACE_STATE_BYTES);
	if (size)
		check_state(text + 1, size - 1, 1 + data[0] % CS_TRACE_STATE_BYTES);
	return 0;
}
