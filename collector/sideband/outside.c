/* SPDX-License-Identifier: Apache-2.0 */

/* Processes by the kernel's word; see outside.h. */
#include "collector/sideband/outside.h"

#include <string.h>

#include "base/utf8.h"

#define BUCKETS 1024u

struct cs_outside {
	int32_t self;
	int32_t left_out; /* until its end; 0: nobody is */
	unsigned count;
	struct cs_outside_stats stats;
	struct cs_outside_list all;
	LIST_HEAD(, cs_outside_process) buckets[BUCKETS]; /* by pid, newest first */
};

struct cs_outside *cs_outside_new(int32_t self)
{
	struct cs_outside *outside = calloc(1, sizeof(*outside));

	if (!outside)
		return NULL;
	outside->self = self;
	TAILQ_INIT(&outside->all);
	return outside;
}

static void forget(struct cs_outside *outside, struct cs_outside_process *process)
{
	LIST_REMOVE(process, of_bucket);
	TAILQ_REMOVE(&outside->all, process, of_table);
	outside->count--;
	free(process);
}

struct cs_outside *cs_outside_free(struct cs_outside *outside)
{
	if (!outside)
		return NULL;
	while (!TAILQ_EMPTY(&outside->all))
		forget(outside, TAILQ_FIRST(&outside->all));
	free(outside);
	return NULL;
}

static struct cs_outside_process *newest(const struct cs_outside *outside, int32_t pid)
{
	struct cs_outside_process *process;

	LIST_FOREACH(process, &outside->buckets[(uint32_t)pid % BUCKETS], of_bucket)
	{
		if (process->pid == pid)
			return process;
	}
	return NULL;
}

/* The oldest that ended makes room; where all live, the oldest does. */
static void make_room(struct cs_outside *outside)
{
	struct cs_outside_process *process;

	if (outside->count < CS_OUTSIDE_MAX)
		return;
	TAILQ_FOREACH(process, &outside->all, of_table) {
		if (process->exit_ns || process->left)
			break;
	}
	forget(outside, process ? process : TAILQ_FIRST(&outside->all));
	outside->stats.forgotten++;
}

static struct cs_outside_process *add(struct cs_outside *outside, int32_t pid)
{
	struct cs_outside_process *process;

	make_room(outside);
	process = calloc(1, sizeof(*process));
	if (!process) {
		outside->stats.forgotten++;
		return NULL;
	}
	process->pid = pid;
	process->threads = 1;
	LIST_INSERT_HEAD(&outside->buckets[(uint32_t)pid % BUCKETS], process, of_bucket);
	TAILQ_INSERT_TAIL(&outside->all, process, of_table);
	outside->count++;
	return process;
}

/* Whoever lives and has the pid; of one whose fork was lost, what comes after it. */
static struct cs_outside_process *living(struct cs_outside *outside, int32_t pid)
{
	struct cs_outside_process *process = newest(outside, pid);

	if (process && !process->exit_ns)
		return process;
	process = add(outside, pid);
	if (process)
		process->gaps = true;
	return process;
}

/* Until it executes something it is what its parent was. */
static void inherit(struct cs_outside_process *process, const struct cs_outside_process *parent)
{
	process->watched = parent->watched;
	process->mapping = parent->mapping;
	memcpy(process->name, parent->name, sizeof(process->name));
	memcpy(process->file, parent->file, sizeof(process->file));
}

static void note_fork(struct cs_outside *outside, const struct cs_perf_record *record)
{
	struct cs_outside_process *process, *parent;

	if (record->tid != record->pid) {
		process = living(outside, record->pid);
		if (process)
			process->threads++;
		return;
	}
	process = add(outside, record->pid);
	if (!process)
		return;
	process->ppid = record->ppid == outside->left_out ? outside->self : record->ppid;
	process->fork_ns = record->time_ns;
	parent = newest(outside, record->ppid); /* add() may have put it out */
	if (parent && parent != process)
		inherit(process, parent);
}

static void note_exec(struct cs_outside_process *process, const struct cs_perf_record *record)
{
	uint32_t n = process->execs_count++;

	process->execs_ns[n % CS_OUTSIDE_EXECS] = record->time_ns;
	cs_utf8_repair(process->name, sizeof(process->name), record->name, strlen(record->name),
		       NULL);
	if (n < CS_OUTSIDE_NAMES)
		memcpy(process->names[n], process->name, sizeof(process->name));
	process->file[0] = '\0';
	process->mapped = 0;
	process->mapped_first_ns = process->mapped_last_ns = 0;
	process->watched = process->mapping = process->left = false;
}

