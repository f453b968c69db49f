/* SPDX-License-Identifier: Apache-2.0 */

/* The table of processes; see process.h. */
#include "collector/processes/process.h"

#include <errno.h>

#include "base/clock.h"
#include "collector/processes/pidfd.h"
#include "collector/processes/proc_reading.h"

void cs_process_table_init(struct cs_process_table *table, struct event_base *base, uint64_t *count,
			   cs_process_fn exited, cs_process_fn reaped, void *context)
{
	*table = (struct cs_process_table){
		.base = base, .count = count, .exited = exited, .reaped = reaped, .context = context
	};
}

static unsigned bucket_of(int32_t pid)
{
	return (unsigned)pid % CS_PROCESS_BUCKETS;
}

/* While it is not reaped nobody else can have its pid. */
static struct cs_process *find(struct cs_process_table *table, int32_t pid, bool reaped)
{
	struct cs_process *process;

	if (pid <= 0)
		return NULL;
	LIST_FOREACH(process, &table->buckets[bucket_of(pid)], link)
	{
		if (process->pid == pid &&
		    (process->reaped || cs_pidfd_reaped(process->pidfd)) == reaped)
			return process;
	}
	return NULL;
}

struct cs_process *cs_process_find(struct cs_process_table *table, int32_t pid)
{
	return find(table, pid, false);
}

struct cs_process *cs_process_find_reaped(struct cs_process_table *table, int32_t pid)
{
	return find(table, pid, true);
}

/*
 * The pidfd became readable: the process ended, or it was reaped. Edge-triggered: the second comes
 * as an event of its own on kernels that tell (Linux ≥ 6.9), and costs nothing on those that do not.
 */
static void on_pidfd(evutil_socket_t fd, short what, void *context)
{
	cs_process_check(context);
}

/*
 * The kernel's word on how it ended: through the pidfd once it is reaped, and before that in /proc. A
 * zombie's 0 is believed of kernels alone that also have PIDFD_GET_INFO: older ones say it of a process
 * whose main thread ended before the others, whatever exit() they called.
 */
static void ask_status(struct cs_process *process)
{
	struct cs_pidfd_info info;
	bool answers = cs_pidfd_get_info(process->pidfd, &info) == 0;
	int status;

	if (answers && info.exited) {
		process->status_known = true;
		process->wait_status = info.wait_status;
	} else if (process->pid > 0 &&
		   cs_proc_read_exit(process->pid, process->uid, &status) == 0 &&
		   (answers || status) && !cs_pidfd_reaped(process->pidfd)) {
		process->status_known = true;
		process->wait_status = status;
	}
}

void cs_process_check(struct cs_process *process)
{
	struct cs_process_table *table = process->table;
	bool was_exited = process->exited, was_reaped = process->reaped;

	if (!process->exited && process->pidfd >= 0 && !cs_pidfd_exited(process->pidfd))
		return;
	if (!process->exited) {
		process->exited = true;
		process->exited_ns = cs_clock_monotonic_ns();
	}
	if (!process->status_known && process->pidfd >= 0)
		ask_status(process);
	process->reaped |= cs_pidfd_reaped(process->pidfd);
	/* A process that is reaped at once may be freed by the first call. */
	if (!was_exited)
		table->exited(table->context, process);
	else if (process->reaped && !was_reaped)
		table->reaped(table->context, process);
}

static int32_t ppid_of(int32_t pid, uint32_t uid, int pidfd)
{
	struct cs_proc_origin origin;
	struct cs_pidfd_info info;

	if (cs_pidfd_get_info(pidfd, &info) == 0)
		return info.ppid;
	if (pid > 0 && cs_proc_read_origin(pid, uid, &origin) == 0 && !cs_pidfd_reaped(pidfd))
		return origin.ppid;
	return 0;
}

/* One that is gone, met before: it may have announced another image before its death. */
static struct cs_process *find_gone(struct cs_process_table *table, int32_t pid, uint32_t uid,
				    int pidfd)
{
	struct cs_process *process;

	if (pid <= 0)
		return NULL;
	LIST_FOREACH(process, &table->buckets[bucket_of(pid)], link)
	{
		if (process->pid != pid || !(process->reaped || cs_pidfd_reaped(process->pidfd)))
			continue;
		if (pidfd >= 0 && process->pidfd >= 0 ? cs_pidfd_same(pidfd, process->pidfd)
						      : process->uid == uid)
			return process;
	}
	return NULL;
}

struct cs_process *cs_process_get(struct cs_process_table *table, int32_t pid, uint32_t uid,
				  int pidfd)
{
	cs_cleanup(cs_closep) int owned = pidfd;
	bool gone = owned < 0 || cs_pidfd_reaped(owned);
	struct cs_process *process = gone ? NULL : cs_process_find(table, pid);

	if (!process && (gone || cs_pidfd_reaped(owned)))
		process = find_gone(table, pid, uid, owned);
	if (process) {
		process->uid = uid;
		return process;
	}
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	*process = (struct cs_process){ .table = table,
					.pid = pid,
					.uid = uid,
					.pidfd = owned,
					.met_gone = owned < 0 || cs_pidfd_exited(owned) };
	event_assign(&process->event, table->base, owned,
		     owned < 0 ? 0 : EV_READ | EV_ET | EV_PERSIST, on_pidfd, process);
	if (owned < 0) {
		process->reaped = true;
		event_active(&process->event, EV_READ, 0);
	} else if (event_add(&process->event, NULL) < 0) {
		free(process);
		return NULL;
	} else {
		process->ppid = ppid_of(pid, uid, owned);
	}
	owned = -EBADF;
	LIST_INSERT_HEAD(&table->buckets[bucket_of(pid)], process, link);
	++*table->count;
	return process;
}

static void await_end(const struct cs_process *process, uint64_t until_ns)
{
	uint64_t now_ns = cs_clock_monotonic_ns();

	if (!process->exited && process->pidfd >= 0 && process->pid > 0 && now_ns < until_ns &&
	    !cs_pidfd_exited(process->pidfd) && cs_proc_read_dying(process->pid, process->uid) > 0)
		(void)cs_pidfd_wait(process->pidfd, (int)((until_ns - now_ns) / 1000000u));
}

void cs_process_check_all(struct cs_process_table *table, uint64_t until_ns)
{
	for (unsigned i = 0; i < CS_PROCESS_BUCKETS; i++) {
		struct cs_process *process = LIST_FIRST(&table->buckets[i]), *next;

		for (; process; process = next) {
			next = LIST_NEXT(process, link);
			await_end(process, until_ns);
			cs_process_check(process);
		}
	}
}

void cs_process_put(struct cs_process *process)
{
	if (!LIST_EMPTY(&process->members) || process->held)
		return;
	event_del(&process->event);
	cs_closep(&process->pidfd);
	LIST_REMOVE(process, link);
	--*process->table->count;
	free(process);
}
