/* SPDX-License-Identifier: Apache-2.0 */

/* A word for how it is measured; see measured_as.h. */
#include "agent/asserting/measured_as.h"

#include <string.h>

#include "agent/asserting/steadying.h"

/* With the NUL behind it, so that no two texts together are two others; nothing is told from "". */
static uint64_t add_text(uint64_t hash, const char *text)
{
	if (!text)
		return cs_fingerprint_add(hash, "n", 1);
	return cs_fingerprint_add(cs_fingerprint_add(hash, "t", 1), text, strlen(text) + 1);
}

void cs_measured_as(const struct cs_plan_function *function, bool pairs,
		    char ret[CS_MEASURED_AS_BYTES])
{
	const struct cs_plan_event *event = &function->event;
	const struct cs_plan_sampling *sampling = &function->sampling;
	bool steady = pairs && cs_steadying_avoids(sampling);
	const uint32_t numbers[] = { function->start == CS_START_FAAS, function->ready,
				     sampling->evict | (uint32_t)sampling->same_processor << 1 |
					     (uint32_t)steady << 2,
				     function->warm };
	uint64_t hash = CS_FINGERPRINT_NONE;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const unsigned char bytes[] = { numbers[i] & 0xff, numbers[i] >> 8 & 0xff };

		hash = cs_fingerprint_add(hash, bytes, sizeof(bytes));
	}
	hash = add_text(hash, function->pattern);
	hash = add_text(hash, event->method);
	hash = add_text(hash, event->path);
	hash = add_text(hash, event->body);
	hash = add_text(hash, event->content_type);
	/* Only so: what was saved without one stays comparable. */
	if (function->prepare)
		hash = add_text(hash, function->prepare);
	cs_fingerprint_text(hash, ret);
}
