/* SPDX-License-Identifier: Apache-2.0 */

/* Which measurements are kept with their trace; see exemplars.h. */
#include "collector/metrics/exemplars.h"

/* Nobody misses what was told by a push, or measured before @old_unix_ns. */
static bool is_old(const struct cs_exemplar_slot *slot, uint64_t old_unix_ns)
{
	return slot->told || slot->time_unix_ns < old_unix_ns;
}

static bool better(const struct cs_exemplar_slot *a, const struct cs_exemplar_slot *b,
		   uint64_t old_unix_ns)
{
	if (is_old(a, old_unix_ns) != is_old(b, old_unix_ns))
		return is_old(b, old_unix_ns);
	if (a->cold != b->cold)
		return a->cold;
	return a->value > b->value;
}

void cs_exemplars_offer(struct cs_exemplars *exemplars, const struct cs_exemplar_slot *slot,
			uint32_t interval_ms)
{
	uint64_t new_ns = interval_ms * 1000000ull, old_unix_ns = 0;
	struct cs_exemplar_slot *worst = NULL;

	if (new_ns < CS_EXEMPLAR_NEW_NS)
		new_ns = CS_EXEMPLAR_NEW_NS;
	if (slot->time_unix_ns > new_ns)
		old_unix_ns = slot->time_unix_ns - new_ns;
	for (unsigned i = 0; i < exemplars->count; i++) {
		struct cs_exemplar_slot *has = &exemplars->slots[i];

		if (has->bucket == slot->bucket) {
			if (better(slot, has, old_unix_ns))
				*has = *slot;
			return;
		}
		if (!worst || better(worst, has, old_unix_ns))
			worst = has;
	}
	if (exemplars->count < CS_EXEMPLARS_MAX)
		exemplars->slots[exemplars->count++] = *slot;
	else if (better(slot, worst, old_unix_ns))
		*worst = *slot;
}
