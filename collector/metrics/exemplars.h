/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Measurements that stand for their bucket, with the trace they were made in: of each bucket the one that
 * somebody will want to look at, which is a cold one before a warm one, and then the slowest. Whatever was
 * pushed already, or is so old that whoever scrapes has it and a push was due, makes room for what is new. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporters/telemetry.h"

#define CS_EXEMPLARS_MAX   8u             /* of one series */
#define CS_EXEMPLAR_NEW_NS 60000000000ull /* from one scrape to the next */

struct cs_exemplar_slot {
	uint64_t time_unix_ns;
	double value;
	struct cs_trace_id trace_id;
	struct cs_span_id span_id;
	uint16_t bucket;
	bool cold;
	bool told; /* by a push */
};

struct cs_exemplars {
	unsigned count;
	struct cs_exemplar_slot slots[CS_EXEMPLARS_MAX];
};

/**
 * cs_exemplars_offer() - take @slot, if it is better than what there is
 * @interval_ms: from one push to the next
 *
 * Context: owner (pure).
 */
void cs_exemplars_offer(struct cs_exemplars *exemplars, const struct cs_exemplar_slot *slot,
			uint32_t interval_ms);
