/* SPDX-License-Identifier: Apache-2.0 */

/* What the collector exports, by the names that Prometheus has for it. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "collector/metrics/instruments.h"

struct cs_exported {
	const char *names
		[CS_INSTRUMENT_ID_COUNT]; /* without _total, _bucket, _sum, _count; in the arena */
};

/** cs_exported_init() - out of the list of instruments. Return: 0; -ENOMEM. */
int cs_exported_init(struct cs_exported *exported, struct cs_arena *arena) cs_must_use;

/** cs_exported_find() - the instrument of a series @name of @len bytes; NULL: none makes it. */
const struct cs_instrument *cs_exported_find(const struct cs_exported *exported, const char *name,
					     size_t len);
