/* SPDX-License-Identifier: Apache-2.0 */

/* Perf events of all CPUs in one order; see sideband.h. */
#include "collector/sideband/sideband.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/sideband/outside_queue.h"
#include "collector/sideband/perf_ring.h"

#define RING_PAGES      64u  /* of one CPU: a thousand short lives */
#define RINGS_PAGES     512u /* of all: they are locked memory */
#define IDLE_WAKES_MAX  100u
#define CLOCK_SLACK_NS  1000000u /* the kernel reads it without a lock */
#define PARANOID        "/proc/sys/kernel/perf_event_paranoid"
#define PARANOID_ENOUGH 2

struct ring {
	struct cs_sideband *sideband;
	struct cs_perf_ring perf;
	struct event wake;
	uint64_t last_ns;    /* of the newest record that was read */
	uint64_t lost;       /* by records of it so far */
	unsigned idle_wakes; /* since then without one */
};

struct cs_sideband {
	struct cs_outside *outside;
	unsigned rings_count;
	struct ring rings[CS_SIDEBAND_CPUS_MAX];
	struct cs_outside_queue queue;
	uint8_t record[CS_PERF_RECORD_MAX];
};

/* --- opening --- */

static int read_paranoid(void)
{
	cs_cleanup(cs_fclosep) FILE *file = fopen(PARANOID, "re");
	int level = PARANOID_ENOUGH;

	if (file && fscanf(file, "%d", &level) != 1)
		level = PARANOID_ENOUGH;
	return level;
}

static int refuse(int error, struct cs_diag *diag)
{
	int level = error == -EACCES || error == -EPERM ? read_paranoid() : 0;

	if (level > PARANOID_ENOUGH)
		return cs_diag_set(diag, error,
				   "the kernel tells nothing of processes: "
				   "kernel.perf_event_paranoid is %d, %d is needed",
				   level, PARANOID_ENOUGH);
	if (error == -EDQUOT)
		return cs_diag_set(
			diag, error,
			"the kernel tells nothing of processes: this user's locked memory "
			"for its rings is used up; raise ulimit -l or "
			"kernel.perf_event_mlock_kb");
	if (error == -EACCES || error == -EPERM)
		return cs_diag_set(diag, error,
				   "the kernel tells nothing of processes: perf_event_open is "
				   "refused (%s), as container runtimes' system call filters do",
				   strerror(-error));
	return cs_diag_set(diag, error,
			   "the kernel tells nothing of processes: perf_event_open: %s",
			   strerror(-error));
}

/* All CPUs there are, or, where these are too many, those that we may use. */
static int choose_cpus(cpu_set_t *set, struct cs_diag *diag)
{
	long all = sysconf(_SC_NPROCESSORS_CONF);

	CPU_ZERO(set);
	if (all > 0 && all <= (long)CS_SIDEBAND_CPUS_MAX) {
		for (int i = 0; i < all; i++)
			CPU_SET((size_t)i, set);
		return 0;
	}
	if (sched_getaffinity(0, sizeof(*set), set) == 0 &&
	    CPU_COUNT(set) <= (int)CS_SIDEBAND_CPUS_MAX)
		return 0;
	return cs_diag_set(
		diag, -E2BIG,
		"the kernel is not asked of processes: more than %u CPUs would slow each "
		"fork; taskset(1) gives fewer",
		CS_SIDEBAND_CPUS_MAX);
}

static size_t pages_for(unsigned cpus)
{
	size_t pages = RING_PAGES;

	while (pages * cpus > RINGS_PAGES)
		pages /= 2;
	return pages;
}

static int open_rings(struct cs_sideband *sideband, struct cs_diag *diag)
{
	cpu_set_t cpus;
	size_t pages;
	int r = choose_cpus(&cpus, diag);

	if (r < 0)
		return r;
	pages = pages_for((unsigned)CPU_COUNT(&cpus));
	for (int i = 0; i < CPU_SETSIZE; i++) {
		struct ring *ring = &sideband->rings[sideband->rings_count];

		if (!CPU_ISSET((size_t)i, &cpus))
			continue;
		r = cs_perf_ring_open(i, pages, &ring->perf);
		if (r == -ENODEV)
			continue;
		if (r < 0)
			return refuse(r, diag);
		ring->sideband = sideband;
		ring->last_ns = cs_clock_monotonic_ns();
		sideband->rings_count++;
	}
	return sideband->rings_count ? 0 : refuse(-ENODEV, diag);
}

/*
 * Naming ourselves as before is told as well: were it at another time than now, the kernel's clock would
 * not be ours (it knows no time namespaces), and nothing that it tells of use.
 */
