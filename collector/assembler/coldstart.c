/* SPDX-License-Identifier: Apache-2.0 */

/* Phases from boundaries; see coldstart.h. */
#include "collector/assembler/coldstart.h"

#define BEFORE "what came before was not seen"
#define CUT    "the process ended in it"
#define LATE   "user code was first opened after it was ready"

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

void cs_phase_part_say(struct cs_phase_part *part, const char *why, struct cs_arena *arena)
{
	const char *both;

	if (!part->approximate) {
		part->approximate = why;
		return;
	}
	both = cs_arena_printf(arena, "%s; %s", part->approximate, why);
	if (both)
		part->approximate = both;
}

static const char *why_unseen(const struct cs_bounds *bounds, int i)
{
	const uint64_t *at = bounds->at_ns;

	if (i == CS_BOUND_CODE && at[CS_BOUND_WAIT] && at[i] > at[CS_BOUND_WAIT])
		return LATE;
	return unseen[i];
}

/* What the boundaries say of the phases before them. */
static void set_parts(const struct cs_bounds *bounds, const uint64_t *at, struct cs_arena *arena,
		      struct cs_cold_start *ret)
{
	struct cs_phase_part *part = NULL;
	bool merged = false; /* the first one that was not seen stands for those behind it */

	for (int i = 0; i < CS_BOUND_END; i++) {
		if ((i == CS_BOUND_FETCH || i == CS_BOUND_RESTORE) && !at[i])
			continue; /* of most starts it is no part */
		if (part && i == CS_BOUND_WAIT && bounds->event_unseen)
			cs_phase_part_say(part, bounds->event_unseen, arena);
		else if (part && !at[i] && !merged)
			cs_phase_part_say(part, why_unseen(bounds, i), arena);
		merged = !at[i];
		if (!at[i])
			continue;
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
}

void cs_bounds_phases(const struct cs_bounds *bounds, struct cs_arena *arena,
		      struct cs_cold_start *ret)
{
	uint64_t at[CS_BOUND_COUNT];
	struct cs_phase_part *last;

	for (int i = 0; i < CS_BOUND_COUNT; i++)
		at[i] = bounds->at_ns[i];
	drop_disordered(at);
	if (bounds->native && !at[CS_BOUND_CODE] && !at[CS_BOUND_FETCH])
		at[CS_BOUND_CODE] = at[CS_BOUND_RUNTIME];
	ret->phases_count = 0;
	ret->start_ns = ret->end_ns = at[CS_BOUND_END];
	set_parts(bounds, at, arena, ret);
	if (!ret->phases_count)
		return;
	last = &ret->phases[ret->phases_count - 1];
	if (bounds->end_unseen)
		cs_phase_part_say(last, bounds->end_unseen, arena);
	else if (bounds->cut && (at[CS_BOUND_WAIT] || !bounds->event_unseen))
		cs_phase_part_say(last, CUT, arena);
}
