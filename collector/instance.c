/* SPDX-License-Identifier: Apache-2.0 */

/* Reading one segment; see instance.h, and preload/wire/README.md, "Holes". */
#include "collector/instance.h"

#include <errno.h>
#include <string.h>

#include "collector/procfs.h"
#include "collector/tags.h"

#define HOLE_PATIENCE_NS 1000000000ull
#define HOLE_LOOKS_NS    100000000ull /* between looks at one hole: each costs up to a pass */
#define COUNT_MAX        UINT32_MAX   /* believed of a counter in a header */

/* The kernel forgets whose child it was once it is gone. Its own word counts among one user's. */
static int32_t believed_ppid(struct cs_instance_world *world, int32_t ppid, uint32_t uid)
{
	const struct cs_process *parent = cs_process_find(&world->processes, ppid);
	const struct cs_member *member;

	if (!parent)
		parent = cs_process_find_reaped(&world->processes, ppid);
	member = parent ? LIST_FIRST(&parent->members) : NULL;
	return member && member->instance->peer.uid == uid ? ppid : 0;
}

struct cs_instance *cs_instance_new(struct cs_instance_world *world, struct cs_segment_file *file,
				    struct cs_peer *peer, uint64_t now_ns)
{
	struct cs_instance *instance = calloc(1, sizeof(*instance));
	struct cs_process *process = NULL;
	struct cs_member *member;
	struct cs_reader_io io;
	int32_t pid = file->header->pid;

	if (!instance)
		return NULL;
	*instance = (struct cs_instance){ .world = world,
					  .file = *file,
					  .peer = *peer,
					  .same_ns = peer->pid > 0 && pid == peer->pid,
					  .announced_ns = now_ns,
					  .last_read_ns = now_ns,
					  .quiet_since_ns = now_ns };
	instance->peer.pidfd = -EBADF;
	io = cs_segment_file_io(&instance->file);
	cs_reader_init(&instance->reader, file->header, file->slots, &io);
	if (peer->pidfd >= 0 || peer->pid > 0) {
		process = cs_process_get(&world->processes, peer->pid, peer->pidfd);
		peer->pidfd = -EBADF;
	}
	if (process && !process->ppid && instance->same_ns)
		process->ppid = believed_ppid(world, file->header->ppid, peer->uid);
	member = cs_tags_add_own(instance, (uint32_t)pid, process);
	if (!member) {
		if (process)
			cs_process_put(process);
		free(instance);
		return NULL;
	}
	/* Its parent's records about it are read later, when it may be gone. */
	if (process && !instance->same_ns) {
		struct cs_process *parent = cs_process_find(&world->processes, process->ppid);

		if (parent)
			cs_tags_remember(parent, pid, process->pid);
	}
	*file = (struct cs_segment_file){ .fd = -EBADF };
	return instance;
}

/* What the life of processes needs of a record; its meaning is the listener's. */
static void note_record(struct cs_instance *instance, const struct cs_entry *entry)
{
	struct cs_member *member = cs_tags_get(instance, entry->pid, entry->record.time_ns);
	struct cs_rec_exec exec;

	if (!member)
		return;
	if (entry->record.type != CS_RECORD_EXEC) {
		/* It still writes here: its exec failed. */
		member->exec_ns = 0;
		return;
	}
	if (entry->record.payload_len < sizeof(exec))
		return;
	memcpy(&exec, entry->bytes + sizeof(entry->record), sizeof(exec));
	/* A vfork child writes under its parent's tag. */
	if ((uint32_t)exec.pid == entry->pid)
		member->exec_ns = entry->record.time_ns;
}

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
 * Return: true if the reader may go on.
 */
