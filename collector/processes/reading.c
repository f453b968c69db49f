/* SPDX-License-Identifier: Apache-2.0 */

/* Reads that may block, on threads of their own; see reading.h. */
#include "collector/processes/reading.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "collector/processes/procfs.h"

#define STACK_BYTES 262144u /* of address space: what is read is read onto it */
#define NS_PER_S    1000000000ull

/* A reading that was given up, or who has given cause for it a short while ago. */
struct stuck {
	struct worker *worker; /* NULL: it has returned */
	int32_t pid;
	uint32_t uid;
	uint64_t pause_until_ns; /* 0: the place is free */
};

/* A thread, and what it reads: nothing, one job, or one that nobody waits for any more. */
struct worker {
	pthread_cond_t asked;
	pid_t tid; /* 0: it has not run yet */
	cs_reading_fn read;
	int result;
	struct stuck *stuck; /* given up: the thread frees us */
	unsigned char job[CS_READING_JOB_MAX] __attribute__((aligned(16)));
};

/* One for the program: threads are the program's, too. It is never torn down, so that nobody waits. */
static struct {
	pthread_mutex_t lock; /* guards all of this and of the workers but what is being read */
	pthread_cond_t answered;
	bool made;
	struct worker *idle;
	struct stuck stuck[CS_READING_STUCK_MAX];
	struct cs_reading_stats stats;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- the thread --- */

static void *work(void *context)
{
	struct worker *worker = context;

	pthread_mutex_lock(&all.lock);
	worker->tid = gettid();
	for (;;) {
		cs_reading_fn read;
		int result;

		while (!worker->read)
			pthread_cond_wait(&worker->asked, &all.lock);
		read = worker->read;
		pthread_mutex_unlock(&all.lock);
		result = read(worker->job);
		pthread_mutex_lock(&all.lock);
		if (worker->stuck)
			break;
		worker->result = result;
		worker->read = NULL;
		pthread_cond_signal(&all.answered);
	}
	worker->stuck->worker = NULL;
	pthread_mutex_unlock(&all.lock);
	pthread_cond_destroy(&worker->asked);
	free(worker);
	return NULL;
}

static int have_worker(void)
{
	pthread_condattr_t attr;
	struct worker *worker;
	int r;

	if (all.idle)
		return 0;
	if (!all.made) {
		if (pthread_condattr_init(&attr))
			return -ENOMEM;
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		all.made = pthread_cond_init(&all.answered, &attr) == 0;
		pthread_condattr_destroy(&attr);
	}
	worker = all.made ? calloc(1, sizeof(*worker)) : NULL;
	if (!worker)
		return -ENOMEM;
	pthread_cond_init(&worker->asked, NULL);
	r = cs_thread_detach(work, worker, STACK_BYTES);
	if (r < 0) {
		pthread_cond_destroy(&worker->asked);
		free(worker);
		return r;
	}
	all.idle = worker;
	return 0;
}

/* --- who waits for it --- */

/* Does it wait in the kernel? One that is to run, and has no processor, does not. */
static bool is_asleep(pid_t tid)
{
	char path[48], text[1024];
	const char *at;

	snprintf(path, sizeof(path), "/proc/self/task/%" PRId32 "/stat", (int32_t)tid);
	if (!tid || cs_proc_read_file(path, text, sizeof(text)) < 0)
		return false;
	at = strrchr(text, ')'); /* proc_pid_stat(5): field 3 */
	return at && at[1] == ' ' && (at[2] == 'D' || at[2] == 'S');
}

/* Return: 0: it has come back; -ETIMEDOUT. */
static int await(const struct worker *worker)
{
	uint64_t begun_ns = cs_clock_monotonic_ns(), now_ns = begun_ns, look_ns;
	bool asleep = false, was_asleep;

	while (now_ns - begun_ns < CS_READING_WAIT_NS) {
		struct timespec until;

		look_ns = now_ns + CS_READING_LOOK_NS;
		until = (struct timespec){ .tv_sec = (time_t)(look_ns / NS_PER_S),
					   .tv_nsec = (long)(look_ns % NS_PER_S) };
		while (worker->read &&
		       pthread_cond_timedwait(&all.answered, &all.lock, &until) != ETIMEDOUT)
			continue;
		if (!worker->read)
			return 0;
		was_asleep = asleep;
		asleep = is_asleep(worker->tid);
		if (asleep && was_asleep)
			break;
		now_ns = cs_clock_monotonic_ns();
	}
	return -ETIMEDOUT;
}

/* Return: where one that does not come back is noted; NULL: it is not to be begun. */
static struct stuck *place_for(int32_t pid, uint32_t uid)
{
	uint64_t now_ns = cs_clock_monotonic_ns();
	struct stuck *place = NULL;
	unsigned of_uid = 0;

	for (unsigned i = 0; i < CS_READING_STUCK_MAX; i++) {
		struct stuck *stuck = &all.stuck[i];

		if (!stuck->worker && stuck->pause_until_ns <= now_ns) {
			place = stuck;
			continue;
		}
		if (stuck->uid == uid && stuck->pause_until_ns > now_ns)
			return NULL;
		if (stuck->worker && stuck->pid == pid)
			return NULL;
		of_uid += stuck->worker && stuck->uid == uid;
	}
	return of_uid < CS_READING_STUCK_UID_MAX ? place : NULL;
}

static int run(struct stuck *place, cs_reading_fn read, void *job, size_t bytes)
{
	struct worker *worker = all.idle;

	memcpy(worker->job, job, bytes);
	worker->read = read;
	pthread_cond_signal(&worker->asked);
	if (await(worker) == 0) {
		memcpy(job, worker->job, bytes);
		return worker->result;
	}
	all.idle = NULL;
	all.stats.given_up++;
	worker->stuck = place;
	place->worker = worker;
	place->pause_until_ns = cs_clock_monotonic_ns() + CS_READING_PAUSE_NS;
	return -ETIMEDOUT;
}

int cs_reading_run(int32_t pid, uint32_t uid, cs_reading_fn read, void *job, size_t bytes)
{
	struct stuck *place;
	int r;

	assert(bytes <= CS_READING_JOB_MAX);
	pthread_mutex_lock(&all.lock);
	place = place_for(pid, uid);
	r = place ? have_worker() : -EBUSY;
	all.stats.refused += r < 0;
	if (r == 0) {
		place->pid = pid;
		place->uid = uid;
		r = run(place, read, job, bytes);
	}
	pthread_mutex_unlock(&all.lock);
	return r;
}

bool cs_reading_is_missing(int error)
{
	return error == -ETIMEDOUT || error == -EBUSY || error == -EAGAIN || error == -ENOMEM;
}

void cs_reading_get_stats(struct cs_reading_stats *ret)
{
	pthread_mutex_lock(&all.lock);
	*ret = all.stats;
	pthread_mutex_unlock(&all.lock);
}
