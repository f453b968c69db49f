/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an invocation used: read from outside when nothing is in flight in a process, before and after.
 * It is the invocation's where it was the only one in between; what several used together is nobody's.
 * Work that a process does on its own in between counts as well: the length of what was measured is
 * told (cs_used.window_ns).
 *
 * Bounded: a process is read at most ten times a second, all together a hundred times; who gets no
 * turn is not metered.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/instances/instance.h"

#define CS_METERING_EVERY_NS    100000000ull /* at least this between two readings of a process */
#define CS_METERING_AGAIN_NS    500000000ull /* after an end, once: what it left to be done is done */
#define CS_METERING_PER_S       100u
#define CS_METERING_MEMBERS_MAX 64u /* an instance with more processes is not metered */

struct cs_meter; /* of a member; freed with it */
struct cs_usage;

struct cs_metering {
	uint64_t second_ns; /* began then */
	unsigned readings;  /* in it */
};

/** cs_metering_record() - a record was read that is of an invocation. Context: loop. */
void cs_metering_record(struct cs_instance *instance);

/**
 * cs_metering_ready() - it is ready, and was drained: what it uses from here on is for others
 * @usage: of its own process, read just now
 */
void cs_metering_ready(struct cs_instance *instance, const struct cs_usage *usage);

/** cs_metering_look() - it was drained. Context: loop. */
void cs_metering_look(struct cs_metering *metering, struct cs_instance *instance, uint64_t now_ns);

/** cs_metering_wants() - is what @process has used by its end of use to cs_metering_exited()? */
bool cs_metering_wants(const struct cs_instance *instance, const struct cs_process *process);

/**
 * cs_metering_exited() - a process has ended, is not reaped, and its instance was drained
 * @usage: of that process, to its end
 */
void cs_metering_exited(struct cs_instance *instance, const struct cs_process *process,
			const struct cs_usage *usage);