static bool step_over(struct cs_instance *instance, uint64_t now_ns)
{
	struct cs_hole hole;
	bool dead;
	int r;

	if (instance->hole_looked_ns && instance->hole_position == instance->reader.position &&
	    now_ns - instance->hole_looked_ns < HOLE_LOOKS_NS)
		return false;
	r = cs_reader_hole(&instance->reader, &hole);
	if (r < 0) {
		instance->broken |= r != -ENOENT;
		return r == -ENOENT;
	}
	dead = writer_dead(instance, &hole);
	instance->hole_looked_ns = now_ns;
	if (!dead) {
		if (!instance->hole_since_ns || instance->hole_position != hole.position) {
			instance->hole_since_ns = now_ns;
			instance->hole_position = hole.position;
			instance->hole_cpu_ns = writers_cpu_ns(instance);
			return false;
		}
		if (now_ns - instance->hole_since_ns < HOLE_PATIENCE_NS || !hole.commits_behind ||
		    writers_cpu_ns(instance) <= instance->hole_cpu_ns)
			return false;
	}
	r = cs_reader_give_up(&instance->reader, dead);
	if (r == -ENOSPC) /* the quarantine is full: wait for a death */
		return false;
	instance->hole_since_ns = 0;
	instance->hole_looked_ns = 0;
	instance->broken |= r < 0;
	return r == 0;
}

/* Fork children that were gone before their records were read: nothing will tell of them later. */
static void end_dead_tags(struct cs_instance *instance, uint64_t now_ns)
{
	const struct cs_ended ended = { .end = CS_END_UNKNOWN, .time_ns = now_ns };
	struct cs_member *member = LIST_FIRST(&instance->members), *next;

	for (; member; member = next) {
		next = LIST_NEXT(member, of_instance);
		if (!member->dead_on_arrival || member->own)
			continue;
		cs_reader_lift(&instance->reader, member->tag);
		cs_instance_end_member(member, &ended);
	}
}

unsigned cs_instance_drain(struct cs_instance *instance, uint64_t now_ns)
{
	/* 4 KiB, and the loop is one thread: not on the stack */
	static struct cs_entry entry;
	struct cs_instance_world *world = instance->world;
	struct cs_reader_stats before = instance->reader.stats;
	bool was_broken = instance->broken;
	unsigned n = 0;
	int r;

	for (; n < CS_INSTANCE_READS_MAX && !instance->broken; n++) {
		r = cs_reader_next(&instance->reader, &entry);
		if (r == CS_READ_RECORD) {
			note_record(instance, &entry);
			if (cs_tags_translate(instance, &entry))
				world->events.record(world->events.context, instance, &entry);
			else
				world->self->pids_unseen++;
		} else if (r == CS_READ_HOLE) {
			if (!step_over(instance, now_ns))
				break;
		} else {
			instance->broken |= r < 0;
			break;
		}
	}
	if (n)
		instance->last_read_ns = now_ns;
	if (!instance->broken)
		cs_reader_release(&instance->reader);
	else
		world->self->broken += !was_broken;
	world->self->records += instance->reader.stats.records - before.records;
	world->self->torn += instance->reader.stats.torn - before.torn;
	world->self->corrupt += instance->reader.stats.corrupt - before.corrupt;
	if (instance->dead_tags) {
		instance->dead_tags = false;
		end_dead_tags(instance, now_ns);
	}
	return n;
}

void cs_instance_writer_died(struct cs_member *member)
{
	cs_reader_lift(&member->instance->reader, member->tag);
	member->instance->hole_looked_ns = 0;
}

void cs_instance_end_member(struct cs_member *member, const struct cs_ended *ended)
{
	struct cs_instance_world *world = member->instance->world;

	if (ended->end == CS_END_STATUS)
		world->self->ends_known++;
	else if (ended->end == CS_END_UNKNOWN)
		world->self->ends_unknown++;
	world->events.ended(world->events.context, member->instance, member, ended);
	cs_tags_remove(member);
}

bool cs_instance_over(const struct cs_instance *instance)
{
	return LIST_EMPTY(&instance->members);
}

struct cs_instance *cs_instance_free(struct cs_instance *instance)
{
	if (!instance)
		return NULL;
	for (unsigned i = 0; i < CS_DROP_KINDS_MAX; i++) {
		uint64_t n = atomic_load_explicit(&instance->file.header->dropped[i],
						  memory_order_relaxed);

		instance->world->self->dropped += n < COUNT_MAX ? n : COUNT_MAX;
	}
	cs_segment_file_close(&instance->file);
	free(instance->pids);
	free(instance);
	return NULL;
}
