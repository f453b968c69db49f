/* SPDX-License-Identifier: Apache-2.0 */

/* Writers and their pids; see tags.h and README.md. */
#include "collector/instances/tags.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "collector/processes/pidfd.h"
#include "collector/processes/proc_reading.h"
#include "collector/processes/reading.h"

static struct cs_member *find(struct cs_instance *instance, uint32_t tag)
{
	struct cs_member *member;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (member->tag != tag)
			continue;
		/* To the front: the next record is of the same writer, as a rule. */
		if (member != LIST_FIRST(&instance->members)) {
			LIST_REMOVE(member, of_instance);
			LIST_INSERT_HEAD(&instance->members, member, of_instance);
		}
		return member;
	}
	return NULL;
}

static struct cs_member *add(struct cs_instance *instance, uint32_t tag, struct cs_process *process)
{
	struct cs_member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	*member = (struct cs_member){
		.process = process, .instance = instance, .tag = tag, .pid = tag | CS_TAG_UNSEEN
	};
	if (process && process->pid > 0)
		member->pid = (uint32_t)process->pid;
	else if (instance->same_ns)
		member->pid = tag;
	LIST_INSERT_HEAD(&instance->members, member, of_instance);
	if (process)
		LIST_INSERT_HEAD(&process->members, member, of_process);
	instance->members_count++;
	return member;
}

struct cs_member *cs_tags_add_own(struct cs_instance *instance, uint32_t tag,
				  struct cs_process *process)
{
	struct cs_member *member = add(instance, tag, process);

	if (!member)
		return NULL;
	member->own = true;
	if (instance->peer.pid > 0)
		member->pid = (uint32_t)instance->peer.pid;
	return member;
}

void cs_tags_remove(struct cs_member *member)
{
	struct cs_process *process = member->process;

	LIST_REMOVE(member, of_instance);
	member->instance->members_count--;
	if (process) {
		LIST_REMOVE(member, of_process);
		cs_process_put(process);
	}
	free(member->meter);
	free(member);
}

static void remember(struct cs_instance *instance, int32_t inner, int32_t outer)
{
	struct cs_pid_map *map = instance->pids;

	if (!map)
		map = instance->pids = calloc(1, sizeof(*map));
	if (!map)
		return;
	map->entries[map->next].inner = inner;
	map->entries[map->next].outer = outer;
	map->next = (map->next + 1) % CS_TAGS_MAP_MAX;
}

static int32_t find_in_map(const struct cs_pid_map *map, int32_t inner)
{
	for (unsigned i = 1; map && i <= CS_TAGS_MAP_MAX; i++) {
		unsigned at = (map->next - i) % CS_TAGS_MAP_MAX;

		if (map->entries[at].inner == inner)
			return map->entries[at].outer;
	}
	return 0;
}

/*
 * The child of one of the writers that calls itself @inner.
 * Return: 0: none has that pid; cs_reading_is_missing(): nobody can say.
 */
static int32_t find_in_proc(struct cs_instance *instance, int32_t inner)
{
	const struct cs_member *member;
	int32_t missing = 0;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		int32_t found;

		if (!member->process || member->process->pid <= 0)
			continue;
		found = cs_proc_read_child(member->process->pid, instance->peer.uid, inner);
		if (found > 0)
			return found;
		if (cs_reading_is_missing(found))
			missing = found;
	}
	return missing;
}

/* As we see the pid @inner of the segment's namespace; 0, or as find_in_proc(), if it cannot be known. */
static int32_t outer_pid(struct cs_instance *instance, int32_t inner)
{
	const struct cs_member *member;
	int32_t found;

	if (inner <= 0)
		return 0;
	if (instance->same_ns)
		return inner;
	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (member->tag == (uint32_t)inner && !(member->pid & CS_TAG_UNSEEN))
			return (int32_t)member->pid;
	}
	found = find_in_map(instance->pids, inner);
	if (!found) {
		found = find_in_proc(instance, inner);
		if (found > 0)
			remember(instance, inner, found);
	}
	return found;
}

void cs_tags_remember(struct cs_process *parent, int32_t inner, int32_t outer)
{
	const struct cs_member *member;

	LIST_FOREACH(member, &parent->members, of_process)
	{
		if (!member->instance->same_ns)
			remember(member->instance, inner, outer);
	}
}

/* By the word of kernels that answer at once, of a process that /proc says nothing of. */
static bool is_child_of_writer(const struct cs_instance *instance, int pidfd, uint32_t *ret_uid)
{
	const struct cs_member *member;
	struct cs_pidfd_info info;

	if (cs_pidfd_get_info(pidfd, &info) < 0 || info.ppid <= 0 ||
	    (instance->peer.uid != 0 && info.uid != instance->peer.uid))
		return false;
	*ret_uid = info.uid;
	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (member->process && member->process->pid == info.ppid)
			return true;
	}
	return false;
}

/*
 * Can @pid be the writer? Fork children are younger than the attach of their ring, and older than
 * what they wrote; and nobody may point at a process of another user.
 * Return: 0; -ESTALE no; cs_reading_is_missing(): nobody can say.
 */
