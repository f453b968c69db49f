/* SPDX-License-Identifier: Apache-2.0 */

/* One instance in the assembler: what is known of it, and what that says; see assembled.h. */
#include "collector/assembler/assembled.h"

#include "collector/assembler/attribution.h"
#include "collector/assembler/conclude.h"
#include "collector/protocols/stdio_loop.h"

struct cs_assembled *cs_assembler_attach(struct cs_assembler *assembler, uint64_t segment,
					 const struct cs_header *header, int32_t pid)
{
	struct cs_assembled *instance = calloc(1, sizeof(*instance));

	if (!instance)
		return NULL;
	cs_arena_init(&instance->arena, 0);
	instance->arena.block_bytes = 512; /* a few paths, for as long as the instance lives */
	if (cs_identity_read(header, &instance->arena, &instance->identity, &instance->env) < 0) {
		cs_arena_deinit(&instance->arena);
		free(instance);
		return NULL;
	}
	instance->assembler = assembler;
	instance->identity.segment = segment;
	if (pid > 0)
		instance->identity.pid = pid;
	instance->attach_cpu_ns = header->attach_cpu_ns;
	LIST_INIT(&instance->requests);
	LIST_INIT(&instance->in_flight);
	LIST_INIT(&instance->workers.list);
	LIST_INSERT_HEAD(&assembler->buckets[segment % CS_ASSEMBLED_BUCKETS], instance,
			 of_assembler);
	cs_assembler_look(instance, header);
	cs_assembled_ledger(instance, CS_LEDGER_START)->read++;
	return instance;
}

struct cs_assembled *cs_assembled_find(struct cs_assembler *assembler, uint64_t segment)
{
	struct cs_assembled *instance;

	LIST_FOREACH(instance, &assembler->buckets[segment % CS_ASSEMBLED_BUCKETS], of_assembler)
	{
		if (instance->identity.segment == segment)
			return instance;
	}
	return NULL;
}

struct cs_assembled *cs_assembled_parent(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	if (!e || !e->parent_segment || e->parent_segment == instance->identity.segment)
		return NULL;
	return cs_assembled_find(instance->assembler, e->parent_segment);
}

void cs_assembled_spawned(struct cs_assembler *assembler, int32_t pid,
			  const struct cs_spawning *spawning)
{
	struct cs_evidence *e = cs_evidence_spawned(&assembler->evidence, spawning->uid, pid,
						    spawning->begin_ns, spawning->segment);

	if (!e)
		return;
	e->parent_has_event = spawning->has_event;
	e->parent_busy |= spawning->busy;
	if (spawning->exec_ns)
		cs_evidence_add_exec(e, spawning->exec_ns);
}

void cs_assembled_join_spawn(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	const struct cs_identity *identity = &instance->identity;
	const struct cs_spawning *spawning;

	if (e && e->parent_segment)
		return;
	spawning = cs_spawnings_only(&instance->assembler->spawnings, identity->uid, identity->ppid,
				     identity->anchor_monotonic_ns);
	if (spawning)
		cs_assembled_spawned(instance->assembler, identity->pid, spawning);
}

void cs_assembler_shift(struct cs_assembled *instance, uint64_t shift_ns)
{
	struct cs_identity *identity = &instance->identity;

	identity->clock_shift_ns = shift_ns;
	identity->anchor_monotonic_ns = cs_assembled_ours(instance, identity->anchor_monotonic_ns);
	for (unsigned i = 0; i < CS_MARK_COUNT; i++)
		instance->marks[i] = cs_assembled_ours(instance, instance->marks[i]);
}

void cs_assembler_contained(struct cs_assembled *instance, const struct cs_container *container)
{
	instance->identity.container = cs_container_copy(container, &instance->arena);
}

void cs_assembler_look(struct cs_assembled *instance, const struct cs_header *header)
{
	for (unsigned i = 0; i < CS_MARK_COUNT; i++)
		instance->marks[i] = cs_assembled_ours(
			instance, atomic_load_explicit(&header->marks[i], memory_order_relaxed));
	for (unsigned i = 0; i < CS_FACT_COUNT; i++)
		instance->facts[i] = atomic_load_explicit(&header->facts[i], memory_order_relaxed);
	instance->stand_down = atomic_load_explicit(&header->stand_down, memory_order_relaxed);
}

