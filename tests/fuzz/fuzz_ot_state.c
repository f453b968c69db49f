/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tracestates from anybody. What is written again is a tracestate, says the threshold that it was given and the
 * randomness that it had, and writing it once more changes nothing.
 */
#include <string.h>

#include "collector/sampler/ot_state.h"
#include "tests/fuzz/fuzz.h"

static void check_written(const char *text, uint64_t threshold)
{
	char first[CS_TRACE_STATE_BYTES + 1], second[CS_TRACE_STATE_BYTES + 1];
	char clean[CS_TRACE_STATE_BYTES];
	struct cs_ot_state before, after;
	size_t len = 0;

	cs_ot_state_write(text, threshold, first);
	cs_ot_state_read(text, &before);
	cs_ot_state_read(first, &after);
	CS_FUZZ_CHECK(after.threshold == threshold);
	CS_FUZZ_CHECK(after.has_randomness == before.has_randomness);
	CS_FUZZ_CHECK(!after.has_randomness || after.randomness == before.randomness);
	CS_FUZZ_CHECK(cs_trace_state_copy(first, strlen(first), clean, sizeof(clean), &len) == 0);
	CS_FUZZ_CHECK(len == strlen(first) && !memcmp(clean, first, len));
	cs_ot_state_write(first, threshold, second);
	CS_FUZZ_CHECK(!strcmp(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[CS_TRACE_STATE_BYTES + 1];
	size_t len = 0;

	if (cs_trace_state_copy((const char *)data, size, text, sizeof(text) - 1, &len) < 0)
		return 0;
	text[len] = '\0';
	check_written(text, CS_THRESHOLD_UNKNOWN);
	check_written(text, CS_THRESHOLD_ALL);
	check_written(text, 0xc0000000000000);
	check_written(text, CS_THRESHOLD_NOTHING - 1);
	return 0;
}
