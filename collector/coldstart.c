/* SPDX-License-Identifier: Apache-2.0 */

/* Phases from boundaries; see coldstart.h. */
#include "collector/coldstart.h"

#include <string.h>

#define BEFORE "what came before was not seen"
#define CUT    "the process ended in it"

_Static_assert((int)CS_BOUND_END == (int)CS_PHASE_COUNT, "boundary i begins phase i");

/* What a phase says when the boundary behind it was not seen. */
static const char *const unseen[CS_BOUND_COUNT] = {
	[CS_BOUND_SPAWN] = "spawn was not seen",
	[CS_BOUND_EXEC] = "exec was not seen",
	[CS_BOUND_LINK] = "constructor was not seen",
	[CS_BOUND_RUNTIME] = "main was not seen",
	[CS_BOUND_CODE] = "no open of user code was seen",
	[CS_BOUND_WAIT] = "readiness was not seen",
	[CS_BOUND_HANDLER] = "first event was not seen",
	[CS_BOUND_RESPOND] = "first byte out was not seen",
};

/* Later boundaries are the stronger evidence: what claims to lie behind them is dropped. */
static void drop_disordered(uint64_t *at)
{
	uint64_t limit = at[CS_BOUND_END];

	for (int i = CS_BOUND_END - 1; i >= 0; i--) {
		if (at[i] > limit)
			at[i] = 0;
		else if (at[i])
			limit = at[i];
	}
}

void cs_bounds_phases(const struct cs_bounds *bounds, struct cs_cold_start *ret)
{
	uint64_t at[CS_BOUND_COUNT];
	struct cs_phase_part *part = NULL;

	for (int i = 0; i < CS_BOUND_COUNT; i++)
		at[i] = bounds->at_ns[i];
	drop_disordered(at);
	if (bounds->native && !at[CS_BOUND_CODE])
		at[CS_BOUND_CODE] = at[CS_BOUND_RUNTIME];
	ret->phases_count = 0;
	ret->start_ns = ret->end_ns = at[CS_BOUND_END];
	for (int i = 0; i < CS_BOUND_END; i++) {
		if (!at[i]) {
			if (part && !part->approximate)
				part->approximate = unseen[i];
			continue;
		}
		if (part && i == CS_BOUND_WAIT && !part->approximate)
			part->approximate = bounds->event_unseen;
		if (part)
			part->end_ns = at[i];
		else
			ret->start_ns = at[i];
		part = &ret->phases[ret->phases_count++];
		*part = (struct cs_phase_part){ .phase = (enum cs_phase)i,
						.start_ns = at[i],
						.end_ns = at[CS_BOUND_END] };
		if (ret->phases_count == 1 && i > CS_BOUND_SPAWN)
			part->approximate = BEFORE;
	}
	if (!part)
		return;
	if (bounds->end_unseen)
		part->approximate = bounds->end_unseen;
	else if (bounds->cut && !at[CS_BOUND_WAIT] && bounds->event_unseen &&
		 !(part->approximate && !strcmp(part->approximate, BEFORE)))
		part->approximate = bounds->event_unseen;
	else if (bounds->cut)
		part->approximate = part->approximate && !strcmp(part->approximate, BEFORE) ? BEFORE
					    "; " CUT
											    : CUT;
}
