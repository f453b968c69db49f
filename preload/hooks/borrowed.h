/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Children that run in our memory: between vfork, or clone(CLONE_VM), and exec. They must not change
 * our tables, and they are not us. A mark under the thread pointer of the caller, which such a child
 * shares, tells them; the kernel keeps the parent's thread still meanwhile (CLONE_VFORK).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cs_borrowed {
	_Atomic uint64_t thread; /* 0: free */
	uint32_t kind;           /* enum cs_spawn_kind */
	uint64_t begin_ns;       /* when the spawn began */
	uint64_t exec_ns;        /* when the child called exec last; 0 never. Set by the child */
	uint32_t replaced; /* bit 0 to 2: the child has closed that descriptor, or another there */
};

/** cs_borrow_begin() - the calling thread is about to lend its memory. Context: signal. */
void cs_borrow_begin(unsigned kind, uint64_t begin_ns);

/** cs_borrow_end() - it has it back. Context: signal; in the parent only. */
void cs_borrow_end(void);

/**
 * cs_borrow_freeze() - a child shares our memory and runs beside us: no table may change again
 *
 * Context: signal. There is no way back: what the tables miss meanwhile is not known.
 * Return:  false: they were frozen already.
 */
bool cs_borrow_freeze(void);

/**
 * cs_borrow_find() - does the caller run in borrowed memory?
 *
 * Context: signal. One load where nobody does.
 * Return:  its mark, valid until exec; NULL for an ordinary thread.
 */
const struct cs_borrowed *cs_borrow_find(void);

/**
 * cs_borrow_exec() - exec is called at @time_ns
 *
 * A child in borrowed memory cannot know its pid without a call: the parent tells of its exec, once
 * it has its memory back. It may be stopped, or frozen, before: then its records say that a spawn began,
 * and that the child of one called exec.
 *
 * Context: signal.
 * @ret:    of such a child: its mark, valid until exec; untouched for any other
 *
 * Return:  true: the caller is such a child, or cannot be told from one.
 */
bool cs_borrow_exec(uint64_t time_ns, const struct cs_borrowed **ret);

/** cs_borrow_replaced() - the caller has another @fd, 0 to 2, than its parent. Context: signal. */
void cs_borrow_replaced(int fd);

/* Children in borrowed memory, and 1 more once the tables are frozen: 0 answers every question at once. */
extern _Atomic uint32_t cs_borrow_active __attribute__((visibility("hidden")));

/* What it is where that is not 0. */
bool cs_tables_may_change_beside(void);

/** cs_tables_may_change() - may the caller change process-wide tables? Mostly one load. Context: signal. */
static inline bool cs_tables_may_change(void)
{
	return __builtin_expect(!atomic_load_explicit(&cs_borrow_active, memory_order_relaxed),
				1) ||
	       cs_tables_may_change_beside();
}
