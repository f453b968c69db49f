/* SPDX-License-Identifier: Apache-2.0 */

/* Marks of children in borrowed memory; see borrowed.h. */
#include "preload/hooks/borrowed.h"

#include <stddef.h>

#include "preload/sys.h"

#define MARKS_COUNT 32u /* threads in vfork at once; the next one freezes the tables meanwhile */

_Atomic uint32_t cs_borrow_active;

static struct cs_borrowed marks[MARKS_COUNT];
static _Atomic uint32_t unmarked; /* children for which there was no mark */
static _Atomic bool frozen;

void cs_borrow_begin(unsigned kind, uint64_t begin_ns)
{
	uint64_t thread = cs_thread_pointer();

	atomic_fetch_add_explicit(&cs_borrow_active, 1, memory_order_relaxed);
	for (unsigned i = 0; i < MARKS_COUNT; i++) {
		uint64_t unused = 0;

		if (!atomic_compare_exchange_strong_explicit(&marks[i].thread, &unused, thread,
							     memory_order_relaxed,
							     memory_order_relaxed))
			continue;
		marks[i].kind = kind;
		marks[i].begin_ns = begin_ns;
		marks[i].exec_ns = 0;
		marks[i].replaced = 0;
		return;
	}
	atomic_fetch_add_explicit(&unmarked, 1, memory_order_relaxed);
}

void cs_borrow_end(void)
{
	uint64_t thread = cs_thread_pointer();

	/* Backwards: of nested ones (a vfork child that vforks) the inner ends first. */
	for (unsigned i = MARKS_COUNT; i-- > 0;) {
		if (atomic_load_explicit(&marks[i].thread, memory_order_relaxed) == thread) {
			atomic_store_explicit(&marks[i].thread, 0, memory_order_relaxed);
			atomic_fetch_sub_explicit(&cs_borrow_active, 1, memory_order_relaxed);
			return;
		}
	}
	atomic_fetch_sub_explicit(&unmarked, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&cs_borrow_active, 1, memory_order_relaxed);
}

bool cs_borrow_freeze(void)
{
	if (atomic_exchange_explicit(&frozen, true, memory_order_relaxed))
		return false;
	atomic_fetch_add_explicit(&cs_borrow_active, 1, memory_order_relaxed);
	return true;
}

static struct cs_borrowed *find(void)
{
	uint64_t thread;

	if (__builtin_expect(!atomic_load_explicit(&cs_borrow_active, memory_order_relaxed), 1))
		return NULL;
	thread = cs_thread_pointer();
	for (unsigned i = MARKS_COUNT; i-- > 0;) {
		if (atomic_load_explicit(&marks[i].thread, memory_order_relaxed) == thread)
			return &marks[i];
	}
	return NULL;
}

const struct cs_borrowed *cs_borrow_find(void)
{
	return find();
}

bool cs_borrow_exec(uint64_t time_ns, const struct cs_borrowed **ret)
{
	struct cs_borrowed *mark = find();

	if (mark) {
		mark->exec_ns = time_ns;
		*ret = mark;
	}
	return mark || atomic_load_explicit(&unmarked, memory_order_relaxed);
}

void cs_borrow_replaced(int fd)
{
	struct cs_borrowed *mark = find();

	if (mark)
		mark->replaced |= 1u << fd;
}

bool cs_tables_may_change_beside(void)
{
	return !atomic_load_explicit(&frozen, memory_order_relaxed) &&
	       !atomic_load_explicit(&unmarked, memory_order_relaxed) && !cs_borrow_find();
}
