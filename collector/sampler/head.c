/* SPDX-License-Identifier: Apache-2.0 */

/* Head sampling; see head.h. */
#include "collector/sampler/head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = { [CS_HEAD_NONE] = "none",
#define X(id, name) [CS_HEAD_##id] = (name),
				     CS_HEADS(X)
#undef X
};

const char *cs_head_name(enum cs_head_kind kind)
{
	return names[kind];
}

int cs_head_find(const char *name, size_t len, enum cs_head_kind *ret)
{
	for (unsigned kind = CS_HEAD_NONE + 1; kind < sizeof(names) / sizeof(names[0]); kind++) {
		if (strlen(names[kind]) == len && !strncasecmp(name, names[kind], len)) {
			*ret = (enum cs_head_kind)kind;
			return 0;
		}
	}
	return -EINVAL;
}

bool cs_head_has_ratio(enum cs_head_kind kind)
{
	return kind == CS_HEAD_RATIO || kind == CS_HEAD_PARENT_RATIO;
}

/* Of a trace of which nobody has decided; and by those that do not ask. */
static uint64_t own_threshold(const struct cs_head *head)
{
	switch (head->kind) {
	case CS_HEAD_NONE:
	case CS_HEAD_ALWAYS_ON:
	case CS_HEAD_PARENT_ALWAYS_ON:
		return CS_THRESHOLD_ALL;
	case CS_HEAD_ALWAYS_OFF:
	case CS_HEAD_PARENT_ALWAYS_OFF:
		return CS_THRESHOLD_NOTHING;
	case CS_HEAD_RATIO:
	case CS_HEAD_PARENT_RATIO:
		return cs_threshold_of(head->ratio, CS_THRESHOLD_PRECISION);
	}
	return CS_THRESHOLD_ALL;
}

static bool asks_parent(enum cs_head_kind kind)
{
	return kind == CS_HEAD_PARENT_ALWAYS_ON || kind == CS_HEAD_PARENT_ALWAYS_OFF ||
	       kind == CS_HEAD_PARENT_RATIO;
}

enum cs_head_verdict cs_head_decide(const struct cs_head *head,
				    const struct cs_span_context *context,
				    const struct cs_ot_state *state, uint64_t *ret_threshold)
{
	uint64_t random = cs_ot_state_randomness(state, &context->trace_id);

	if (!asks_parent(head->kind) || !context->caller_decided) {
		*ret_threshold = own_threshold(head);
		return random >= *ret_threshold ? CS_HEAD_KEEP : CS_HEAD_OUT;
	}
	if (!(context->trace_flags & CS_TRACE_FLAG_SAMPLED))
		return CS_HEAD_OUT_PARENT;
	/* What contradicts itself says nothing. */
	*ret_threshold = state->threshold != CS_THRESHOLD_UNKNOWN && random >= state->threshold
				 ? state->threshold
				 : CS_THRESHOLD_UNKNOWN;
	return CS_HEAD_KEEP;
}
