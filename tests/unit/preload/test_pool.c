/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/pool; its races are in tests/race/conn_stress.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/pool.h"

#define ITEMS 3u

static uint64_t items[ITEMS * 2];
static struct cs_pool pool;

static void setup(void)
{
	cs_pool_init(&pool, items, ITEMS, 16);
}

Test(pool, gives_every_item_once_then_none, .init = setup)
{
	for (uint32_t i = 0; i < ITEMS; i++)
		cr_assert(eq(u32, cs_pool_take(&pool), i));
	cr_assert(eq(u32, cs_pool_take(&pool), CS_POOL_NONE));
	cr_assert(eq(u32, cs_pool_take(&pool), CS_POOL_NONE));
}

Test(pool, gives_back_the_last_one_first, .init = setup)
{
	for (uint32_t i = 0; i < ITEMS; i++)
		cs_pool_take(&pool);
	cs_pool_put(&pool, 1);
	cs_pool_put(&pool, 2);
	cr_assert(eq(u32, cs_pool_take(&pool), 2));
	cr_assert(eq(u32, cs_pool_take(&pool), 1));
	cr_assert(eq(u32, cs_pool_take(&pool), CS_POOL_NONE));
}

Test(pool, prefers_what_was_used_to_what_never_was, .init = setup)
{
	cs_pool_put(&pool, cs_pool_take(&pool));
	cr_assert(eq(u32, cs_pool_take(&pool), 0));
	cr_assert(eq(u32, cs_pool_take(&pool), 1));
}

Test(pool, items_are_apart, .init = setup)
{
	cr_assert(eq(ptr, cs_pool_item(&pool, 2), (void *)&items[4]));
}