static int check_clock(struct cs_sideband *sideband, struct cs_diag *diag)
{
	uint64_t before_ns = cs_clock_monotonic_ns(), after_ns;
	struct cs_perf_record record;
	char name[16]; /* what the kernel fills in */
	bool told = false;
	size_t len;

	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, name);
	after_ns = cs_clock_monotonic_ns();
	for (unsigned i = 0; i < sideband->rings_count; i++) {
		while ((len = cs_perf_ring_take(&sideband->rings[i].perf, sideband->record)))
			told |= cs_perf_record_parse(sideband->record, len, &record) == 0 &&
				record.time_ns + CLOCK_SLACK_NS >= before_ns &&
				record.time_ns <= after_ns + CLOCK_SLACK_NS;
	}
	if (told)
		return 0;
	return cs_diag_set(diag, -ESTALE,
			   "the kernel tells of processes by another clock: this is a time "
			   "namespace");
}

/*
 * Where two are ready at once, the first that is called has read both. One that is ready for nothing again
 * and again would keep us busy for ever.
 */
static void on_wake(evutil_socket_t fd, short what, void *context)
{
	struct ring *ring = context;

	ring->idle_wakes++;
	cs_sideband_read(ring->sideband, cs_clock_monotonic_ns() - CS_SIDEBAND_SETTLE_NS);
	if (ring->idle_wakes > IDLE_WAKES_MAX)
		event_del(&ring->wake);
}

int cs_sideband_open(struct event_base *base, struct cs_diag *diag, struct cs_sideband **ret)
{
	struct cs_sideband *sideband = calloc(1, sizeof(*sideband));
	int r = sideband ? open_rings(sideband, diag) : -ENOMEM;

	if (r == 0)
		r = check_clock(sideband, diag);
	if (r == 0) {
		sideband->outside = cs_outside_new(getpid());
		r = sideband->outside ? 0 : -ENOMEM;
	}
	if (r < 0) {
		cs_sideband_close(sideband);
		return cs_diag_set(diag, r, "out of memory");
	}
	for (unsigned i = 0; i < sideband->rings_count; i++) {
		struct ring *ring = &sideband->rings[i];

		event_assign(&ring->wake, base, ring->perf.fd, EV_READ | EV_PERSIST, on_wake, ring);
		event_add(&ring->wake, NULL);
	}
	*ret = sideband;
	return 0;
}

struct cs_sideband *cs_sideband_close(struct cs_sideband *sideband)
{
	if (!sideband)
		return NULL;
	for (unsigned i = 0; i < sideband->rings_count; i++) {
		if (event_initialized(&sideband->rings[i].wake))
			event_del(&sideband->rings[i].wake);
		cs_perf_ring_close(&sideband->rings[i].perf);
	}
	cs_outside_queue_deinit(&sideband->queue);
	cs_outside_free(sideband->outside);
	free(sideband);
	return NULL;
}

/* --- reading --- */

static void take_record(struct ring *ring, size_t len)
{
	struct cs_sideband *sideband = ring->sideband;
	struct cs_perf_record record;
	uint64_t since_ns = ring->last_ns;

	if (cs_perf_record_parse(sideband->record, len, &record) < 0) {
		cs_outside_malformed(sideband->outside);
		return;
	}
	ring->last_ns = record.time_ns;
	ring->idle_wakes = 0;
	if (record.kind == CS_PERF_LOST)
		ring->lost += record.lost;
	if (record.kind != CS_PERF_OTHER &&
	    cs_outside_queue_push(&sideband->queue, &record, since_ns) < 0)
		cs_outside_lost(sideband->outside, 1, since_ns, record.time_ns);
}

/* What was lost after the last record is told by none. */
static void take_loss(struct ring *ring)
{
	uint64_t lost = cs_perf_ring_lost(&ring->perf);

	if (lost <= ring->lost)
		return;
	cs_outside_lost(ring->sideband->outside, lost - ring->lost, ring->last_ns, UINT64_MAX);
	ring->lost = lost;
}

void cs_sideband_read(struct cs_sideband *sideband, uint64_t until_ns)
{
	for (unsigned i = 0; i < sideband->rings_count; i++) {
		struct ring *ring = &sideband->rings[i];
		size_t left = ring->perf.bytes, len; /* a busy ring could be filled for ever */

		while (left && (len = cs_perf_ring_take(&ring->perf, sideband->record))) {
			take_record(ring, len);
			left -= len < left ? len : left;
		}
	}
	cs_outside_queue_pass(&sideband->queue, sideband->outside, until_ns);
	if (until_ns != UINT64_MAX)
		return;
	for (unsigned i = 0; i < sideband->rings_count; i++)
		take_loss(&sideband->rings[i]);
}

void cs_sideband_attached(struct cs_sideband *sideband, int32_t pid, uint64_t attach_ns)
{
	if (cs_outside_queue_attached(&sideband->queue, pid, attach_ns) < 0)
		cs_outside_attached(sideband->outside, pid);
}

void cs_sideband_leave_out(struct cs_sideband *sideband, int32_t pid)
{
	cs_outside_leave_out(sideband->outside, pid);
}

const struct cs_outside *cs_sideband_outside(const struct cs_sideband *sideband)
{
	return sideband->outside;
}
