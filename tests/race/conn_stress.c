/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Connections that are read by one thread, answered by another, and closed, copied or given up by a
 * third at any moment, in pools so small that memory is reused at once. Whatever is told must be
 * of the connection it is told of, in order, and each request must end exactly once.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/descriptors/fd_table.h"
#include "tests/race/stress.h"

#define SLOTS       4 /* descriptors */
#define GENERATIONS 2000u
#define FIRST_FD    10

struct slot {
	int fd;
	_Atomic uint64_t asked; /* generation << 32 | requests that the reader has handed over */
};

static struct slot slots[SLOTS];
static _Atomic uint32_t requests[GENERATIONS + SLOTS + 1], ends[GENERATIONS + SLOTS + 1];
static _Atomic uint64_t followed_to_the_end;
static _Atomic uint64_t again;  /* heads that were taken for the last one */
static _Atomic uint64_t asides; /* told of, and not yet over */
static _Atomic uint32_t forks;
static _Atomic bool over;

/* Of one length, so that a head that comes whole may be taken for the last one again. */
#define ID "%08u/%08u"

static void check_id(const struct cs_conn_event *event, uint32_t generation)
{
	const struct cs_http_kept *kept = &event->kept;
	char expected[64];
	int len = snprintf(expected, sizeof(expected), "GET/x-call-id: " ID "\n", generation,
			   event->sequence);

	if ((int)cs_http_kept_used(kept) != len || memcmp(kept->bytes, expected, (size_t)len) != 0)
		fail("a request of another connection", generation, event->sequence);
	if (!event->text)
		atomic_fetch_add_explicit(&again, 1, memory_order_relaxed);
}

static bool remembers(void)
{
	return true;
}

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	uint32_t generation = (uint32_t)(conn->connection >> 32);

	switch (event->type) {
	case CS_CONN_REQUEST:
		check_id(event, generation);
		if (atomic_fetch_add_explicit(&requests[generation], 1, memory_order_relaxed) !=
		    event->sequence)
			fail("requests out of order", generation, event->sequence);
		break;
	case CS_CONN_REQUEST_END: /* callers' */
		break;
	case CS_CONN_RESPONSE:
		if (event->sequence >=
		    atomic_load_explicit(&requests[generation], memory_order_relaxed))
			fail("a response before its request", generation, event->sequence);
		break;
	case CS_CONN_RESPONSE_END:
		if (atomic_fetch_add_explicit(&ends[generation], 1, memory_order_relaxed) !=
		    event->sequence)
			fail("ends out of order", generation, event->sequence);
		if (event->flags == 0)
			atomic_fetch_add_explicit(&followed_to_the_end, 1, memory_order_relaxed);
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		break; /* the pool of texts is small */
	case CS_CONN_ASIDE:
		atomic_fetch_add_explicit(&asides, 1, memory_order_relaxed);
		break;
	case CS_CONN_ASIDE_OVER:
		atomic_fetch_sub_explicit(&asides, 1, memory_order_relaxed);
		break;
	}
}

static const struct cs_conn_env env = {
	.conns = &cs_fds.conns,
	.texts = &cs_fds.texts,
	.memos = &cs_fds.memos,
	.remembers = remembers,
	.emit = emit,
	.forks = &forks,
};

/* As a hook does: the word before the call, and again after it; then it may be late nonetheless. */
static bool still(const struct slot *slot, uint64_t word, uint64_t *random)
{
	bool same = cs_fd_word(slot->fd) == word;

	for (uint32_t i = draw(random, 4); i > 1; i--)
		sched_yield();
	return same;
}

static void *read_requests(void *argument)
{
	struct slot *slot = argument;
	uint64_t random = 0x9e3779b97f4a7c15ull + (uint64_t)slot->fd;
	uint32_t generation = 0, sequence = 0;

	while (!atomic_load_explicit(&over, memory_order_relaxed)) {
		uint64_t word = cs_fd_word(slot->fd);
		char bytes[64];
		size_t len, at = 0;

		if (cs_fd_kind(word) != CS_FD_CONNECTION) {
			sched_yield();
			continue;
		}
		if (cs_fd_generation(word) != generation) {
			generation = cs_fd_generation(word);
			sequence = 0;
		}
		len = (size_t)snprintf(bytes, sizeof(bytes),
				       "GET / HTTP/1.1\r\nx-call-id: " ID "\r\n\r\n", generation,
				       sequence);
		while (at < len && still(slot, word, &random)) {
			bool whole = !at && draw(&random, 2);
			size_t take = whole ? len : 1 + draw(&random, (uint32_t)(len - at));
			struct iovec iov = { .iov_base = bytes + at, .iov_len = take };

			cs_conn_received(&env, cs_fd_conn(word), generation, &iov, take, 1);
			at += take;
		}
		sequence++;
		atomic_store_explicit(&slot->asked, (uint64_t)generation << 32 | sequence,
				      memory_order_release);
		while (draw(&random, 3)) /* sometimes far ahead of the answers, mostly not */
			sched_yield();
	}
	return NULL;
}

