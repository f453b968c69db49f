/* SPDX-License-Identifier: Apache-2.0 */

/* Spawns that have not come back; see spawning.h. */
#include "collector/assembler/spawning.h"

#include <stddef.h>

#include "preload/wire/records.h"

void cs_spawnings_begin(struct cs_spawnings *spawnings, const struct cs_spawning *one)
{
	spawnings->items[spawnings->next++ % CS_SPAWNINGS_MAX] = *one;
}

static struct cs_spawning *find(struct cs_spawnings *spawnings, uint64_t segment, uint64_t begin_ns)
{
	for (unsigned i = 0; i < CS_SPAWNINGS_MAX; i++) {
		struct cs_spawning *one = &spawnings->items[i];

		if (one->parent && one->segment == segment && one->begin_ns == begin_ns)
			return one;
	}
	return NULL;
}

void cs_spawnings_exec(struct cs_spawnings *spawnings, uint64_t segment, uint64_t begin_ns,
		       uint64_t exec_ns)
{
	struct cs_spawning *one = find(spawnings, segment, begin_ns);

	if (one)
		one->exec_ns = exec_ns;
}

void cs_spawnings_end(struct cs_spawnings *spawnings, uint64_t segment, uint64_t begin_ns)
{
	struct cs_spawning *one = find(spawnings, segment, begin_ns);

	if (one)
		*one = (struct cs_spawning){ 0 };
}

void cs_spawnings_gone(struct cs_spawnings *spawnings, uint64_t segment, int32_t parent,
		       uint64_t gone_ns)
{
	for (unsigned i = 0; i < CS_SPAWNINGS_MAX; i++) {
		struct cs_spawning *one = &spawnings->items[i];

		if (one->segment == segment && (!parent || one->parent == parent) && !one->gone_ns)
			one->gone_ns = gone_ns;
	}
}

void cs_spawnings_forget(struct cs_spawnings *spawnings, uint64_t segment)
{
	for (unsigned i = 0; i < CS_SPAWNINGS_MAX; i++) {
		if (spawnings->items[i].segment == segment)
			spawnings->items[i] = (struct cs_spawning){ 0 };
	}
}

static bool may_be_of(const struct cs_spawning *one, uint32_t uid, int32_t parent,
		      uint64_t attach_ns)
{
	if (one->parent != parent || (one->uid != uid && one->uid != 0))
		return false;
	if (one->begin_ns > attach_ns || (one->gone_ns && one->gone_ns < attach_ns))
		return false;
	return one->exec_ns ? one->exec_ns <= attach_ns : one->kind != CS_SPAWN_VFORK;
}

const struct cs_spawning *cs_spawnings_only(const struct cs_spawnings *spawnings, uint32_t uid,
					    int32_t parent, uint64_t attach_ns)
{
	const struct cs_spawning *found = NULL;

	if (parent <= 0)
		return NULL;
	for (unsigned i = 0; i < CS_SPAWNINGS_MAX; i++) {
		const struct cs_spawning *one = &spawnings->items[i];

		if (!may_be_of(one, uid, parent, attach_ns))
			continue;
		if (found)
			return NULL;
		found = one;
	}
	return found;
}
