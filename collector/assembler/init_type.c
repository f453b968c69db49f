/* SPDX-License-Identifier: Apache-2.0 */

/* Classes of inits; see init_type.h. */
#include "collector/assembler/init_type.h"

#include <signal.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/starter.h"
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

/* Of platforms with one process of a function in an instance, which they start again in it. */
static uint64_t place_of(const struct cs_assembled *instance)
{
	const struct cs_platform *platform = instance->identity.platform;

	return platform && platform->of_function && platform->instance
		       ? hash_of(instance, platform->instance)
		       : 0;
}

/* 0: who spawned it is not watched. It may have ended meanwhile. */
static uint64_t parent_segment_of(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	return e && e->parent_segment != instance->identity.segment ? e->parent_segment : 0;
}

/* Started by the same parent, or where its platform had it before. */
static bool same_place(const struct cs_crash *a, const struct cs_crash *b)
{
	if (a->place && a->place == b->place)
		return true;
	if (a->parent_segment || b->parent_segment)
		return a->parent_segment == b->parent_segment;
	return a->ppid == b->ppid && a->ppid > INIT_PID;
}

/* What is known of a process, as one that crashed. */
static struct cs_crash crash_of(struct cs_assembled *instance)
{
	return (struct cs_crash){ .segment = instance->identity.segment,
				  .place = place_of(instance),
				  .parent_segment = parent_segment_of(instance),
				  .ppid = instance->identity.ppid,
				  .uid = instance->identity.uid,
				  .function = function_of(instance),
				  .end_ns = instance->over ? cs_assembled_end(instance) : 0 };
}

/* Who waited for it may have said meanwhile that it ended before we knew. */
static uint64_t end_of(struct cs_crash *crash, struct cs_assembler *assembler)
{
	struct cs_assembled *dead = cs_assembled_find(assembler, crash->segment);

	if (dead && cs_assembled_end(dead) < crash->end_ns)
		crash->end_ns = cs_assembled_end(dead);
	return crash->end_ns;
}

/* The crash that @instance was started after; NULL: none is known. */
static struct cs_crash *crash_before(struct cs_assembled *instance)
{
	const struct cs_crash own = crash_of(instance);
	uint64_t spawn_ns = cs_assembled_spawn(instance);
	uint64_t begin_ns = spawn_ns ? spawn_ns : instance->identity.anchor_monotonic_ns;
	struct cs_crash *crashes = instance->assembler->crashes.slots;

	for (unsigned i = 0; i < CS_CRASHES_MAX; i++) {
		struct cs_crash *crash = &crashes[i];

		if (crash->function == own.function && crash->uid == own.uid &&
		    end_of(crash, instance->assembler) <= begin_ns && same_place(crash, &own))
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

	if (request && request->exec)
		return init;
	/* It had no event, and did not live to show by what way it would have had one. */
	if (!request && !cs_assembled_serves(instance) && !cs_assembled_asks(instance))
		return (struct cs_init){ .type = CS_INIT_UNKNOWN };
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

static void note_crash(struct cs_assembled *instance)
{
	struct cs_crashes *crashes = &instance->assembler->crashes;
	const struct cs_crash crash = crash_of(instance);

	for (unsigned i = 0; i < CS_CRASHES_MAX; i++) {
		/* All that it had in flight ended then. */
		if (crashes->slots[i].function && crashes->slots[i].segment == crash.segment)
			return;
	}
	crashes->slots[crashes->next++ % CS_CRASHES_MAX] = crash;
}

/* A process that ended well while it served was asked to end. */
void cs_init_crashed(const struct cs_request *request)
{
	struct cs_outcome outcome = request->outcome;

	if (request->exec || request->running ||
	    request->tag != (uint32_t)request->instance->identity.pid ||
	    outcome.cause == CS_CAUSE_NONE || (outcome.cause == CS_CAUSE_EXIT && outcome.code == 0))
		return;
	note_crash(request->instance);
}

/* Signals by which a program ends of its own fault; others are sent by who wants it to end. */
static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
	       signal == SIGABRT || signal == SIGSYS || signal == SIGTRAP;
}

/* Has it listened, or an API to ask for events, and got no further? */
static bool fell_before_ready(const struct cs_assembled *instance)
{
	const uint64_t *marks = instance->marks;

	return (marks[CS_MARK_LISTEN] || instance->identity.lambda) && !marks[CS_MARK_NEXT] &&
	       !marks[CS_MARK_REQUEST] && !cs_assembled_ready(instance);
}

void cs_init_ended(struct cs_assembled *instance)
{
	struct cs_outcome outcome = instance->outcome;
	bool serves = cs_assembled_serves(instance) || cs_assembled_asks(instance);

	if (outcome.cause == CS_CAUSE_SIGNAL ? serves && is_fault(outcome.code)
	    : outcome.cause == CS_CAUSE_EXIT ? outcome.code != 0 && fell_before_ready(instance)
					     : false)
		note_crash(instance);
}

void cs_init_concluded(struct cs_assembled *instance, struct cs_init init)
{
	struct cs_crash *crash = init.type == CS_INIT_REINIT ? crash_before(instance) : NULL;

	if (crash)
		*crash = (struct cs_crash){ .function = 0 };
}
