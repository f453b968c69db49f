/* SPDX-License-Identifier: Apache-2.0 */

/* Which measurements are kept with their trace; see exemplars.h. */
#include "collector/metrics/exemplars.h"

/* Nobody misses it any more, who is given one that was made at @now_unix_ns. */
static bool is_old(const struct cs_exemplar_slot *slot, uint64_t now_unix_ns)
{
	return slot->told || slot->time_unix_ns + CS_EXEMPLAR_NEW_NS < now_unix_ns;
}

static bool better(const struct cs_exemplar_slot *a, const struct cs_exemplar_slot *b,
		   uint64_t now_unix_ns)
{
	if (is_old(a, now_unix_ns) != is_old(b, now_unix_ns))
		return is_old(b, now_unix_ns);
	if (a->cold != b->cold)
		return a->cold;
	return a->value > b->value;
}

void cs_exemplars_offer(struct cs_exemplars *exemplars, const struct cs_exemplar_slot *slot)
{
	struct cs_exemplar_slot *worst = NULL;

	for (unsigned i = 0; i < exemplars->count; i++) {
		struct cs_exemplar_slot *has = &exemplars->slots[i];

		if (has->bucket == slot->bucket) {
			if (better(slot, has, slot->time_unix_ns))
				*has = *slot;
			return;
		}
		if (!worst || better(worst, has, slot->time_unix_ns))
			worst = has;
	}
	if (exemplars->count < CS_EXEMPLARS_MAX)
		exemplars->slots[exemplars->count++] = *slot;
	else if (better(slot, worst, slot->time_unix_ns))
		*worst = *slot;
}
