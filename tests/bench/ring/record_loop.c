/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes the same record into our ring, into LTTng-UST's, and nowhere, in turn, with one thread and with
 * two:
 *
 *   record_loop SOCKET ROUNDS RESTS
 *
 * The ring is announced to the collector at SOCKET, which reads it and, after each of the RESTS of
 * more than a second, gives its pages back. A round is a batch for each of the six, each followed by
 * a pause for the readers. Prints "NAME THREADS NS" for each batch (wall time of one thread's record), and at the
 * end "dropped N". LTTng's events go nowhere unless a session records them.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/announcing.h"

#define BATCH       1500u /* records of one thread: a tenth of the ring, less than LTTng's buffers */
#define THREADS_MAX 2u
#define REST_NS     1600000000u /* the collector rests a ring after 1 s of silence */
#define PAUSE_NS    3000000u
#define LIMIT_NS    5000000000u

void lttng_write(const struct cs_rec_response_end *end); /* lttng_provider.c */

static struct announced_segment segment;
static uint32_t pid;

static int (*vdso_clock)(clockid_t, struct timespec *);

/* As the shim writes one: the time first, straight from the vDSO (preload/emit.c). */
static void ours_write(const struct cs_rec_response_end *end)
{
	uint64_t thread = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	struct timespec now;
	struct cs_claim claim;

	vdso_clock(CLOCK_MONOTONIC, &now);
	if (cs_ring_reserve(cs_lanes_pick(&segment.lanes, thread, pid), pid, CS_RECORD_RESPONSE_END,
			    sizeof(*end), CS_PRIORITY_HIGH, &claim) < 0)
		return;
	claim.record->time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	claim.record->thread = thread;
	memcpy(claim.record + 1, end, sizeof(*end));
	cs_ring_commit(&claim);
}

/* What the loop and the call cost by themselves. */
static void write_nothing(const struct cs_rec_response_end *end)
{
	__asm__ volatile("" : : "r"(end) : "memory");
}

static const struct {
	const char *name;
	void (*write)(const struct cs_rec_response_end *end);
} writers[] = { { "ours", ours_write }, { "lttng", lttng_write }, { "nothing", write_nothing } };

#define WRITERS 3u

struct batch {
	pthread_t thread;
	void (*write)(const struct cs_rec_response_end *end);
	_Atomic unsigned *waiting;
	uint64_t took_ns;
};

static void *write_batch(void *argument)
{
	struct batch *batch = argument;
	struct cs_rec_response_end end = { .connection = 7, .status = 200 };
	uint64_t begin;

	/* All begin together: threads that run one after the other do not disturb each other. */
	atomic_fetch_sub(batch->waiting, 1);
	while (atomic_load(batch->waiting))
		continue;
	begin = announcing_now_ns(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < BATCH; i++) {
		end.sequence = i;
		end.response_bytes += 100;
		batch->write(&end);
	}
	batch->took_ns = announcing_now_ns(CLOCK_MONOTONIC) - begin;
	return NULL;
}

static bool find_vdso_clock(void)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *symbol = vdso ? dlsym(vdso, "__vdso_clock_gettime") : NULL;

	memcpy(&vdso_clock, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static void sleep_ns(long ns)
{
	const struct timespec wait = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	nanosleep(&wait, NULL);
}

/* Until the collector has read all: that it does is part of what is measured. */
static void wait_for_reader(void)
{
	uint64_t limit = announcing_now_ns(CLOCK_MONOTONIC) + LIMIT_NS;

	for (unsigned i = 0; i < CS_LANES; i++) {
		const struct cs_header *header = segment.lanes.rings[i].header;

		while (atomic_load(&header->release) != atomic_load(&header->head)) {
			sleep_ns(PAUSE_NS);
			if (announcing_now_ns(CLOCK_MONOTONIC) > limit) {
				fprintf(stderr, "record_loop: the collector does not read\n");
				exit(1);
			}
		}
	}
}

static void measure(unsigned which, unsigned threads, bool print)
{
	struct batch batches[THREADS_MAX];
	_Atomic unsigned waiting = threads;
	uint64_t sum = 0;

	for (unsigned i = 0; i < threads; i++) {
		batches[i] = (struct batch){ .write = writers[which].write, .waiting = &waiting };
		if (pthread_create(&batches[i].thread, NULL, write_batch, &batches[i]) != 0) {
			fprintf(stderr, "record_loop: no thread\n");
			exit(1);
		}
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(batches[i].thread, NULL);
		sum += batches[i].took_ns;
	}
	wait_for_reader();
	sleep_ns(PAUSE_NS);
	if (print)
		printf("%s %u %.2f\n", writers[which].name, threads, (double)sum / threads / BATCH);
}

int main(int argc, char **argv)
{
	uint64_t dropped = 0;
	int rounds = argc > 3 ? atoi(argv[2]) : 0, rests = argc > 3 ? atoi(argv[3]) : 0;

	if (rounds < 1 || rests < 0) {
		fprintf(stderr, "usage: record_loop SOCKET ROUNDS RESTS\n");
		return 2;
	}
	pid = (uint32_t)getpid();
	if (!find_vdso_clock()) {
		fprintf(stderr, "record_loop: no vDSO with a clock\n");
		return 1;
	}
	announced_make(&segment, "/test/record_loop", CS_SLOTS_DEFAULT, CS_LANES, ANNOUNCED_SEALS);
	announced_send(&segment, argv[1]);
	for (int round = -1; round < rounds; round++) {
		for (unsigned i = 0; i < 2 * WRITERS; i++)
			measure((i + (unsigned)(round + 1)) % WRITERS, 1 + i / WRITERS, round >= 0);
		if (rests > 0 && round >= 0 && round % ((rounds + rests - 1) / rests) == 0)
			sleep_ns(REST_NS);
	}
	for (unsigned i = 0; i < CS_LANES; i++)
		dropped += atomic_load(
			&segment.lanes.rings[i].header->dropped[CS_RECORD_RESPONSE_END]);
	printf("dropped %llu\n", (unsigned long long)dropped);
	return 0;
}
