/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The phases of a cold start out of the boundaries that were seen. Pure; the rules are in
 * docs/phases.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "collector/assembler/model.h"

/* CLOCK_MONOTONIC ns; 0: not seen. Boundary i begins phase i. */
enum cs_boundary {
	CS_BOUND_QUEUE,   /* the runtime read the request that caused the spawn */
	CS_BOUND_SPAWN,   /* fork, clone, posix_spawn was called */
	CS_BOUND_EXEC,    /* the last exec was called */
	CS_BOUND_LINK,    /* first constructor */
	CS_BOUND_RUNTIME, /* main */
	CS_BOUND_FETCH,   /* ready to be brought code by a request; most starts have none */
	CS_BOUND_CODE,    /* first open of user code */
	CS_BOUND_RESTORE, /* init done, to be restored from a snapshot; most starts have none */
	CS_BOUND_WAIT,    /* ready */
	CS_BOUND_HANDLER, /* first event */
	CS_BOUND_RESPOND, /* first byte out */
	CS_BOUND_END,     /* end of the response, or of the process */
	CS_BOUND_COUNT,
};

struct cs_bounds {
	uint64_t at_ns[CS_BOUND_COUNT];
	bool native; /* the program itself is the user's code: main is where that begins */
	bool cut;    /* the process ended in the last phase: it was not ready, or was killed */
	const char *event_unseen; /* why readiness and event are not exact; NULL: they are */
	const char *end_unseen; /* why the end is only the last that is known; NULL: it was seen */
};

/**
 * cs_bounds_phases() - contiguous phases from the first boundary that was seen to the end
 * @bounds: the end must be known; boundaries that lie behind a later one count as not seen
 * @arena:  for the words of a phase that has more than one reason to be approximate
 * @ret:    phases, phases_count, start_ns and end_ns are set
 *
 * A boundary that was not seen merges its phase into the one before, which says so.
 * Context: any-thread (pure).
 */
void cs_bounds_phases(const struct cs_bounds *bounds, struct cs_arena *arena,
		      struct cs_cold_start *ret);

/**
 * cs_phase_part_say() - one more reason why it is approximate
 * @why:   outlives @part
 * @arena: for both, where it has one already; without memory that one stands
 *
 * Context: any-thread (pure).
 */
void cs_phase_part_say(struct cs_phase_part *part, const char *why, struct cs_arena *arena);
