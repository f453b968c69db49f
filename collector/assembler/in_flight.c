/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of an instance, from their head to their end, and until they are forgotten. */
#include "collector/assembler/assembled.h"
#include "collector/assembler/attribution.h"
#include "collector/assembler/conclude.h"

#define EVICT_LOOK_MAX 64u

void cs_assembled_forget(struct cs_request *request)
{
	struct cs_assembler *assembler = request->instance->assembler;

	if (request->handed_over)
		TAILQ_REMOVE(&assembler->kept, request, held);
	else if (request->end_ns)
		TAILQ_REMOVE(&assembler->held, request, held);
	else
		LIST_REMOVE(request, in_flight);
	if (!request->handed_over) {
		cs_assembled_ledger(request->instance, CS_LEDGER_INVOCATION)->dropped++;
		cs_lambda_child_gone(request);
	}
	cs_lambda_event_ends(request);
	cs_logs_request_gone(request);
	LIST_REMOVE(request, of_instance);
	request->instance->requests_count--;
	cs_assembled_grew(request->instance, -request->bytes);
	if (request->instance->first == request)
		request->instance->first = NULL;
	cs_api_leave(request->api);
	cs_request_free(request);
}

static struct cs_request *find_request(struct cs_assembled *instance, uint32_t tag,
				       uint64_t connection, uint32_t sequence)
{
	struct cs_request *request;

	LIST_FOREACH(request, &instance->in_flight, in_flight)
	{
		if (request->connection == connection && request->sequence == sequence &&
		    request->tag == tag)
			return request;
	}
	return NULL;
}

/* The request that a record of its response is about. */
static struct cs_request *find_answered(struct cs_assembled *instance, uint32_t tag,
					uint64_t connection, uint32_t sequence)
{
	struct cs_request *request = find_request(instance, tag, connection, sequence);

	if (!request)
		instance->assembler->stats.unmatched++;
	return request;
}

void cs_assembled_add(struct cs_assembled *instance, struct cs_request *request)
{
	request->instance = instance;
	TAILQ_INIT(&request->logs);
	instance->assembler->stats.contexts_refused += request->inbound.refused != 0;
	cs_assembled_ledger(instance, CS_LEDGER_INVOCATION)->read++;
	LIST_INSERT_HEAD(&instance->requests, request, of_instance);
	LIST_INSERT_HEAD(&instance->in_flight, request, in_flight);
	instance->requests_count++;
	cs_assembled_grew(instance, request->bytes);
}

void cs_assembled_finish(struct cs_request *request, uint64_t end_ns, uint64_t now_ns)
{
	cs_lambda_event_ends(request);
	request->end_ns = end_ns > request->start_ns ? end_ns : request->start_ns;
	if (!request->end_ns)
		request->end_ns = 1; /* a hostile clock; 0 means in flight */
	if (request->instance->ended_ns < request->end_ns)
		request->instance->ended_ns = request->end_ns;
	request->due_ns = cs_assembler_due(now_ns);
	LIST_REMOVE(request, in_flight);
	TAILQ_INSERT_TAIL(&request->instance->assembler->held, request, held);
}

/*
 * What was handed over is only remembered as a possible cause: it makes room for what is to be told.
 * A busy instance's own are among the oldest, so the look is short.
 */
static bool evict_kept(struct cs_assembled *instance)
{
	struct cs_request *request;
	unsigned looked = 0;

	TAILQ_FOREACH(request, &instance->assembler->kept, held) {
		if (request->instance == instance) {
			cs_assembled_forget(request);
			return true;
		}
		if (++looked == EVICT_LOOK_MAX)
			break;
	}
	return false;
}

void cs_assembled_hand_over(struct cs_request *request)
{
	struct cs_assembler *assembler = request->instance->assembler;

	cs_conclude_invocation(request);
	TAILQ_REMOVE(&assembler->held, request, held);
	request->handed_over = true;
	cs_lambda_child_gone(request);
	request->due_ns += CS_ASSEMBLER_KEEP_NS;
	TAILQ_INSERT_TAIL(&assembler->kept, request, held);
	if (request->instance->first == request)
		request->instance->first = NULL;
}

/*
 * Those of a process that were in flight after @since_ns, up to two of them; the newest come first. In
 * an instance of many processes some may be overlooked in the crowd: then it says two; so it does of one
 * beside which something was served of which nothing is told.
 */
static unsigned served_since(const struct cs_assembled *instance, uint32_t tag, uint64_t since_ns,
			     struct cs_request **ret)
{
	struct cs_request *request;
	unsigned looked = 0, n = 0;

	LIST_FOREACH(request, &instance->requests, of_instance)
	{
		if (++looked > EVICT_LOOK_MAX)
			return 2;
		if (request->tag != tag || (request->end_ns && request->end_ns <= since_ns))
			continue;
		*ret = request;
		if (++n == 2)
			break;
	}
	return n && cs_asides_connected_since(&instance->asides, tag, since_ns) ? 2 : n;
}

enum cs_served cs_assembler_served(const struct cs_assembled *instance, uint32_t tag,
				   uint64_t since_ns)
{
	struct cs_request *request;
	unsigned looked = 0, n;

	LIST_FOREACH(request, &instance->in_flight, in_flight)
	{
		if (request->tag == tag || ++looked > EVICT_LOOK_MAX)
			return CS_SERVED_NOW;
	}
	n = served_since(instance, tag, since_ns, &request);
	return n == 0 ? CS_SERVED_NONE : n == 1 ? CS_SERVED_ONE : CS_SERVED_SEVERAL;
}

