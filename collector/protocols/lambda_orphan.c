/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events whose process has ended well before they were answered: a bootstrap in shell asks for an
 * event with one curl and answers it with another. They belong to the process that started both, and
 * end with their answer, or with that process.
 */
#include "collector/assembler/assembled.h"

#include <string.h>

#define GENERATIONS_MAX 8u /* between a bootstrap and its curl */

static bool same_service(const struct cs_assembled *a, const struct cs_assembled *b)
{
	return a->identity.lambda && b->identity.lambda && a->identity.uid == b->identity.uid &&
	       !strcmp(a->identity.lambda->runtime_api, b->identity.lambda->runtime_api);
}

/* The outermost process of the same environment that led to @instance; NULL: none is watched. */
static struct cs_assembled *owner_of(struct cs_assembled *instance)
{
	struct cs_assembled *owner = NULL, *parent = cs_assembled_parent(instance);

	for (unsigned i = 0; i < GENERATIONS_MAX && parent && same_service(instance, parent); i++) {
		owner = parent;
		parent = cs_assembled_parent(parent);
	}
	return owner;
}

bool cs_lambda_orphan(struct cs_request *request, struct cs_outcome outcome)
{
	bool own = request->tag == (uint32_t)request->instance->identity.pid;

	if (!request->lambda || request->orphan)
		return request->orphan;
	/* Who has answered events is no command, however it ends. */
	if (own && request->instance->answers)
		return false;
	/* Of a fork child nobody may have told yet. It is no command of a bootstrap's. */
	if (!own && outcome.cause == CS_CAUSE_UNKNOWN)
		return false;
	if (outcome.cause != CS_CAUSE_UNKNOWN &&
	    (outcome.cause != CS_CAUSE_EXIT || outcome.code != 0)) {
		request->instance->answers = true;
		return false;
	}
	request->orphan = true;
	request->instance->assembler->orphans_count++;
	return true;
}

void cs_lambda_event_ends(struct cs_request *request)
{
	if (!request->lambda || request->end_ns)
		return;
	LIST_REMOVE(request, events);
	request->instance->assembler->orphans_count -= request->orphan;
}

struct cs_request *cs_lambda_find_others(struct cs_assembled *instance, const char *id,
					 size_t id_len)
{
	struct cs_request *request;

	LIST_FOREACH(request, &instance->assembler->events, events)
	{
		if (strlen(request->lambda->id) != id_len ||
		    memcmp(request->lambda->id, id, id_len) != 0 ||
		    !same_service(request->instance, instance))
			continue;
		/* Of the one that asked, it may not be known yet that it is over. */
		instance->assembler->orphans_count += !request->orphan;
		request->orphan = true;
		return request;
	}
	return NULL;
}

static void end_with(struct cs_request *request, struct cs_outcome outcome, bool lives,
		     uint64_t time_ns)
{
	request->aborted = outcome.cause != CS_CAUSE_NONE;
	request->running = lives;
	request->approximate = lives ? CS_STILL_RUNNING : request->approximate;
	request->outcome = outcome;
	cs_assembled_finish(request, time_ns, time_ns);
}

/* Return: it is undecided what becomes of it, but will be. */
static bool settle(struct cs_request *request, uint64_t now_ns)
{
	struct cs_assembled *instance = request->instance, *owner = owner_of(instance);
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	if (e && e->ended && e->wait_status) {
		end_with(request, cs_outcome_of_status(e->wait_status), false, instance->end_ns);
		return true;
	}
	if (owner && !owner->over && !owner->detached)
		return false;
	if (owner && owner->over) {
		end_with(request, owner->outcome, owner->end == CS_ASSEMBLER_SHUTDOWN,
			 owner->end_ns);
		return true;
	}
	if (now_ns >= cs_assembler_due(instance->end_ns))
		end_with(request,
			 instance->over ? instance->outcome
					: (struct cs_outcome){ CS_CAUSE_UNKNOWN, 0 },
			 false, instance->end_ns);
	return true;
}

bool cs_lambda_settle_orphans(struct cs_assembler *assembler, uint64_t now_ns)
{
	struct cs_request *request = LIST_FIRST(&assembler->events), *next;
	bool waiting = false;

	for (; request && assembler->orphans_count; request = next) {
		next = LIST_NEXT(request, events);
		if (request->orphan)
			waiting |= settle(request, now_ns);
	}
	return waiting;
}

void cs_lambda_hand_up(struct cs_assembled *instance)
{
	const struct cs_lambda_place *place = instance->identity.lambda;
	struct cs_assembled *owner;

	if (!place || !place->init_error)
		return;
	owner = owner_of(instance);
	if (!owner || owner->identity.lambda->init_error)
		return;
	owner->identity.lambda->restore_failed = place->restore_failed;
	owner->identity.lambda->init_error =
		cs_arena_strndup(&owner->arena, place->init_error, CS_TELEMETRY_STRING_MAX);
}

void cs_lambda_adopt(struct cs_request *request)
{
	struct cs_assembled *instance = request->instance, *owner;

	owner = request->orphan ? owner_of(instance) : NULL;
	if (!owner)
		return;
	LIST_REMOVE(request, of_instance);
	instance->requests_count--;
	instance->requests_bytes -= request->bytes;
	if (instance->first == request)
		instance->first = NULL;
	LIST_INSERT_HEAD(&owner->requests, request, of_instance);
	owner->requests_count++;
	owner->requests_bytes += request->bytes;
	request->origin = instance->identity.segment;
	request->instance = owner;
	request->tag = (uint32_t)owner->identity.pid;
	request->cold = !owner->first_seen;
	if (request->cold)
		owner->first = request;
	owner->first_seen = true;
}