static int is_writer(const struct cs_instance *instance, int32_t pid, int pidfd, uint64_t seen_ns,
		     uint32_t *ret_uid)
{
	const struct cs_header *header = instance->file.header;
	/* both clocks of ours: BOOTTIME alone goes on while the machine is suspended */
	uint64_t ago_ns = cs_clock_monotonic_ns() -
			  cs_clock_shift_apply(instance->file.shift.monotonic_ns, seen_ns);
	uint64_t attach_ns =
		cs_clock_shift_apply(instance->file.shift.boottime_ns, header->attach_boottime_ns);
	uint64_t last_ns = cs_clock_ns(CLOCK_BOOTTIME) - ago_ns;
	struct cs_proc_origin origin;
	int r = cs_proc_read_origin(pid, instance->peer.uid, &origin);

	if (cs_reading_is_missing(r))
		return is_child_of_writer(instance, pidfd, ret_uid) ? 0 : r;
	if (r < 0 || (instance->peer.uid != 0 && origin.uid != instance->peer.uid))
		return -ESTALE;
	*ret_uid = origin.uid;
	if (origin.start_ns + CS_PROC_TICK_NS < attach_ns ||
	    (seen_ns && origin.start_ns > last_ns + CS_PROC_TICK_NS))
		return -ESTALE;
	return 0;
}

/* @pid: negative: why it is not known. Return: a pidfd; else @pid, or of is_writer(); others: it has none, or is gone. */
static int open_writer(const struct cs_instance *instance, int32_t pid, uint64_t seen_ns,
		       uint32_t *ret_uid)
{
	cs_cleanup(cs_closep) int pidfd = pid > 0 ? cs_pidfd_open(pid) : pid < 0 ? pid : -ESRCH;
	int r = pidfd < 0 ? pidfd : is_writer(instance, pid, pidfd, seen_ns, ret_uid);

	return r < 0 ? r : cs_take_fd(&pidfd);
}

static struct cs_process *follow(struct cs_instance *instance, uint32_t tag, uint64_t seen_ns,
				 bool *ret_dead)
{
	int32_t pid = outer_pid(instance, (int32_t)tag);
	uint32_t uid = 0;
	int pidfd = open_writer(instance, pid, seen_ns, &uid);

	if (pidfd == -ESTALE) {
		/* A child that was put into another pid namespace has the pid of a stranger. */
		pid = find_in_proc(instance, (int32_t)tag);
		pidfd = open_writer(instance, pid, seen_ns, &uid);
	}
	/* It is nobody's child any more; unless we see none of them at all, or were kept from looking. */
	*ret_dead = (pidfd == -ESRCH || pidfd == -ESTALE) && instance->peer.pid > 0;
	return pidfd < 0 ? NULL : cs_process_get(&instance->world->processes, pid, uid, pidfd);
}

struct cs_member *cs_tags_get(struct cs_instance *instance, uint32_t tag, uint64_t seen_ns)
{
	struct cs_member *member = find(instance, tag);
	struct cs_process *process;
	bool dead;

	if (member)
		return member;
	if (instance->members_count >= CS_INSTANCE_TAGS_MAX) {
		instance->world->self->tags_refused++;
		return NULL;
	}
	process = follow(instance, tag, seen_ns, &dead);
	member = add(instance, tag, process);
	if (member) {
		member->dead_on_arrival = dead;
		instance->dead_tags |= dead;
	} else if (process) {
		cs_process_put(process);
	}
	return member;
}

/* Translate the pid at the start of a payload of at least @min bytes. */
static bool translate_first(struct cs_instance *instance, struct cs_entry *entry, uint32_t tag,
			    size_t min)
{
	int32_t pid;

	if (entry->record.payload_len < min)
		return true; /* malformed: the listener's business */
	memcpy(&pid, &entry->record + 1, sizeof(pid));
	if (pid <= 0)
		return true; /* a failed spawn */
	pid = (uint32_t)pid == tag ? (int32_t)entry->pid : outer_pid(instance, pid);
	memcpy(&entry->record + 1, &pid, sizeof(pid));
	return pid > 0;
}

_Static_assert(offsetof(struct cs_rec_exec, pid) == 0, "translate_first()");
_Static_assert(offsetof(struct cs_rec_spawn, child_pid) == 0, "translate_first()");
_Static_assert(offsetof(struct cs_rec_wait, pid) == 0, "translate_first()");

bool cs_tags_translate(struct cs_instance *instance, struct cs_entry *entry)
{
	const struct cs_member *member = find(instance, entry->pid);
	uint32_t tag = entry->pid;

	if (member)
		entry->pid = member->pid;
	else if (!instance->same_ns)
		entry->pid = tag | CS_TAG_UNSEEN;
	switch (entry->record.type) {
	case CS_RECORD_PROCESS:
		return !(entry->pid & CS_TAG_UNSEEN);
	case CS_RECORD_SPAWN:
		return translate_first(instance, entry, tag, sizeof(struct cs_rec_spawn));
	case CS_RECORD_EXEC:
		return translate_first(instance, entry, tag, sizeof(struct cs_rec_exec));
	case CS_RECORD_WAIT:
		return translate_first(instance, entry, tag, sizeof(struct cs_rec_wait));
	default:
		return true;
	}
}
