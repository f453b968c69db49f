/* SPDX-License-Identifier: Apache-2.0 */

/* Ids; see ids.h. */
#include "collector/assembler/ids.h"

#include <string.h>

#include "preload/wire/siphash.h"

static uint64_t hash(const struct cs_id_key *key, uint64_t segment, uint64_t position,
		     uint64_t kind)
{
	uint64_t what[3] = { segment, position, kind };
	uint64_t h = cs_siphash(key->bytes, what, sizeof(what));

	return h ? h : 1; /* all-zero ids are invalid (W3C Trace Context section 3.2.2) */
}

struct cs_span_id cs_make_span_id(const struct cs_id_key *key, uint64_t segment, uint64_t position,
				  uint32_t kind)
{
	uint64_t h = hash(key, segment, position, kind);
	struct cs_span_id id;

	memcpy(id.bytes, &h, sizeof(id.bytes));
	return id;
}

struct cs_trace_id cs_make_trace_id(const struct cs_id_key *key, uint64_t segment,
				    uint64_t position)
{
	uint64_t halves[2] = { hash(key, segment, position, 1ull << 32),
			       hash(key, segment, position, 2ull << 32) };
	struct cs_trace_id id;

	memcpy(id.bytes, halves, sizeof(id.bytes));
	return id;
}

/* Siblings of one parent: told apart by their phase. */
struct cs_span_id cs_phase_span_id(struct cs_span_id start, unsigned phase)
{
	start.bytes[7] = (uint8_t)(start.bytes[7] ^ (phase + 1));
	start.bytes[0] = (uint8_t)(start.bytes[0] ^ 0x80);
	return start;
}
