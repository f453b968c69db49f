/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From "the process has ended" to "its instances end, with this cause". The cause is told by who
 * waited for it: a parent of ours (`coldspan run`), the kernel once it was reaped (Linux ≥ 6.15), or
 * the wait record of a parent that is watched; and by /proc while nobody has waited, to who may know.
 * For these an ended process is held for a bounded time; after that the cause is unknown, and said to
 * be.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdint.h>
#include <sys/queue.h>

#include "collector/instances/instance.h"
#include "collector/processes/process.h"

#define CS_DEATH_HOLD_NS   2000000000ull /* until somebody reaps it and tells */
#define CS_DEATH_LINGER_NS 30000000ull /* after that, for the parent's wait record with its usage */

struct cs_death_events {
	void *context;
	/* before held processes are ended: who caused what stands in rings may have announced before */
	void (*looking)(void *context);
	/* no process is left that could write to it, and its members were told of: free it */
	void (*over)(void *context, struct cs_instance *instance);
	/* @process has just ended: its /proc is still there if nobody has waited yet */
	void (*exited)(void *context, struct cs_instance *instance, struct cs_process *process);
};

struct cs_death {
	struct cs_instance_world *world; /* borrowed */
	struct cs_death_events events;
	struct event timer;
	LIST_HEAD(, cs_process) held;
};

/** cs_death_init() - Context: loop. */
void cs_death_init(struct cs_death *death, struct event_base *base, struct cs_instance_world *world,
		   const struct cs_death_events *events);

/** cs_death_deinit() - end all that are held, now. Context: loop. */
void cs_death_deinit(struct cs_death *death);

/** cs_death_exited() - for cs_process_table.exited, with the struct cs_death as context. */
void cs_death_exited(void *context, struct cs_process *process);

/** cs_death_reaped() - for cs_process_table.reaped, with the struct cs_death as context. */
void cs_death_reaped(void *context, struct cs_process *process);

/**
 * cs_death_waited() - a wait record of a watched parent, or somebody of ours, told how @pid ended
 * @ppid: who says so; believed only if the kernel said that it is the parent
 * @pid:  in our pid namespace
 *
 * Context: loop; anywhere: what follows from it happens on the next turn.
 */
void cs_death_waited(struct cs_death *death, int32_t ppid, int32_t pid, int wait_status);

/** cs_death_lost() - end all members of an instance for a reason that is no death. */
void cs_death_lost(struct cs_death *death, struct cs_instance *instance, enum cs_end end,
		   uint64_t now_ns);

/**
 * cs_death_replaced() - @process announced @fresh: where it said before that it executes something,
 * its life in older segments is over
 */
void cs_death_replaced(struct cs_death *death, struct cs_process *process,
		       const struct cs_instance *fresh, uint64_t now_ns);
