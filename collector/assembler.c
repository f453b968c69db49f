/* SPDX-License-Identifier: Apache-2.0 */

/* The assembler's bookkeeping: instances, requests in flight, what is held; see assembler.h. */
#include "collector/assembler.h"

#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "collector/assembled.h"
#include "collector/attribution.h"
#include "collector/clock_shift.h"
#include "collector/conclude.h"
#include "collector/stdio_loop.h"
#include "collector/wrapper.h"

struct cs_assembler *cs_assembler_new(const struct cs_id_key *key,
				      const struct cs_assembler_sink *sink)
{
	struct cs_assembler *assembler = calloc(1, sizeof(*assembler));

	if (!assembler)
		return NULL;
	assembler->key = *key;
	assembler->sink = *sink;
	TAILQ_INIT(&assembler->held);
	TAILQ_INIT(&assembler->kept);
	return assembler;
}

static void free_instance(struct cs_assembled *instance)
{
	cs_logs_instance_gone(instance);
	while (!LIST_EMPTY(&instance->requests))
		cs_assembled_forget(LIST_FIRST(&instance->requests));
	cs_api_table_free(instance->api);
	LIST_REMOVE(instance, of_assembler);
	cs_calls_free(instance->calls);
	cs_workers_deinit(&instance->workers);
	cs_asides_deinit(&instance->asides);
	cs_arena_deinit(&instance->arena);
	free(instance);
}

struct cs_assembler *cs_assembler_free(struct cs_assembler *assembler)
{
	if (!assembler)
		return NULL;
	for (unsigned i = 0; i < CS_ASSEMBLED_BUCKETS; i++) {
		while (!LIST_EMPTY(&assembler->buckets[i]))
			free_instance(LIST_FIRST(&assembler->buckets[i]));
	}
	cs_attempts_deinit(&assembler->attempts);
	free(assembler);
	return NULL;
}

void cs_assembler_xray_parent(struct cs_assembler *assembler)
{
	assembler->xray_parent = true;
}

void cs_assembler_follow(struct cs_assembler *assembler, const struct cs_outside *outside)
{
	assembler->outside = outside;
}

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

/* A stamp of its clock, on ours. */
static uint64_t ours(const struct cs_assembled *instance, uint64_t stamp_ns)
{
	return cs_clock_shift_apply(instance->identity.clock_shift_ns, stamp_ns);
}

void cs_assembler_shift(struct cs_assembled *instance, uint64_t shift_ns)
{
	struct cs_identity *identity = &instance->identity;

	identity->clock_shift_ns = shift_ns;
	identity->anchor_monotonic_ns = ours(instance, identity->anchor_monotonic_ns);
	for (unsigned i = 0; i < CS_MARK_COUNT; i++)
		instance->marks[i] = ours(instance, instance->marks[i]);
}

void cs_assembler_contained(struct cs_assembled *instance, const struct cs_container *container)
{
	instance->identity.container = cs_container_copy(container, &instance->arena);
}

void cs_assembler_look(struct cs_assembled *instance, const struct cs_header *header)
{
	for (unsigned i = 0; i < CS_MARK_COUNT; i++)
		instance->marks[i] = ours(
			instance, atomic_load_explicit(&header->marks[i], memory_order_relaxed));
	for (unsigned i = 0; i < CS_FACT_COUNT; i++)
		instance->facts[i] = atomic_load_explicit(&header->facts[i], memory_order_relaxed);
	instance->stand_down = atomic_load_explicit(&header->stand_down, memory_order_relaxed);
}

