/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/pool.h"

#include <stdatomic.h>

/* The link of a free item; read also while somebody else takes the item, hence atomic. */
static _Atomic uint32_t *link_of(const struct cs_pool *pool, uint32_t index)
{
	return cs_pool_item(pool, index);
}

void cs_pool_init(struct cs_pool *pool, void *items, uint32_t count, uint32_t item_bytes)
{
	atomic_init(&pool->free, 0);
	atomic_init(&pool->fresh, 0);
	pool->count = count;
	pool->item_bytes = item_bytes;
	pool->items = items;
}

static uint32_t take_fresh(struct cs_pool *pool)
{
	uint32_t fresh = atomic_load_explicit(&pool->fresh, memory_order_relaxed);

	while (fresh < pool->count) {
		if (atomic_compare_exchange_weak_explicit(&pool->fresh, &fresh, fresh + 1,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return fresh;
	}
	return CS_POOL_NONE;
}

/* The change count in the head's upper half makes a head that went away and came back differ. */
uint32_t cs_pool_take(struct cs_pool *pool)
{
	/* pairs with: pool.free */
	uint64_t head = atomic_load_explicit(&pool->free, memory_order_acquire);

	while ((uint32_t)head) {
		uint32_t index = (uint32_t)head - 1;
		uint32_t next = atomic_load_explicit(link_of(pool, index), memory_order_relaxed);
		uint64_t rest = ((head >> 32) + 1) << 32 | next;

		if (atomic_compare_exchange_weak_explicit(
			    &pool->free, &head, rest, memory_order_acquire, memory_order_acquire))
			return index;
	}
	return take_fresh(pool);
}

void cs_pool_put(struct cs_pool *pool, uint32_t index)
{
	uint64_t head = atomic_load_explicit(&pool->free, memory_order_relaxed);
	uint64_t first;

	do {
		atomic_store_explicit(link_of(pool, index), (uint32_t)head, memory_order_relaxed);
		first = ((head >> 32) + 1) << 32 | (index + 1);
		/* pairs with: pool.free */
	} while (!atomic_compare_exchange_weak_explicit(
		&pool->free, &head, first, memory_order_release, memory_order_relaxed));
}
