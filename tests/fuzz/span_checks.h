/* SPDX-License-Identifier: Apache-2.0 */

/* What must hold for anything that an assembler hands over, and for the OTLP made of it. */
#pragma once

#include <stdint.h>

#include "collector/assembler/assembler.h"
#include "collector/logs/log_records.h"
#include "collector/spans/spans.h"

#define SPAN_IDS 65536u /* a set of ids: a power of two, far above what one input can make */

/* What one run of a fuzz target was fed, and told. */
struct span_checks {
	/* kept by the target */
	uint64_t attached; /* instances */
	uint64_t requests; /* records of that type, well-formed or not */
	bool flushed;      /* before its end: starts may have been told before their first event */
	/* kept here */
	uint64_t cold_starts;
	uint64_t invocations;
	uint64_t expected; /* spans that these are */
	uint64_t spans;    /* that came out */
	unsigned encoded;  /* batches that went through the encoders */
	uint64_t cold_segment;
	uint64_t cold_start_ns;
	uint64_t cold_end_ns;
	uint64_t logs;    /* lines */
	uint64_t records; /* that they became */
	uint64_t calls;
	struct cs_spans batch;
	struct cs_log_records log_batch;
	uint64_t ids[SPAN_IDS]; /* 0 free */
};

/** span_checks_init() - @checks is zeroed; @ret_sink is for cs_assembler_new(). */
void span_checks_init(struct span_checks *checks, struct cs_assembler_sink *ret_sink);

/** span_checks_finish() - check what was gathered and @stats; frees what @checks holds. */
void span_checks_finish(struct span_checks *checks, const struct cs_assembler_stats *stats);
