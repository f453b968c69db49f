/* SPDX-License-Identifier: Apache-2.0 */

/* What a process has used; see usage.h. */
#include "collector/processes/usage.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/processes/pidfd.h"
#include "collector/processes/process.h"
#include "collector/processes/procfs.h"
#include "collector/processes/reading.h"

struct job {
	int32_t pid;
	bool with_io;
	struct cs_usage usage;
};

static int read_usage(void *context)
{
	struct job *job = context;
	struct cs_usage usage = { .time_ns = cs_clock_monotonic_ns() };
	struct cs_proc_switches switches;
	struct cs_proc_status status = { 0 };
	struct cs_proc_stat stat = { 0 };
	int r = cs_proc_get_cpu_ns(job->pid, &usage.cpu_ns);

	if (r == 0)
		r = cs_proc_get_stat(job->pid, &stat);
	if (r == 0)
		r = cs_proc_get_status(job->pid, &status);
	if (r < 0)
		return r;
	if (cs_proc_get_switches(job->pid, CS_USAGE_THREADS_MAX, &switches) == 0) {
		usage.switches_voluntary = switches.voluntary;
		usage.switches_involuntary = switches.involuntary;
		usage.threads = switches.threads;
	}
	if (job->with_io && cs_proc_get_io(job->pid, &usage.read_bytes) < 0)
		usage.read_bytes = 0;
	usage.faults_minor = stat.faults_minor;
	usage.faults_major = stat.faults_major;
	usage.rss_bytes = stat.rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	/* Its own high-water mark the kernel brings up to date later than the sum. */
	usage.max_rss_bytes =
		usage.rss_bytes > status.max_rss_bytes ? usage.rss_bytes : status.max_rss_bytes;
	job->usage = usage;
	return 0;
}

static int read_of(const struct cs_process *process, bool with_io, struct cs_usage *ret)
{
	struct job job = { .pid = process->pid, .with_io = with_io };
	int r;

	if (process->pid <= 0 || process->reaped)
		return -ESRCH;
	r = cs_reading_run(process->pid, process->uid, read_usage, &job, sizeof(job));
	if (r < 0)
		return r;
	/* Another may have its pid since. */
	if (cs_pidfd_reaped(process->pidfd))
		return -ESRCH;
	*ret = job.usage;
	return 0;
}

int cs_usage_read(const struct cs_process *process, struct cs_usage *ret)
{
	return read_of(process, false, ret);
}

int cs_usage_read_all(const struct cs_process *process, struct cs_usage *ret)
{
	return read_of(process, true, ret);
}

/* The kernel adds up what it keeps per CPU: a sum may seem to go back by a few. */
static uint64_t since(uint64_t base, uint64_t now)
{
	return now > base ? now - base : 0;
}

void cs_usage_since(const struct cs_usage *base, const struct cs_usage *now, struct cs_used *ret)
{
	*ret = (struct cs_used){
		.of = CS_USED_INVOCATION,
		.window_ns = since(base->time_ns, now->time_ns),
		.cpu_ns = since(base->cpu_ns, now->cpu_ns),
		.faults_minor = since(base->faults_minor, now->faults_minor),
		.faults_major = since(base->faults_major, now->faults_major),
		.rss_bytes = now->rss_bytes,
		.max_rss_bytes = now->max_rss_bytes,
	};
	/* What a thread had switched is forgotten with the thread. */
	if (!base->threads || base->threads != now->threads)
		return;
	ret->switches_known = true;
	ret->switches_voluntary = since(base->switches_voluntary, now->switches_voluntary);
	ret->switches_involuntary = since(base->switches_involuntary, now->switches_involuntary);
}

void cs_usage_of_wait(const struct cs_rec_wait *wait, struct cs_used *ret)
{
	*ret = (struct cs_used){
		.of = CS_USED_PROCESS,
		.cpu_ns = wait->cpu_ns,
		.faults_minor = wait->faults_minor,
		.faults_major = wait->faults_major,
		.max_rss_bytes = wait->max_rss_bytes,
		.switches_voluntary = wait->switches_voluntary,
		.switches_involuntary = wait->switches_involuntary,
		.switches_known = true,
	};
}
