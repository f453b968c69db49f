/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trace and span ids: a keyed hash of where a thing was recorded, so that reading it again gives the
 * same ids. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "exporters/telemetry.h"

struct cs_id_key {
	uint8_t bytes[16]; /* random, once in a collector's life */
};

/**
 * cs_make_span_id() - id of thing number @position of kind @kind in segment @segment; never zero
 */
struct cs_span_id cs_make_span_id(const struct cs_id_key *key, uint64_t segment, uint64_t position,
				  uint32_t kind);

/* What an id is made for; the position tells things of one kind apart. */
enum cs_id_kind {
	CS_ID_INVOCATION = 1,
	CS_ID_COLD_START = 2,
	CS_ID_EXEC_EVENT = 3,
	CS_ID_API_SPAN = 4,
	CS_ID_CALL = 5,
};

/** cs_phase_span_id() - of a phase of the cold start whose span is @start. */
struct cs_span_id cs_phase_span_id(struct cs_span_id start, unsigned phase);

/** cs_make_trace_id() - idem for a trace that begins there; never zero. */
struct cs_trace_id cs_make_trace_id(const struct cs_id_key *key, uint64_t segment,
				    uint64_t position);
