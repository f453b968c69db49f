/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of a bootstrap's children: a bootstrap in shell asks for an event with one command, has it handled
 * by others, and answers it with one more. What such a child writes is the event's where that is certain:
 * the process that started the command that asked started the child, too, after the event had come and
 * before it was answered; the line was written before that, too; and that process had no other event in all
 * that time. Judged by the times of the records: each of the three commands has a ring of its own, and these
 * are read in any order.
 */
#include "collector/assembler/assembled.h"

#define GENERATIONS_MAX 8u
#define HELD_LOOK_MAX   256u

/* Who holds the event: who started the command that asked for it. 0: nobody else does. */
static int32_t holder_of(const struct cs_request *request)
{
	return request->lambda && request->orphan ? request->asker_ppid : 0;
}

/* Of a fork child of @parent's: which child of @holder it came of, and when that was forked. 0: none. */
static uint64_t forked_below(const struct cs_assembled *parent, uint32_t tag, int32_t holder)
{
	const struct cs_worker *worker = cs_workers_find(&parent->workers, tag);

	for (unsigned i = 0; i < GENERATIONS_MAX && worker; i++) {
		if ((int32_t)worker->parent == holder)
			return worker->forked_ns;
		worker = cs_workers_find(&parent->workers, worker->parent);
	}
	return 0;
}

/* When @holder began to start the child that led to @instance; 0: it did not, or that is not known. */
static uint64_t started_by(struct cs_assembled *instance, int32_t holder)
{
	for (unsigned i = 0; i < GENERATIONS_MAX; i++) {
		struct cs_assembled *parent = cs_assembled_parent(instance);

		if (instance->identity.ppid == holder)
			return cs_assembled_spawn(instance);
		if (!parent)
			return 0;
		if (instance->identity.ppid != parent->identity.pid)
			return forked_below(parent, (uint32_t)instance->identity.ppid, holder);
		instance = parent;
	}
	return 0;
}

static bool beside(const struct cs_request *request, const struct cs_request *other)
{
	return other != request && other->lambda && other->asker_ppid == request->asker_ppid &&
	       (!other->end_ns || other->end_ns >= request->start_ns) &&
	       (!request->end_ns || other->start_ns <= request->end_ns);
}

/* Had who holds it no other event beside it? Those that were told of before have left word of that. */
static bool is_alone(const struct cs_request *request)
{
	const struct cs_request *other;
	unsigned looked = 0;

	if (request->beside_others)
		return false;
	LIST_FOREACH(other, &request->instance->assembler->events, events)
	{
		if (beside(request, other) || (other->end_ns && ++looked > HELD_LOOK_MAX))
			return false;
	}
	return true;
}

void cs_lambda_child_told(const struct cs_request *request)
{
	struct cs_request *other;

	if (!holder_of(request))
		return;
	LIST_FOREACH(other, &request->instance->assembler->events, events)
	{
		other->beside_others |= beside(request, other);
	}
}

bool cs_lambda_child_holds(const struct cs_request *request, uint64_t time_ns)
{
	return cs_request_has(request, time_ns) && is_alone(request);
}

struct cs_request *cs_lambda_child_of(struct cs_assembled *instance)
{
	struct cs_request *request, *found = NULL;

	if (!instance->identity.lambda || instance->identity.ppid <= 1 ||
	    cs_assembled_is_function(instance))
		return NULL;
	LIST_FOREACH(request, &instance->assembler->events, events)
	{
		int32_t holder = holder_of(request);
		uint64_t started_ns = holder ? started_by(instance, holder) : 0;

		if (!started_ns || !cs_request_has(request, started_ns) ||
		    request->instance->identity.uid != instance->identity.uid)
			continue;
		if (found)
			return NULL;
		found = request;
	}
	return found;
}