static void *write_responses(void *argument)
{
	static char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	struct slot *slot = argument;
	uint64_t random = 0xd1b54a32d192ed03ull + (uint64_t)slot->fd;
	uint32_t generation = 0, answered = 0;

	while (!atomic_load_explicit(&over, memory_order_relaxed)) {
		uint64_t asked = atomic_load_explicit(&slot->asked, memory_order_acquire);
		uint64_t word = cs_fd_word(slot->fd);
		size_t len = sizeof(response) - 1, at = 0;

		if (asked >> 32 != generation) {
			generation = (uint32_t)(asked >> 32);
			answered = 0;
		}
		if (cs_fd_kind(word) != CS_FD_CONNECTION || cs_fd_generation(word) != generation ||
		    answered >= (uint32_t)asked) {
			sched_yield();
			continue;
		}
		while (at < len && still(slot, word, &random)) {
			size_t take = 1 + draw(&random, (uint32_t)(len - at));
			struct iovec iov = { .iov_base = response + at, .iov_len = take };

			cs_conn_sent(&env, cs_fd_conn(word), generation, &iov, take, 2, 3);
			at += take;
		}
		answered++;
	}
	return NULL;
}

static void open_slot(struct slot *slot)
{
	uint32_t generation = cs_fd_next_generation();
	uint32_t index = cs_conn_open(&env, generation, slot->fd, 0);

	if (index == CS_POOL_NONE)
		return; /* a close that was left to a busy thread is not done yet */
	if (cs_fd_replace(slot->fd, cs_fd_make(generation, CS_FD_CONNECTION, index, 0)))
		fail("two threads open one descriptor", generation, index);
}

/* What happens to a connection, from the outside. */
static void *disturb(void *nothing)
{
	uint64_t random = 0x94d049bb133111ebull;

	while (atomic_load_explicit(&cs_fds.generation, memory_order_relaxed) < GENERATIONS) {
		struct slot *slot = &slots[draw(&random, SLOTS)];
		uint64_t word = cs_fd_word(slot->fd);
		uint32_t generation = cs_fd_generation(word);

		for (uint32_t i = draw(&random, 30); i; i--)
			sched_yield();
		if (!word) {
			open_slot(slot);
			continue;
		}
		switch (draw(&random, 8)) {
		case 0:
			cs_conn_lose(&env, cs_fd_conn(word), generation, 4);
			break;
		case 1:
			cs_conn_shutdown(&env, cs_fd_conn(word), generation, 4);
			break;
		case 2:
			if (cs_conn_ref(cs_fd_conn(word), generation))
				cs_conn_unref(&env, cs_fd_conn(word), generation, true, 4);
			break;
		default:
			word = cs_fd_replace(slot->fd, 0);
			cs_conn_unref(&env, cs_fd_conn(word), cs_fd_generation(word), true, 4);
		}
	}
	for (int i = 0; i < SLOTS; i++) {
		uint64_t word = cs_fd_replace(slots[i].fd, 0);

		if (word)
			cs_conn_unref(&env, cs_fd_conn(word), cs_fd_generation(word), true, 4);
	}
	atomic_store_explicit(&over, true, memory_order_relaxed);
	return NULL;
}

static uint32_t take_all(struct cs_pool *pool)
{
	uint32_t n = 0;

	while (cs_pool_take(pool) != CS_POOL_NONE)
		n++;
	return n;
}

static void check_all(void)
{
	uint64_t sum = 0;

	for (uint32_t g = 1; g <= GENERATIONS; g++) {
		if (atomic_load_explicit(&requests[g], memory_order_relaxed) !=
		    atomic_load_explicit(&ends[g], memory_order_relaxed))
			fail("requests and ends differ", requests[g], ends[g]);
		sum += requests[g];
	}
	if (take_all(&cs_fds.conns) != SLOTS || take_all(&cs_fds.texts) != 2 ||
	    take_all(&cs_fds.memos) != 2)
		fail("something was not given back", 0, 0);
	if (asides)
		fail("not over", asides, 0);
	if (sum < 500 || followed_to_the_end < 100 || again < 100)
		fail("hardly anything happened", sum, followed_to_the_end);
	printf("conn_stress: %llu requests on %u connections, %llu answered, %llu as the last one\n",
	       (unsigned long long)sum, GENERATIONS, (unsigned long long)followed_to_the_end,
	       (unsigned long long)again);
}

int main(void)
{
	void *memory = aligned_alloc(4096, (CS_FDS_BYTES + 4095) / 4096 * 4096);
	pthread_t threads[2 * SLOTS + 1];

	if (!memory)
		return 99;
	memset(memory, 0, CS_FDS_BYTES);
	cs_fd_init(memory);
	cs_fds.conns.count = SLOTS;
	cs_fds.texts.count = 2;
	cs_fds.memos.count = 2;
	for (int i = 0; i < SLOTS; i++) {
		slots[i].fd = FIRST_FD + i;
		if (pthread_create(&threads[2 * i], NULL, read_requests, &slots[i]) ||
		    pthread_create(&threads[2 * i + 1], NULL, write_responses, &slots[i]))
			return 99;
	}
	if (pthread_create(&threads[2 * SLOTS], NULL, disturb, NULL))
		return 99;
	for (int i = 0; i <= 2 * SLOTS; i++)
		pthread_join(threads[i], NULL);
	check_all();
	free(memory);
	return 0;
}
