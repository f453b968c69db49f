/* SPDX-License-Identifier: Apache-2.0 */

/* Holes in rings; see hole.h. */
#include "collector/instances/hole.h"

#include <errno.h>

#include "collector/instances/tags.h"
#include "collector/processes/procfs.h"

#define HOLE_PATIENCE_NS 1000000000ull
#define HOLE_LOOKS_NS    100000000ull /* between looks at one hole: each costs up to a pass */
#define HOLE_RAN_NS      1000000ull   /* of CPU: to be frozen, or stopped, and thawed takes less */

/* Can nothing of the member's be written any more? */
static bool is_gone(const struct cs_member *member)
{
	return member->dead_on_arrival || member->replaced ||
	       (member->process && (member->process->exited || member->process->reaped));
}

static bool writer_dead(struct cs_instance *instance, const struct cs_hole *hole)
{
	const struct cs_member *member;

	if (hole->claimed) {
		member = cs_tags_get(instance, hole->pid, 0);
		return member && is_gone(member);
	}
	/* Not even claimed: anybody's. */
	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (!is_gone(member))
			return false;
	}
	return true;
}

/* CPU time of all that could be writing; 0 if it cannot be read, which never looks like progress. */
static uint64_t writers_cpu_ns(struct cs_instance *instance)
{
	const struct cs_member *member;
	uint64_t sum = 0, cpu;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (member->process && member->process->pid > 0 &&
		    cs_proc_get_cpu_ns(member->process->pid, &cpu) == 0)
			sum += cpu;
	}
	return sum;
}

/*
 * A hole is given up when its writer is dead; or when it is old, later records are committed behind
 * it, and its process ran in the meantime: a frozen process is not late.
 */
bool cs_hole_step_over(struct cs_instance *instance, struct cs_instance_lane *lane, uint64_t now_ns)
{
	struct cs_hole hole;
	bool dead;
	int r;

	if (lane->hole_looked_ns && lane->hole_position == lane->reader.position &&
	    now_ns - lane->hole_looked_ns < HOLE_LOOKS_NS)
		return false;
	r = cs_reader_hole(&lane->reader, &hole);
	if (r < 0) {
		instance->broken |= r != -ENOENT;
		return r == -ENOENT;
	}
	dead = writer_dead(instance, &hole);
	lane->hole_looked_ns = now_ns;
	if (!dead) {
		if (!lane->hole_since_ns || lane->hole_position != hole.position) {
			lane->hole_since_ns = now_ns;
			lane->hole_position = hole.position;
			lane->hole_cpu_ns = writers_cpu_ns(instance);
			return false;
		}
		if (now_ns - lane->hole_since_ns < HOLE_PATIENCE_NS || !hole.commits_behind ||
		    writers_cpu_ns(instance) < lane->hole_cpu_ns + HOLE_RAN_NS)
			return false;
	}
	r = cs_reader_give_up(&lane->reader, dead);
	if (r == -ENOSPC) /* the quarantine is full: wait for a death */
		return false;
	lane->hole_since_ns = 0;
	lane->hole_looked_ns = 0;
	instance->broken |= r < 0;
	return r == 0;
}

bool cs_hole_blocks(const struct cs_instance_lane *lane)
{
	return lane->hole_since_ns && lane->hole_position == lane->reader.position;
}