void cs_assembler_read(struct cs_assembled *instance, uint64_t until_ns, uint64_t dropped,
		       uint64_t now_ns)
{
	if (dropped != instance->dropped) {
		cs_attribution_lost(instance, instance->read_ns, now_ns);
		cs_spawnings_forget(&instance->assembler->spawnings, instance->identity.segment);
	}
	instance->dropped = dropped;
	instance->read_ns = now_ns;
	instance->read_until_ns = until_ns;
}

void cs_assembler_usage(struct cs_assembled *instance, const struct cs_usage_so_far *used,
			bool ended)
{
	*(ended ? &instance->used_at_end : &instance->used_when_ready) = *used;
}

struct cs_evidence *cs_assembled_evidence(struct cs_assembled *instance)
{
	struct cs_evidence *e =
		cs_evidence_find(&instance->assembler->evidence, instance->identity.pid);
	uint64_t attach_ns = instance->identity.anchor_monotonic_ns;

	if (!e || e->spawn_begin_ns > attach_ns || (e->wait_ns && e->wait_ns < attach_ns) ||
	    (e->gone_ns && e->gone_ns < attach_ns))
		return NULL; /* of another process under the same pid */
	if (e->uid != 0 && e->uid != instance->identity.uid)
		return NULL; /* of another user's making */
	return e;
}

uint64_t cs_assembled_exec(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	uint64_t exec_ns = e ? cs_evidence_exec_before(e, instance->marks[CS_MARK_ATTACH]) : 0;

	/* Before its spawn: told by a child that was spawned into another time namespace. */
	if (exec_ns > instance->exec_ns && exec_ns >= e->spawn_begin_ns)
		instance->exec_ns = exec_ns;
	return instance->exec_ns;
}

bool cs_assembled_serves(const struct cs_assembled *instance)
{
	const uint64_t *marks = instance->marks;

	if (instance->connected || marks[CS_MARK_REQUEST] || cs_workers_ready(&instance->workers))
		return true;
	/* Who listens for its own children (a pool of processes) reads its event from standard input. */
	return marks[CS_MARK_LISTEN] && (marks[CS_MARK_ACCEPT_WAIT] || !marks[CS_MARK_STDIN_READ]);
}

bool cs_assembled_has_ring(const struct cs_assembled *instance)
{
	return instance->stand_down >> CS_STAND_DOWN_IO_URING & 1;
}

const char *cs_assembled_ring_reason(const struct cs_assembled *instance)
{
	if (cs_assembled_has_ring(instance))
		return CS_RING_UNSEEN;
	return instance->stand_down >> CS_STAND_DOWN_LIBURING & 1 ? CS_LIBURING_UNSEEN : NULL;
}

/* Who has answered others through libc does so always: libuv has rings for files alone. */
bool cs_assembled_answers_unseen(const struct cs_request *request)
{
	return cs_assembled_ring_reason(request->instance) && !request->first_byte_ns &&
	       !request->instance->marks[CS_MARK_RESPONSE] &&
	       cs_conclude_protocol(request->instance, request) == CS_PROTOCOL_HTTP;
}

bool cs_assembled_serves_unseen(const struct cs_assembled *instance)
{
	return cs_assembled_ring_reason(instance) && instance->marks[CS_MARK_LISTEN] &&
	       (!instance->marks[CS_MARK_ACCEPT_WAIT] || instance->facts[CS_FACT_CONNECTIONS]);
}

uint64_t cs_assembled_ready(const struct cs_assembled *instance)
{
	uint64_t own_ns = instance->marks[CS_MARK_ACCEPT_WAIT];

	if (instance->marks[CS_MARK_FETCH])
		return instance->marks[CS_MARK_LOADED];
	return own_ns ? own_ns : cs_workers_ready(&instance->workers);
}

bool cs_assembled_is_function(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	if (cs_lambda_is_extension(instance))
		return false;
	if (!e || e->hinted || !e->parent_segment ||
	    e->parent_segment == instance->identity.segment)
		return true;
	return cs_assembled_serves(instance) || cs_lambda_is_runtime(instance) ||
	       cs_stdio_is_function(instance) ||
	       ((instance->env.method || instance->identity.on_platform) && !e->parent_has_event);
}
