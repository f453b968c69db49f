/* SPDX-License-Identifier: Apache-2.0 */

/* Which measurements are kept with their trace; see exemplars.h. */
#include "collector/metrics/exemplars.h"

static bool better(const struct cs_exemplar_slot *a, const struct cs_exemplar_slot *b)
{
	if (a->told != b->told)
		return b->told;
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
			if (better(slot, has))
				*has = *slot;
			return;
		}
		if (!worst || better(worst, has))
			worst = has;
	}
	if (exemplars->count < CS_EXEMPLARS_MAX)
		exemplars->slots[exemplars->count++] = *slot;
	else if (better(slot, worst))
		*worst = *slot;
}
