/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A bounded pool of equal items in memory that somebody else mapped: lock-free, last in first out,
 * so that what is in use stays hot and what was never needed is never touched.
 */
#pragma once

#include <stdint.h>

#define CS_POOL_NONE UINT32_MAX

struct cs_pool {
	_Atomic uint64_t free;  /* change count << 32 | index + 1 of the first free item, 0 none */
	_Atomic uint32_t fresh; /* items from here on were never taken */
	uint32_t count;
	uint32_t item_bytes;
	unsigned char *items;
};

/**
 * cs_pool_init() - an empty pool
 * @items:      zeroed, @count items of @item_bytes; the first 4 bytes of each are the pool's
 * @item_bytes: a multiple of 8
 *
 * Context: startup.
 */
void cs_pool_init(struct cs_pool *pool, void *items, uint32_t count, uint32_t item_bytes);

/**
 * cs_pool_take() - an item for the caller alone
 *
 * Context: signal.
 * Return:  its index, CS_POOL_NONE if all are taken. Its bytes are as they were left.
 */
uint32_t cs_pool_take(struct cs_pool *pool);

/** cs_pool_put() - give item @index back, once. Context: signal. */
void cs_pool_put(struct cs_pool *pool, uint32_t index);

/** cs_pool_item() - address of an item. Context: signal (pure). */
static inline void *cs_pool_item(const struct cs_pool *pool, uint32_t index)
{
	return pool->items + (uint64_t)index * pool->item_bytes;
}