void cs_assembler_used(struct cs_assembled *instance, uint32_t tag, uint64_t since_ns,
		       const struct cs_used *used)
{
	struct cs_request *request;

	if (served_since(instance, tag, since_ns, &request) == 1 && request->start_ns >= since_ns &&
	    !request->handed_over)
		request->used = *used;
}

static bool make_room(struct cs_assembled *instance, size_t bytes)
{
	while (instance->requests_count >= CS_ASSEMBLER_REQUESTS_MAX ||
	       instance->requests_bytes + bytes > CS_ASSEMBLER_BYTES_MAX) {
		if (!evict_kept(instance) && !cs_assembled_hurry(instance))
			return false;
	}
	return cs_room_make(instance->assembler, CS_ROOM_REQUEST, bytes);
}

void cs_assembled_requests_dropped(struct cs_assembled *instance)
{
	struct cs_ledger_line *line = cs_assembled_ledger(instance, CS_LEDGER_INVOCATION);

	instance->assembler->stats.requests_dropped++;
	line->read++;
	line->dropped++;
}

struct cs_request *cs_assembled_take_in(struct cs_assembled *instance, struct cs_request *request,
					const struct cs_entry *entry, uint64_t time_ns)
{
	if (!request || !make_room(instance, request->bytes)) {
		cs_request_free(request);
		cs_assembled_requests_dropped(instance);
		cs_attribution_lost(instance, time_ns, time_ns);
		return NULL;
	}
	cs_assembled_add(instance, request);
	request->tag = entry->pid;
	request->position = entry->position;
	request->start_ns = time_ns ? time_ns : 1; /* 0: not seen */
	request->first_of_worker = cs_workers_serve(&instance->workers, entry->pid);
	if (!instance->first_seen) {
		instance->first_seen = true;
		instance->first = request;
		request->cold = true;
	}
	return request;
}

/* The record of its end is missing, and what was seen since says that it is over. */
static void end_unseen(struct cs_request *request, uint64_t now_ns)
{
	request->approximate = CS_END_UNSEEN;
	cs_assembled_finish(request, request->first_byte_ns, now_ns);
}

/* Responses of a connection keep the order of its requests: those before this one are over. */
static void end_earlier(struct cs_assembled *instance, const struct cs_request *answered,
			uint64_t now_ns)
{
	struct cs_request *request = LIST_FIRST(&instance->in_flight), *next;

	for (; request; request = next) {
		next = LIST_NEXT(request, in_flight);
		if (request->tag == answered->tag && request->connection == answered->connection &&
		    request->sequence < answered->sequence)
			end_unseen(request, now_ns);
	}
}

void cs_assembled_on_request(struct cs_assembled *instance, const struct cs_entry *entry,
			     uint64_t time_ns, uint64_t now_ns)
{
	const struct cs_rec_request *rec = (const void *)(&entry->record + 1);
	struct cs_assembler *assembler = instance->assembler;
	struct cs_request *request;

	if (find_request(instance, entry->pid, rec->connection, rec->sequence)) {
		assembler->stats.unmatched++;
		return;
	}
	request = cs_request_new(rec, (const char *)(rec + 1),
				 entry->record.payload_len - (uint32_t)sizeof(*rec),
				 instance->identity.lambda);
	request = cs_assembled_take_in(instance, request, entry, time_ns);
	if (!request)
		return;
	cs_attribution_begins(request, entry->record.thread, rec->flags & CS_REQUEST_BLOCKING);
	instance->connected = true;
}

static void begin_response(struct cs_request *request, const struct cs_entry *entry,
			   uint64_t time_ns)
{
	cs_attribution_answered(request, entry->record.thread, time_ns);
	request->first_byte_ns = time_ns;
}

void cs_assembled_on_response(struct cs_assembled *instance, const struct cs_entry *entry,
			      uint64_t time_ns, uint64_t now_ns)
{
	const struct cs_rec_response *rec = (const void *)(&entry->record + 1);
	struct cs_request *request =
		find_answered(instance, entry->pid, rec->connection, rec->sequence);

	if (!request)
		return;
	end_earlier(instance, request, now_ns);
	begin_response(request, entry, time_ns);
	request->status = rec->status;
}

void cs_assembled_on_response_end(struct cs_assembled *instance, const struct cs_entry *entry,
				  uint64_t time_ns, uint64_t now_ns)
{
	const struct cs_rec_response_end *rec = (const void *)(&entry->record + 1);
	const struct cs_rec_response_begin *begin = (const void *)(rec + 1);
	struct cs_request *request =
		find_answered(instance, entry->pid, rec->connection, rec->sequence);

	if (!request)
		return;
	if (entry->record.payload_len >= sizeof(*rec) + sizeof(*begin))
		begin_response(request, entry, cs_assembled_ours(instance, begin->begin_ns));
	if (rec->status)
		request->status = rec->status;
	end_earlier(instance, request, now_ns);
	request->aborted = rec->flags & CS_RESPONSE_ABORTED;
	if (rec->flags & CS_RESPONSE_UNFOLLOWED)
		request->approximate = CS_END_UNSEEN;
	if (cs_assembled_answers_unseen(request)) {
		request->aborted &= !cs_assembled_has_ring(instance);
		request->approximate = cs_assembled_ring_reason(instance);
	}
	request->request_bytes = rec->request_bytes;
	request->response_bytes = rec->response_bytes;
	cs_assembled_finish(request, time_ns, now_ns);
}
