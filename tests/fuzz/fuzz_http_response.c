/* SPDX-License-Identifier: Apache-2.0 */

/* Anything that a server may send; the first two bytes say how it is cut and if it has bodies. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support/http_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cs_transcript whole, cut;
	size_t first, step;
	int no_body;

	if (size < 2)
		return 0;
	first = data[0];
	step = 1u + data[1] / 2;
	no_body = data[1] & 1;
	data += 2;
	size -= 2;
	cs_transcript_responses(&whole, data, size, size, 1, no_body);
	cs_transcript_responses(&cut, data, size, first, step, no_body);
	CS_FUZZ_CHECK(whole.len == cut.len && memcmp(whole.text, cut.text, whole.len) == 0);
	return 0;
}