/* The kernel maps the program first, then its loader, then that does the rest. */
static void note_map(struct cs_outside_process *process, const struct cs_perf_record *record)
{
	if (!process->mapping) {
		process->mapping = true;
		memcpy(process->file, record->name, sizeof(process->file));
		return;
	}
	if (strcmp(process->file, record->name) == 0)
		return;
	if (!process->mapped++)
		process->mapped_first_ns = record->time_ns;
	process->mapped_last_ns = record->time_ns;
}

/*
 * At the exec of a program that its user may not look at the kernel takes the event away, and tells of
 * that as of an exit. No program ends before it was mapped.
 */
static void note_exit(struct cs_outside_process *process, const struct cs_perf_record *record)
{
	if (process->execs_count && !process->mapping) {
		process->left = true;
		return;
	}
	if (process->threads)
		process->threads--;
	if (!process->threads)
		process->exit_ns = record->time_ns;
}

void cs_outside_leave_out(struct cs_outside *outside, int32_t pid)
{
	struct cs_outside_process *process = newest(outside, pid);

	if (process)
		forget(outside, process);
	outside->left_out = pid;
}

void cs_outside_record(struct cs_outside *outside, const struct cs_perf_record *record)
{
	struct cs_outside_process *process;

	if (record->pid <= 0 || record->pid == outside->self)
		return;
	if (record->pid == outside->left_out) {
		if (record->kind == CS_PERF_EXIT)
			outside->left_out = 0;
		return;
	}
	if (record->kind == CS_PERF_FORK) {
		note_fork(outside, record);
		return;
	}
	if (record->kind == CS_PERF_OTHER || record->kind == CS_PERF_LOST)
		return;
	process = living(outside, record->pid);
	if (!process)
		return;
	if (record->kind == CS_PERF_EXEC)
		note_exec(process, record);
	else if (record->kind == CS_PERF_MAP)
		note_map(process, record);
	else
		note_exit(process, record);
}

void cs_outside_lost(struct cs_outside *outside, uint64_t lost, uint64_t since_ns,
		     uint64_t until_ns)
{
	struct cs_outside_process *process;

	outside->stats.lost += lost;
	TAILQ_FOREACH(process, &outside->all, of_table) {
		if (process->fork_ns <= until_ns &&
		    (!process->exit_ns || process->exit_ns >= since_ns))
			process->gaps = true;
	}
}

void cs_outside_malformed(struct cs_outside *outside)
{
	outside->stats.malformed++;
	cs_outside_lost(outside, 0, 0, UINT64_MAX);
}

void cs_outside_attached(struct cs_outside *outside, int32_t pid)
{
	struct cs_outside_process *process = newest(outside, pid);

	if (process)
		process->watched = true;
}

const struct cs_outside_process *cs_outside_find(const struct cs_outside *outside, int32_t pid,
						 uint64_t time_ns)
{
	const struct cs_outside_process *process;

	LIST_FOREACH(process, &outside->buckets[(uint32_t)pid % BUCKETS], of_bucket)
	{
		if (process->pid == pid && process->fork_ns <= time_ns)
			return !process->exit_ns || process->exit_ns >= time_ns ? process : NULL;
	}
	return NULL;
}

const struct cs_outside_list *cs_outside_list(const struct cs_outside *outside)
{
	return &outside->all;
}

const struct cs_outside_stats *cs_outside_get_stats(const struct cs_outside *outside)
{
	return &outside->stats;
}

uint64_t cs_outside_exec_before(const struct cs_outside_process *process, uint64_t time_ns,
				uint64_t *ret_before_ns)
{
	uint64_t last_ns = 0, before_ns = 0;

	for (unsigned i = 0; i < CS_OUTSIDE_EXECS; i++) {
		uint64_t exec_ns = process->execs_ns[i];

		if (exec_ns > time_ns)
			continue;
		if (exec_ns > last_ns) {
			before_ns = last_ns;
			last_ns = exec_ns;
		} else if (exec_ns > before_ns) {
			before_ns = exec_ns;
		}
	}
	*ret_before_ns = before_ns;
	return last_ns;
}
