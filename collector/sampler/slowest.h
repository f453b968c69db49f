/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The slowest invocations of each function and minute, held with their spans until the minute is over or
 * others were slower. Who is among them depends on durations alone, and on the bounds: CS_SLOWEST_BYTES_MAX
 * in all, CS_SLOWEST_FUNCTION_BYTES_MAX of one function, CS_SLOWEST_FUNCTIONS_MAX functions. Where there is
 * no room the least slow are let go before their minute is over (`hurried`). Not thread-safe: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "collector/sampler/tail.h"
#include "collector/spans/spans.h"

#define CS_SLOWEST_WINDOW_NS          60000000000ull
#define CS_SLOWEST_LATE_NS            1000000000ull /* so long after its minute an invocation may be told */
#define CS_SLOWEST_BYTES_MAX          (16u << 20)
#define CS_SLOWEST_FUNCTION_BYTES_MAX (2u << 20)
#define CS_SLOWEST_FUNCTIONS_MAX      256u
#define CS_SLOWEST_BUCKETS            64u

struct cs_slow_function;

/* An invocation with all that belongs to it. */
struct cs_slow {
	STAILQ_ENTRY(cs_slow) link;        /* the owner's, once it was let go */
	struct cs_slow_function *function; /* until it is let go */
	uint64_t duration_ns;
	uint64_t randomness;
	uint64_t threshold; /* with which it was kept so far */
	size_t bytes;       /* what of it is accounted for */
	char *trace_state;  /* as it came, own copy; NULL: empty */
	struct cs_spans spans;
};

enum cs_slow_end {
	CS_SLOW_MINUTE_OVER, /* it was among the slowest */
	CS_SLOW_OUTDONE,     /* others were slower */
	CS_SLOW_HURRIED,     /* for lack of room */
};

struct cs_slowest {
	unsigned count_max; /* of one function */
	void *context;
	void (*let_go)(void *context, struct cs_slow *slow, enum cs_slow_end end); /* takes it */
	LIST_HEAD(, cs_slow_function) buckets[CS_SLOWEST_BUCKETS];
	unsigned functions_count;
	size_t bytes;
	uint64_t hurried;
};

/** cs_slowest_init() - none yet. Context: loop. */
void cs_slowest_init(struct cs_slowest *slowest, unsigned count_max, void *context,
		     void (*let_go)(void *context, struct cs_slow *slow, enum cs_slow_end end));

/**
 * cs_slowest_offer() - an invocation has ended
 * @end_ns: CLOCK_MONOTONIC; whose minute it is
 *
 * Return: it is among the slowest so far: to be filled in, and then cs_slowest_settle(); NULL: it is not, or
 *         there is no room for its function (`hurried`). Valid until the next call of any other function here.
 */
struct cs_slow *cs_slowest_offer(struct cs_slowest *slowest, const struct cs_identity *identity,
				 uint64_t duration_ns, uint64_t end_ns) cs_must_use;

/** cs_slowest_settle() - the last one that was offered has its spans now: keep to the bounds. */
void cs_slowest_settle(struct cs_slowest *slowest, struct cs_slow *slow);

/** cs_slowest_tick() - let those go whose minute is over. Return: when to call again; 0: none is held. */
uint64_t cs_slowest_tick(struct cs_slowest *slowest, uint64_t now_ns);

/** cs_slow_free() - with its spans. */
void cs_slow_free(struct cs_slow *slow);
