/* SPDX-License-Identifier: Apache-2.0 */

/* What has ended is told ahead of its time, where there is no room to wait; see assembled.h. */
#include "collector/assembler/assembled.h"
#include "collector/assembler/starter.h"

#define LOOK_MAX                                                                                   \
	64u /* of those held, that are of others: a busy instance's own are among the oldest */
#define STARTERS_MAX                                                                               \
	16u /* runtimes behind runtimes: bounded, a liar may have made a ring of them */

/* Has all been read that its processes, and those who handed events to it, had written by then? */
static bool is_read(struct cs_assembled *instance, uint64_t time_ns)
{
	for (unsigned i = 0; i < STARTERS_MAX; i++) {
		if (instance->read_until_ns < time_ns)
			return false;
		instance = cs_assembled_parent(cs_starter_outermost(instance));
		if (!instance)
			return true;
	}
	return false;
}

/* Nothing of it goes on, and no other word is waited for: of its start, its end, or its owner. */
static bool is_settled(const struct cs_request *request)
{
	return request->instance->concluded && !request->cold && !request->exec &&
	       !request->lambda && !request->api && !request->orphan && !request->running &&
	       request->outcome.cause == CS_CAUSE_NONE && !cs_call_list_is_open(&request->calls);
}

bool cs_assembled_hurry(struct cs_assembled *instance)
{
	struct cs_assembler *assembler = instance->assembler;
	struct cs_request *request;
	unsigned looked = 0;

	TAILQ_FOREACH(request, &assembler->held, held) {
		if (request->instance == instance && is_settled(request)) {
			if (!is_read(instance, request->end_ns))
				return false;
			assembler->stats.hurried++;
			cs_assembled_hand_over(request);
			return true;
		}
		if (++looked == LOOK_MAX)
			break;
	}
	return false;
}
