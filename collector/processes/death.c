/* SPDX-License-Identifier: Apache-2.0 */

/* Ends of processes and instances; see death.h and README.md. */
#include "collector/processes/death.h"

#include <stdbool.h>

#include "base/clock.h"
#include "collector/processes/pidfd.h"

static void on_timer(evutil_socket_t fd, short what, void *context);

void cs_death_init(struct cs_death *death, struct event_base *base, struct cs_instance_world *world,
		   const struct cs_death_events *events)
{
	*death = (struct cs_death){ .world = world, .events = *events };
	event_assign(&death->timer, base, -1, 0, on_timer, death);
}

static void arm(struct cs_death *death)
{
	const struct cs_process *process;
	uint64_t now_ns = cs_clock_monotonic_ns(), first = UINT64_MAX, left;
	struct timeval wait;

	LIST_FOREACH(process, &death->held, held_link)
	first = process->held_until_ns < first ? process->held_until_ns : first;
	if (first == UINT64_MAX) {
		event_del(&death->timer);
		return;
	}
	left = first > now_ns ? first - now_ns : 0;
	wait = (struct timeval){ .tv_sec = (time_t)(left / 1000000000u),
				 .tv_usec = (suseconds_t)(left % 1000000000u / 1000) };
	event_add(&death->timer, &wait);
}

/* Bounded also for rings whose writers live: two laps of each. */
static void drain_all(struct cs_instance *instance, uint64_t now_ns)
{
	uint64_t slots = (uint64_t)instance->file.slots * instance->file.lanes;
	uint64_t reads = 2 * slots / CS_INSTANCE_READS_MAX + 2;

	while (reads-- && !instance->broken && cs_instance_drain(instance, now_ns))
		continue;
}

/*
 * The instances that the parent writes into know when it spawned, and how it saw the end.
 * Return: true if it lives, and may still tell.
 */
static bool drain_parent(struct cs_death *death, const struct cs_process *process, uint64_t now_ns)
{
	struct cs_process_table *processes = &death->world->processes;
	struct cs_process *living = cs_process_find(processes, process->ppid);
	struct cs_process *parent =
		living ? living : cs_process_find_reaped(processes, process->ppid);
	struct cs_member *member;

	if (!parent)
		return false;
	LIST_FOREACH(member, &parent->members, of_process)
	drain_all(member->instance, now_ns);
	return living != NULL;
}

static void end_member(struct cs_death *death, struct cs_member *member,
		       const struct cs_ended *ended)
{
	struct cs_instance *instance = member->instance;

	drain_all(instance, ended->time_ns);
	cs_instance_end_member(member, ended);
	if (cs_instance_over(instance))
		death->events.over(death->events.context, instance);
}

static void finish(struct cs_death *death, struct cs_process *process)
{
	struct cs_ended ended = { .end = process->status_known ? CS_END_STATUS : CS_END_UNKNOWN,
				  .wait_status = process->wait_status,
				  .time_ns = process->exited_ns,
				  .met_gone = process->met_gone };
	struct cs_member *member;

	if (process->held)
		LIST_REMOVE(process, held_link);
	process->held = true; /* so that it outlives its last member for a moment */
	while ((member = LIST_FIRST(&process->members)))
		end_member(death, member, &ended);
	process->held = false;
	cs_process_put(process);
}

static void hold(struct cs_death *death, struct cs_process *process, uint64_t until_ns)
{
	if (!process->held)
		LIST_INSERT_HEAD(&death->held, process, held_link);
	process->held = true;
	process->held_until_ns = until_ns;
	arm(death);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct cs_death *death = context;
	struct cs_process *process, *next;
	uint64_t now_ns;

	death->events.looking(death->events.context);
	now_ns = cs_clock_monotonic_ns();
	process = LIST_FIRST(&death->held);
	for (; process; process = next) {
		/* Finishing one process frees no other that is held. */
		next = LIST_NEXT(process, held_link);
		if (process->held_until_ns <= now_ns)
			finish(death, process);
	}
	arm(death);
}

void cs_death_deinit(struct cs_death *death)
{
	struct cs_process *process;

	while ((process = LIST_FIRST(&death->held)))
		finish(death, process);
	event_del(&death->timer);
}

/* May somebody tell more later: the status (the kernel, once it is reaped), or what was used? */
static bool worth_holding(struct cs_process *process, bool parent_watched)
{
	struct cs_pidfd_info info;

	return parent_watched ||
	       (!process->status_known && cs_pidfd_get_info(process->pidfd, &info) == 0);
}

void cs_death_exited(void *context, struct cs_process *process)
{
	struct cs_death *death = context;
	uint64_t now_ns = process->exited_ns;
	struct cs_member *member;
	bool parent_watched;

	LIST_FOREACH(member, &process->members, of_process)
	{
		cs_instance_writer_died(member);
		drain_all(member->instance, now_ns);
		death->events.exited(death->events.context, member->instance, process);
	}
	parent_watched = drain_parent(death, process, now_ns);
	/* Never at once: an image of it that came after this one may be announced already. */
	if (process->reaped || process->waited)
		hold(death, process,
		     parent_watched && !process->waited ? now_ns + CS_DEATH_LINGER_NS : now_ns);
	else
		hold(death, process,
		     worth_holding(process, parent_watched) ? now_ns + CS_DEATH_HOLD_NS : now_ns);
}

void cs_death_reaped(void *context, struct cs_process *process)
{
	struct cs_death *death = context;
	uint64_t now_ns = cs_clock_monotonic_ns();

	if (drain_parent(death, process, now_ns) && !process->waited)
		hold(death, process, now_ns + CS_DEATH_LINGER_NS);
	else
		hold(death, process, now_ns);
}

void cs_death_waited(struct cs_death *death, int32_t ppid, int32_t pid, int wait_status)
{
	struct cs_process *process = cs_process_find_reaped(&death->world->processes, pid);

	if (!process || process->waited || process->ppid != ppid)
		return;
	process->waited = true;
	process->status_known = true;
	process->wait_status = wait_status;
	/* Before the pidfd told us: the loop is about to. */
	if (process->held)
		hold(death, process, 0);
}

void cs_death_lost(struct cs_death *death, struct cs_instance *instance, enum cs_end end,
		   uint64_t now_ns)
{
	const struct cs_ended ended = { .end = end, .time_ns = now_ns };
	struct cs_member *member;

	drain_all(instance, now_ns);
	while ((member = LIST_FIRST(&instance->members)))
		cs_instance_end_member(member, &ended);
	death->events.over(death->events.context, instance);
}

void cs_death_replaced(struct cs_death *death, struct cs_process *process,
		       const struct cs_instance *fresh, uint64_t now_ns)
{
	const struct cs_ended ended = { .end = CS_END_EXEC, .time_ns = now_ns };
	struct cs_member *member, *next;

	for (member = LIST_FIRST(&process->members); member; member = next) {
		next = LIST_NEXT(member, of_process);
		if (member->instance == fresh)
			continue;
		drain_all(member->instance, now_ns);
		if (member->exec_ns) {
			/* What other threads were about to write ended with the exec. */
			member->replaced = true;
			cs_instance_writer_died(member);
			drain_all(member->instance, now_ns);
			end_member(death, member, &ended);
		}
	}
}
