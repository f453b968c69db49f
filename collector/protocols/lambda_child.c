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
#define ANCESTORS_MAX   (2 * GENERATIONS_MAX)
#define LOOK_MAX        256u /* at events, on the way to one answer; beyond that it is not certain */

/* Who began, when, to start what led to a process. */
struct ancestor {
	int32_t pid;
	uint64_t began_ns; /* 0: not known */
};

static struct cs_asked *asked_by(const struct cs_assembled *instance, int32_t ppid)
{
	return &instance->assembler->asked[(uint32_t)ppid % CS_ASKED_BUCKETS];
}

void cs_lambda_child_began(struct cs_request *request)
{
	if (request->asker_ppid)
		LIST_INSERT_HEAD(asked_by(request->instance, request->asker_ppid), request, asked);
}

/* --- one that was alone --- */

/* Had who holds @request @other, too, for some of the time? */
static bool beside(const struct cs_request *request, const struct cs_request *other)
{
	return other != request && other->asker_ppid == request->asker_ppid &&
	       other->instance->identity.uid == request->instance->identity.uid &&
	       (!other->end_ns || other->end_ns >= request->start_ns) &&
	       (!request->end_ns || other->start_ns <= request->end_ns);
}

/* Those that were told of before have left word of that. */
static bool is_alone(const struct cs_request *request)
{
	const struct cs_request *other;
	unsigned looked = 0;

	if (request->beside_others)
		return false;
	LIST_FOREACH(other, asked_by(request->instance, request->asker_ppid), asked)
	{
		if (beside(request, other) || ++looked > LOOK_MAX)
			return false;
	}
	return true;
}

void cs_lambda_child_gone(struct cs_request *request)
{
	struct cs_request *other;
	unsigned looked = 0;

	if (!request->asker_ppid)
		return;
	LIST_FOREACH(other, asked_by(request->instance, request->asker_ppid), asked)
	{
		other->beside_others |= beside(request, other);
		if (++looked > LOOK_MAX)
			break;
	}
	LIST_REMOVE(request, asked);
}

bool cs_lambda_child_holds(const struct cs_request *request, uint64_t time_ns)
{
	return cs_request_has(request, time_ns) && is_alone(request);
}

/* --- whose child it is --- */

/* Of a fork child of @parent's: who forked it, and who forked those. Return: how many. */
static unsigned forkers_of(const struct cs_assembled *parent, uint32_t tag,
			   struct ancestor ret[GENERATIONS_MAX])
{
	const struct cs_worker *worker = cs_workers_find(&parent->workers, tag);
	unsigned n = 0;

	for (; n < GENERATIONS_MAX && worker; n++) {
		ret[n] = (struct ancestor){ (int32_t)worker->parent, worker->forked_ns };
		worker = cs_workers_find(&parent->workers, worker->parent);
	}
	return n;
}

static unsigned ancestors_of(struct cs_assembled *instance, struct ancestor ret[ANCESTORS_MAX])
{
	unsigned n = 0;

	while (n < GENERATIONS_MAX) {
		struct cs_assembled *parent = cs_assembled_parent(instance);
		int32_t ppid = instance->identity.ppid;

		ret[n++] = (struct ancestor){ ppid, cs_assembled_spawn(instance) };
		if (!parent)
			break;
		if (ppid != parent->identity.pid)
			return n + forkers_of(parent, (uint32_t)ppid, ret + n);
		instance = parent;
	}
	return n;
}

/* The next event, @from or behind it, that @ancestor held when it began. *@looked: at so many until now. */
static struct cs_request *next_held(const struct cs_assembled *instance,
				    const struct ancestor *ancestor, struct cs_request *from,
				    unsigned *looked)
{
	struct cs_request *request = from;

	for (; request && ++*looked <= LOOK_MAX; request = LIST_NEXT(request, asked)) {
		if (request->asker_ppid == ancestor->pid && ancestor->began_ns &&
		    cs_request_has(request, ancestor->began_ns) &&
		    request->instance->identity.uid == instance->identity.uid)
			return request;
	}
	return NULL;
}

struct cs_request *cs_lambda_child_of(struct cs_assembled *instance)
{
	struct cs_request *request, *found = NULL;
	struct ancestor ancestors[ANCESTORS_MAX];
	unsigned count, looked = 0;

	if (!instance->identity.lambda || instance->identity.ppid <= 1 ||
	    cs_assembled_is_function(instance))
		return NULL;
	count = ancestors_of(instance, ancestors);
	for (unsigned i = 0; i < count; i++) {
		request = LIST_FIRST(asked_by(instance, ancestors[i].pid));
		while ((request = next_held(instance, &ancestors[i], request, &looked))) {
			if (found)
				return NULL;
			found = request;
			request = LIST_NEXT(request, asked);
		}
	}
	/* Who asked may still be there: then it is not known yet that another holds it. */
	return looked <= LOOK_MAX && found && found->orphan ? found : NULL;
}
