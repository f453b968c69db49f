/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/fd_table.h"

struct cs_fd_table cs_fds;

_Static_assert(CS_FD_CONNS <= 0x10000 && CS_FDS_MAX <= 0x10000, "values have 16 bits");
_Static_assert(sizeof(struct cs_conn) % 64 == 0, "connections share no cache line");
_Static_assert(sizeof(struct cs_conn_text) == 2048, "texts share no page boundary");
_Static_assert(sizeof(struct cs_conn_memo) == 640, "memos share no cache line");

void cs_fd_init(void *memory)
{
	unsigned char *p = memory;
	unsigned char *texts = p + CS_FDS_MAX * sizeof(uint64_t);
	unsigned char *memos = texts + CS_FD_TEXTS * sizeof(struct cs_conn_text);
	unsigned char *conns = memos + CS_FD_MEMOS * sizeof(struct cs_conn_memo);

	cs_pool_init(&cs_fds.texts, texts, CS_FD_TEXTS, sizeof(struct cs_conn_text));
	cs_pool_init(&cs_fds.memos, memos, CS_FD_MEMOS, sizeof(struct cs_conn_memo));
	cs_pool_init(&cs_fds.conns, conns, CS_FD_CONNS, sizeof(struct cs_conn));
	cs_fds.words = memory;
	cs_fds.count = CS_FDS_MAX;
}

uint32_t cs_fd_next_generation(void)
{
	uint32_t next;

	do {
		next = atomic_fetch_add_explicit(&cs_fds.generation, 1, memory_order_relaxed) + 1;
	} while (next == 0);
	return next;
}

static void extend(uint32_t end)
{
	uint32_t old = atomic_load_explicit(&cs_fds.end, memory_order_relaxed);

	while (old < end &&
	       !atomic_compare_exchange_weak_explicit(&cs_fds.end, &old, end, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

uint64_t cs_fd_replace(int fd, uint64_t word)
{
	_Atomic uint64_t *at = &cs_fds.words[fd];

	if (word)
		extend((uint32_t)fd + 1);
	else if (!atomic_load_explicit(at, memory_order_relaxed))
		return 0;
	/* pairs with: fds.words */
	return atomic_exchange_explicit(at, word, memory_order_acq_rel);
}

void cs_fd_forget(int fd, uint64_t word)
{
	if ((uint32_t)fd < cs_fds.count)
		(void)atomic_compare_exchange_strong_explicit(
			&cs_fds.words[fd], &word, 0, memory_order_acq_rel, memory_order_relaxed);
}
