/* SPDX-License-Identifier: Apache-2.0 */

/* Jobs for the reading thread; see proc_reading.h. */
#include "collector/processes/proc_reading.h"

#include "collector/processes/reading.h"

struct origin_job {
	int32_t pid;
	struct cs_proc_origin origin;
};

static int read_origin(void *context)
{
	struct origin_job *job = context;
	struct cs_proc_status status;
	struct cs_proc_stat stat;
	int r = cs_proc_get_status(job->pid, &status);

	if (r == 0)
		r = cs_proc_get_stat(job->pid, &stat);
	if (r == 0)
		job->origin = (struct cs_proc_origin){ .uid = status.uid,
						       .ppid = stat.ppid,
						       .start_ns = stat.start_ns };
	return r;
}

int cs_proc_read_origin(int32_t pid, uint32_t uid, struct cs_proc_origin *ret)
{
	struct origin_job job = { .pid = pid };
	int r = cs_reading_run(pid, uid, read_origin, &job, sizeof(job));

	if (r == 0)
		*ret = job.origin;
	return r;
}

struct exit_job {
	int32_t pid;
	int status;
};

static int read_exit(void *context)
{
	struct exit_job *job = context;

	return cs_proc_get_exit(job->pid, &job->status);
}

int cs_proc_read_exit(int32_t pid, uint32_t uid, int *ret_status)
{
	struct exit_job job = { .pid = pid };
	int r = cs_reading_run(pid, uid, read_exit, &job, sizeof(job));

	if (r == 0)
		*ret_status = job.status;
	return r;
}

static int read_dying(void *context)
{
	const int32_t *pid = context;

	return cs_proc_get_dying(*pid);
}

int cs_proc_read_dying(int32_t pid, uint32_t uid)
{
	return cs_reading_run(pid, uid, read_dying, &pid, sizeof(pid));
}

struct child_job {
	int32_t parent;
	int32_t ns_pid;
};

static int read_child(void *context)
{
	const struct child_job *job = context;

	return cs_proc_find_child(job->parent, job->ns_pid);
}

int32_t cs_proc_read_child(int32_t parent, uint32_t uid, int32_t ns_pid)
{
	struct child_job job = { .parent = parent, .ns_pid = ns_pid };

	return cs_reading_run(parent, uid, read_child, &job, sizeof(job));
}