void cs_assembler_read(struct cs_assembled *instance, uint64_t until_ns, uint64_t dropped,
		       uint64_t now_ns)
{
	if (dropped != instance->dropped)
		cs_attribution_lost(instance, instance->read_ns, now_ns);
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

uint64_t cs_assembled_ready(const struct cs_assembled *instance)
{
	uint64_t own_ns = instance->marks[CS_MARK_ACCEPT_WAIT];

	return own_ns ? own_ns : cs_workers_ready(&instance->workers);
}

bool cs_assembled_is_function(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	if (!e || e->hinted || !e->parent_segment ||
	    e->parent_segment == instance->identity.segment)
		return true;
	return cs_assembled_serves(instance) || cs_stdio_is_function(instance) ||
	       ((instance->env.method || instance->identity.on_platform) && !e->parent_has_event);
}

/* --- records --- */

static void on_spawned(struct cs_assembled *instance, int32_t pid, uint64_t begin_ns)
{
	struct cs_evidence *e =
		cs_evidence_spawned(&instance->assembler->evidence, instance->identity.uid, pid,
				    begin_ns, instance->identity.segment);

	if (!e)
		return;
	e->parent_has_event = instance->env.method || instance->identity.on_platform;
	e->parent_busy |= !LIST_EMPTY(&instance->in_flight);
}

static void on_forked(struct cs_assembled *instance, uint32_t tag, const struct cs_rec_process *rec,
		      uint64_t time_ns)
{
	if (rec->spawn_begin_ns)
		time_ns = ours(instance, rec->spawn_begin_ns);
	on_spawned(instance, (int32_t)tag, time_ns);
	cs_workers_forked(&instance->workers, tag, rec, time_ns);
}

static void on_exec(struct cs_assembled *instance, const struct cs_rec_exec *rec, uint64_t time_ns)
{
	if (rec->pid == instance->identity.pid) {
		instance->exec_called_ns = time_ns;
		cs_assembled_exec(instance);
	}
	cs_evidence_exec(&instance->assembler->evidence, instance->identity.uid, rec, time_ns);
	if (rec->pid > 0 && rec->spawn_begin_ns)
		on_spawned(instance, rec->pid, ours(instance, rec->spawn_begin_ns));
}

void cs_assembler_record(struct cs_assembled *instance, const struct cs_entry *entry,
			 uint64_t now_ns)
{
	uint64_t time_ns = ours(instance, entry->record.time_ns);
	const void *payload = &entry->record + 1;
	const struct cs_rec_spawn *spawn = payload;

	instance->heard_ns = now_ns;
	if (entry->record.payload_len < cs_record_payload_min(entry->record.type)) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	switch (entry->record.type) {
	case CS_RECORD_PROCESS:
		on_forked(instance, entry->pid, payload, time_ns);
		break;
	case CS_RECORD_READY:
		cs_workers_reached(&instance->workers, entry->pid, payload, time_ns);
		break;
	case CS_RECORD_SPAWN:
		if (spawn->child_pid > 0)
			on_spawned(instance, spawn->child_pid, time_ns);
		break;
	case CS_RECORD_EXEC:
		on_exec(instance, payload, time_ns);
		break;
	case CS_RECORD_WAIT:
		cs_evidence_waited(&instance->assembler->evidence, instance->identity.uid, payload,
				   time_ns);
		break;
	case CS_RECORD_REQUEST:
		cs_assembled_on_request(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_RESPONSE:
		cs_assembled_on_response(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_RESPONSE_END:
		cs_assembled_on_response_end(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_ASIDE:
		cs_attribution_aside(instance, entry, time_ns);
		break;
	case CS_RECORD_INVOCATION:
		cs_assembled_on_invocation(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_EVENT:
		cs_assembled_on_event(instance, entry);
		break;
	case CS_RECORD_INVOCATION_END:
		cs_assembled_on_invocation_end(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_API_BEGIN:
		cs_api_on_begin(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_API_END:
		cs_api_on_end(instance, entry, time_ns, now_ns);
		break;
	case CS_RECORD_API_NOTE:
		cs_api_on_note(instance, entry, time_ns);
		break;
	case CS_RECORD_CONNECT:
		cs_calls_on_connect(instance, entry, time_ns);
		break;
	case CS_RECORD_CALL:
		cs_calls_on_call(instance, entry, time_ns);
		break;
	case CS_RECORD_CALL_END:
		cs_calls_on_call_end(instance, entry, time_ns);
		break;
	case CS_RECORD_LOOKUP:
		cs_calls_on_lookup(instance, entry, time_ns);
		break;
	case CS_RECORD_KILL:
	case CS_RECORD_FILE:
	case CS_RECORD_LISTEN:
		break;
	case CS_RECORD_LOG:
		cs_logs_record(instance, entry, time_ns, now_ns);
		break;
	default:
		instance->assembler->stats.unknown_records++;
	}
}

/* --- time --- */

/*
 * Ended without an event: what there is to say waits for the rings of others, too; and for fork
 * children, which may be what serves.
 * Return: false: it waits for its time.
 */
static bool conclude_if_unready(struct cs_assembled *instance, uint64_t now_ns, bool all)
{
	if (instance->concluded || !instance->over || instance->first)
		return true;
	if (!all && !instance->detached)
		return true;
	if (!all && now_ns < cs_assembler_due(instance->end_ns))
		return false;
	if (cs_assembled_is_function(instance) && cs_wrapper_settle(instance)) {
		cs_assembled_begin_event(instance, now_ns);
		return false;
	}
	cs_conclude_unready(instance);
	return true;
}

static void free_if_done(struct cs_assembled *instance)
{
	if (instance->detached && LIST_EMPTY(&instance->requests) &&
	    (instance->concluded || !instance->over))
		free_instance(instance);
}

void cs_assembler_child(struct cs_assembler *assembler, int32_t pid, uint64_t spawn_begin_ns,
			uint64_t exec_ns)
{
	struct cs_evidence *e =
		cs_evidence_spawned(&assembler->evidence, 0, pid, spawn_begin_ns, 0);

	if (!e)
		return;
	e->hinted = true;
	cs_evidence_add_exec(e, exec_ns);
}

void cs_assembler_child_ended(struct cs_assembler *assembler, int32_t pid, int status,
			      uint64_t time_ns, const struct rusage *usage)
{
	struct cs_rec_wait rec = { .pid = pid, .status = status };

	if (usage) {
		rec.cpu_ns =
			(uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000u +
			(uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000u;
		rec.max_rss_bytes = (uint64_t)usage->ru_maxrss * 1024u;
		rec.faults_minor = (uint32_t)usage->ru_minflt;
		rec.faults_major = (uint32_t)usage->ru_majflt;
		rec.switches_voluntary = (uint32_t)usage->ru_nvcsw;
		rec.switches_involuntary = (uint32_t)usage->ru_nivcsw;
	}
	cs_evidence_waited(&assembler->evidence, 0, &rec, time_ns);
}

/* Hand over requests that are due; @all: also those that are not. */
static void conclude_requests(struct cs_assembler *assembler, uint64_t now_ns, bool all)
{
	struct cs_request *request;

	while ((request = TAILQ_FIRST(&assembler->held)) && (all || request->due_ns <= now_ns))
		cs_assembled_hand_over(request);
	while ((request = TAILQ_FIRST(&assembler->kept)) && request->due_ns <= now_ns)
		cs_assembled_forget(request);
}

/* Return: is anything still waiting for its time? */
static bool conclude_instances(struct cs_assembler *assembler, uint64_t now_ns, bool all)
{
	bool waiting = false;

	for (unsigned i = 0; i < CS_ASSEMBLED_BUCKETS; i++) {
		struct cs_assembled *instance = LIST_FIRST(&assembler->buckets[i]), *next;

		for (; instance; instance = next) {
			next = LIST_NEXT(instance, of_assembler);
			waiting |= !conclude_if_unready(instance, now_ns, all);
			free_if_done(instance);
		}
	}
	return waiting;
}

uint64_t cs_assembler_tick(struct cs_assembler *assembler, uint64_t now_ns)
{
	bool waiting;

	assembler->children_noted = false;
	waiting = cs_lambda_settle_orphans(assembler, now_ns);
	conclude_requests(assembler, now_ns, false);
	waiting |= conclude_instances(assembler, now_ns, false);
	waiting |= cs_logs_tick(assembler, now_ns, false);
	if (!TAILQ_EMPTY(&assembler->held))
		return TAILQ_FIRST(&assembler->held)->due_ns;
	if (!TAILQ_EMPTY(&assembler->kept))
		return TAILQ_FIRST(&assembler->kept)->due_ns;
	return waiting ? now_ns + CS_ASSEMBLER_HOLD_NS : 0;
}

void cs_assembler_flush(struct cs_assembler *assembler)
{
	assembler->children_noted = false;
	cs_lambda_settle_orphans(assembler, UINT64_MAX);
	conclude_requests(assembler, 0, true);
	if (conclude_instances(assembler, UINT64_MAX, true))
		conclude_requests(assembler, 0, true);
	cs_logs_tick(assembler, UINT64_MAX, true);
}

void cs_assembler_get_stats(const struct cs_assembler *assembler, struct cs_assembler_stats *ret)
{
	*ret = assembler->stats;
	ret->evidence_lost = assembler->evidence.evicted;
}
