/* SPDX-License-Identifier: Apache-2.0 */

/* Classes of inits; see init_type.h. */
#include "collector/init_type.h"

#include <string.h>

#include "collector/assembled.h"
#include "collector/starter.h"
#include "preload/wire/siphash.h"

#define INIT_PID 1 /* it adopts: that two have it as parent says nothing */

static uint64_t hash_of(const struct cs_assembled *instance, const char *text)
{
	return cs_siphash(instance->assembler->key.bytes, text, text ? strlen(text) : 0);
}

/* What it runs, and under which name. */
static uint64_t function_of(const struct cs_assembled *instance)
{
	const struct cs_identity *identity = &instance->identity;
	const uint64_t parts[] = { hash_of(instance, identity->name),
				   hash_of(instance, identity->exe),
				   hash_of(instance, identity->script) };
	uint64_t hash = cs_siphash(instance->assembler->key.bytes, parts, sizeof(parts));

	return hash ? hash : 1; /* 0: free */
}

/* 0: who spawned it is not watched. It may have ended meanwhile. */
static uint64_t parent_segment_of(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	return e && e->parent_segment != instance->identity.segment ? e->parent_segment : 0;
}

/* The crash that @instance was started after; NULL: none is known. */
static struct cs_crash *crash_before(struct cs_assembled *instance)
{
	const struct cs_identity *identity = &instance->identity;
	uint64_t parent_segment = parent_segment_of(instance);
	uint64_t spawn_ns = cs_assembled_spawn(instance);
	uint64_t begin_ns = spawn_ns ? spawn_ns : identity->anchor_monotonic_ns;
	uint64_t function = function_of(instance);
	struct cs_crash *crashes = instance->assembler->crashes.slots;

	for (unsigned i = 0; i < CS_CRASHES_MAX; i++) {
		struct cs_crash *crash = &crashes[i];

		if (crash->function == function && crash->uid == identity->uid &&
		    crash->end_ns <= begin_ns && crash->parent_segment == parent_segment &&
		    (parent_segment || crash->ppid == identity->ppid))
			return crash;
	}
	return NULL;
}

/* AWS's own word, where it is one of these. */
static enum cs_init_type platform_type(const struct cs_assembled *instance)
{
	const struct cs_lambda_place *place = instance->identity.lambda;
	const char *type = place ? place->init_type : NULL;

	if (instance->marks[CS_MARK_RESTORE])
		return CS_INIT_RESTORE;
	if (!type || !cs_assembled_asks(instance))
		return CS_INIT_UNKNOWN;
	return !strcmp(type, "on-demand")                  ? CS_INIT_ON_DEMAND
	       : !strcmp(type, "provisioned-concurrency")  ? CS_INIT_PROVISIONED
	       : !strcmp(type, "lambda-managed-instances") ? CS_INIT_PROVISIONED
	       : !strcmp(type, "snap-start")               ? CS_INIT_RESTORE
							   : CS_INIT_UNKNOWN;
}

/* Why the process was spawned, as far as its platform and its parent tell. */
static enum cs_init_type spawned_type(struct cs_assembled *instance, const struct cs_request *cause)
{
	struct cs_assembled *outermost = cs_starter_outermost(instance);
	const struct cs_evidence *e = cs_assembled_evidence(outermost);
	enum cs_init_type told = platform_type(instance);

	if (told != CS_INIT_UNKNOWN)
		return told;
	if (!e || !e->spawn_begin_ns || !parent_segment_of(outermost))
		return CS_INIT_UNKNOWN;
	if (cause && cause->start_ns <= e->spawn_begin_ns)
		return CS_INIT_ON_DEMAND;
	return e->parent_busy ? CS_INIT_UNKNOWN : CS_INIT_PROACTIVE;
}

/* Does a fork child serve, that executed nothing? It has a booted runtime from its parent. */
static bool is_forked(const struct cs_assembled *instance, const struct cs_request *request)
{
	if (request)
		return request->tag != (uint32_t)instance->identity.pid;
	return !instance->marks[CS_MARK_ACCEPT_WAIT] && cs_workers_ready(&instance->workers);
}

struct cs_init cs_init_of(struct cs_assembled *instance, const struct cs_request *request,
			  const struct cs_request *cause)
{
	struct cs_init init = { .type = CS_INIT_PER_REQUEST };

	if (request ? request->exec
		    : !cs_assembled_serves(instance) && !cs_assembled_asks(instance))
		return init;
	init.type = spawned_type(instance, cause);
	init.ahead = init.type == CS_INIT_PROACTIVE || init.type == CS_INIT_PROVISIONED;
	init.known = init.type != CS_INIT_UNKNOWN;
	if (crash_before(instance))
		init.type = CS_INIT_REINIT;
	else if ((init.type == CS_INIT_PROACTIVE || init.type == CS_INIT_UNKNOWN) &&
		 (!request || !request->lambda) && is_forked(instance, request))
		init.type = CS_INIT_FORK_POOL;
	return init;
}

enum cs_init_type cs_init_told(struct cs_init init, bool queued)
{
	bool open = init.type == CS_INIT_UNKNOWN || init.type == CS_INIT_FORK_POOL;

	return queued && open && !init.known ? CS_INIT_ON_DEMAND : init.type;
}

bool cs_init_counts(enum cs_init_type type)
{
	switch (type) {
	case CS_INIT_ON_DEMAND:
	case CS_INIT_RESTORE:
	case CS_INIT_REINIT:
		return true;
	case CS_INIT_UNKNOWN:
	case CS_INIT_PROACTIVE:
	case CS_INIT_PER_REQUEST:
	case CS_INIT_PROVISIONED:
	case CS_INIT_FORK_POOL:
		break;
	}
	return false;
}

/*
 * A process that ended well while it served was asked to end. Who is not watched and adopts is no
 * parent that could be known again.
 */
void cs_init_crashed(const struct cs_request *request)
{
	struct cs_assembled *instance = request->instance;
	const struct cs_identity *identity = &instance->identity;
	struct cs_crashes *crashes = &instance->assembler->crashes;
	struct cs_crash crash;

	if (request->exec || request->running || request->tag != (uint32_t)identity->pid ||
	    request->outcome.cause == CS_CAUSE_NONE ||
	    (request->outcome.cause == CS_CAUSE_EXIT && request->outcome.code == 0))
		return;
	crash = (struct cs_crash){ .parent_segment = parent_segment_of(instance),
				   .ppid = identity->ppid,
				   .uid = identity->uid,
				   .function = function_of(instance),
				   .end_ns = cs_assembled_end(instance) };
	if (!crash.parent_segment && crash.ppid <= INIT_PID)
		return;
	for (unsigned i = 0; i < CS_CRASHES_MAX; i++) {
		const struct cs_crash *known = &crashes->slots[i];

		/* Of the same process: all that it had in flight ended then. */
		if (known->function == crash.function && known->end_ns == crash.end_ns &&
		    known->parent_segment == crash.parent_segment && known->ppid == crash.ppid)
			return;
	}
	crashes->slots[crashes->next++ % CS_CRASHES_MAX] = crash;
}

void cs_init_concluded(struct cs_assembled *instance, struct cs_init init)
{
	struct cs_crash *crash = init.type == CS_INIT_REINIT ? crash_before(instance) : NULL;

	if (crash)
		*crash = (struct cs_crash){ .function = 0 };
}
