/* SPDX-License-Identifier: Apache-2.0 */

/* The assembler: records go in, and what is due comes out; see assembler.h. */
#include "collector/assembler/assembler.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/conclude.h"
#include "collector/assembler/wrapper.h"
#include "collector/processes/usage.h"

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
	assembler->room.max_bytes = CS_ROOM_BYTES_MAX;
	return assembler;
}

/* Nothing more is told of it: what was not is written off. */
static void account(struct cs_assembled *instance)
{
	if (!instance->accounted)
		cs_assembled_ledger(instance, CS_LEDGER_START)->aside++;
	instance->accounted = true;
	cs_calls_write_off(instance);
	cs_api_write_off(instance);
}

static void free_instance(struct cs_assembled *instance)
{
	account(instance);
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
	assert(assembler->room.bytes == 0);
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

/* --- records --- */

static struct cs_spawning spawning_of(const struct cs_assembled *instance, uint32_t tag,
				      uint64_t begin_ns)
{
	return (struct cs_spawning){
		.parent = (int32_t)tag,
		.uid = instance->identity.uid,
		.segment = instance->identity.segment,
		.begin_ns = begin_ns,
		.busy = !LIST_EMPTY(&instance->in_flight),
		.has_event = instance->env.method || instance->identity.on_platform,
	};
}

static void on_spawned(struct cs_assembled *instance, int32_t pid, uint64_t begin_ns)
{
	struct cs_spawning spawning = spawning_of(instance, 0, begin_ns);

	cs_assembled_spawned(instance->assembler, pid, &spawning);
}

/* One that begins, or has come back. */
static void on_spawn(struct cs_assembled *instance, uint32_t tag, const struct cs_rec_spawn *rec,
		     uint64_t time_ns)
{
	struct cs_spawnings *spawnings = &instance->assembler->spawnings;
	struct cs_spawning spawning = spawning_of(instance, tag, time_ns);

	spawning.kind = rec->kind;
	if (rec->child_pid == 0) {
		cs_spawnings_begin(spawnings, &spawning);
		return;
	}
	cs_spawnings_end(spawnings, spawning.segment, time_ns);
	if (rec->child_pid > 0)
		on_spawned(instance, rec->child_pid, time_ns);
}

static void on_forked(struct cs_assembled *instance, uint32_t tag, const struct cs_rec_process *rec,
		      uint64_t time_ns)
{
	if (rec->spawn_begin_ns)
		time_ns = cs_assembled_ours(instance, rec->spawn_begin_ns);
	on_spawned(instance, (int32_t)tag, time_ns);
	cs_workers_forked(&instance->workers, tag, rec, time_ns);
}

static void on_exec(struct cs_assembled *instance, const struct cs_rec_exec *rec, uint64_t time_ns)
{
	uint64_t begin_ns = cs_assembled_ours(instance, rec->spawn_begin_ns);

	if (rec->pid == 0) {
		cs_spawnings_exec(&instance->assembler->spawnings, instance->identity.segment,
				  begin_ns, time_ns);
		return;
	}
	if (rec->pid == instance->identity.pid) {
		instance->exec_called_ns = time_ns;
		cs_assembled_exec(instance);
	}
	cs_evidence_exec(&instance->assembler->evidence, instance->identity.uid, rec, time_ns);
	if (rec->pid > 0 && rec->spawn_begin_ns)
		on_spawned(instance, rec->pid, begin_ns);
}

#define FILE_PATH_BYTES 1024u /* twice what the shim hands on */

static void on_file(struct cs_assembled *instance, const struct cs_entry *entry)
{
	const struct cs_rec_file *rec = (const void *)(&entry->record + 1);
	struct cs_opened_file file = { .identity = &instance->identity };
	char path[FILE_PATH_BYTES];

	if (!instance->assembler->sink.file)
		return;
	if (rec->path_len >= sizeof(path) ||
	    rec->path_len > entry->record.payload_len - sizeof(*rec)) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	memcpy(path, rec + 1, rec->path_len);
	path[rec->path_len] = '\0';
	file.path = path;
	file.by_loader = rec->flags & CS_FILE_FLAG_DLOPEN;
	instance->assembler->sink.file(instance->assembler->sink.context, &file);
}

static void on_waited(struct cs_assembled *instance, const struct cs_rec_wait *rec,
		      uint64_t time_ns)
{
	const struct cs_assembler_sink *sink = &instance->assembler->sink;
	struct cs_used used;

	cs_evidence_waited(&instance->assembler->evidence, instance->identity.uid, rec, time_ns);
	if (!sink->waited || !rec->max_rss_bytes)
		return;
	cs_usage_of_wait(rec, &used);
	sink->waited(sink->context, rec->pid, &used);
}

void cs_assembler_record(struct cs_assembled *instance, const struct cs_entry *entry,
			 uint64_t now_ns)
{
	uint64_t time_ns = cs_assembled_ours(instance, entry->record.time_ns);
	const void *payload = &entry->record + 1;

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
		on_spawn(instance, entry->pid, payload, time_ns);
		break;
	case CS_RECORD_EXEC:
		on_exec(instance, payload, time_ns);
		break;
	case CS_RECORD_WAIT:
		on_waited(instance, payload, time_ns);
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
	case CS_RECORD_FILE:
		on_file(instance, entry);
		break;
	case CS_RECORD_KILL:
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
	if (instance->detached && instance->concluded)
		cs_assembled_gone(instance);
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
	cs_calls_of_children(assembler);
	cs_logs_of_children(assembler);
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
	cs_calls_of_children(assembler);
	cs_logs_of_children(assembler);
	cs_lambda_settle_orphans(assembler, UINT64_MAX);
	conclude_requests(assembler, 0, true);
	if (conclude_instances(assembler, UINT64_MAX, true))
		conclude_requests(assembler, 0, true);
	cs_logs_tick(assembler, UINT64_MAX, true);
}

void cs_assembler_close(struct cs_assembler *assembler)
{
	struct cs_assembled *instance;

	for (unsigned i = 0; i < CS_ASSEMBLED_BUCKETS; i++) {
		LIST_FOREACH(instance, &assembler->buckets[i], of_assembler)
		account(instance);
	}
}

void cs_assembler_get_stats(const struct cs_assembler *assembler, struct cs_assembler_stats *ret)
{
	*ret = assembler->stats;
	ret->evidence_lost = assembler->evidence.evicted;
	ret->room = assembler->room;
}
