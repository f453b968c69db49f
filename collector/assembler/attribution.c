/* SPDX-License-Identifier: Apache-2.0 */

/* Whose something is; see attribution.h. */
#include "collector/assembler/attribution.h"

#include "collector/assembler/assembled.h"

#define HELD_LOOK_MAX 1024u /* requests that have ended: the newest */

/* --- threads that read requests --- */

static unsigned reader_bit(uint64_t thread)
{
	return (unsigned)(((thread >> 6) * 0x9e3779b97f4a7c15u) >> 56);
}

static bool reads_requests(const struct cs_bond_readers *readers, uint64_t thread)
{
	unsigned bit = reader_bit(thread);

	return readers->bits[bit / 64] >> (bit % 64) & 1;
}

static void note_reader(struct cs_bond_readers *readers, uint64_t thread)
{
	unsigned bit = reader_bit(thread);

	readers->bits[bit / 64] |= 1ull << (bit % 64);
}

/* --- who is beside whom --- */

static void lower(uint64_t *time_ns, uint64_t to_ns)
{
	if (*time_ns > to_ns)
		*time_ns = to_ns;
}

/* Both were in flight when the later one began, and whose is what happens after that is not sure. */
static void are_together(struct cs_request *a, struct cs_request *b)
{
	uint64_t since_ns = a->start_ns > b->start_ns ? a->start_ns : b->start_ns;

	lower(&a->bond.accompanied_ns, since_ns);
	lower(&b->bond.accompanied_ns, since_ns);
	if (a->bond.thread != b->bond.thread)
		return;
	lower(&a->bond.unbound_ns, since_ns);
	lower(&b->bond.unbound_ns, since_ns);
}

/* Nothing is its own but what came over its connection. */
static void distrust(struct cs_request *request)
{
	request->bond.accompanied_ns = request->bond.unbound_ns = 0;
}

/* Does nothing that is held from here on, towards the oldest, reach up to @time_ns? */
static bool all_over(const struct cs_request *held, uint64_t time_ns)
{
	return held->due_ns < cs_assembler_due(time_ns);
}

/* A head may have begun while what is over by now was in flight. */
static void look_back(struct cs_request *request)
{
	struct cs_assembled *instance = request->instance;
	struct cs_request *other;
	unsigned looked = 0;

	if (request->start_ns > instance->ended_ns)
		return;
	TAILQ_FOREACH_REVERSE(other, &instance->assembler->held, cs_held, held)
	{
		if (all_over(other, request->start_ns))
			return;
		if (++looked > HELD_LOOK_MAX) {
			distrust(request);
			return;
		}
		if (other->instance == instance && other->tag == request->tag &&
		    other->end_ns >= request->start_ns)
			are_together(other, request);
	}
}

void cs_attribution_begins(struct cs_request *request, uint64_t thread, bool blocking)
{
	struct cs_assembled *instance = request->instance;
	struct cs_request *other;

	request->bond = (struct cs_bond){ .thread = thread,
					  .accompanied_ns = UINT64_MAX,
					  .unbound_ns = UINT64_MAX,
					  .bound = thread && (blocking || request->lambda) };
	if (instance->requests_lost_ns)
		request->bond.accompanied_ns = 0;
	if (cs_asides_since(&instance->asides, request->tag, request->start_ns))
		request->bond.accompanied_ns = 0;
	if (request->start_ns <= instance->requests_lost_ns)
		request->bond.unbound_ns = 0;
	if (!request->lambda && thread)
		note_reader(&instance->readers, thread);
	LIST_FOREACH(other, &instance->in_flight, in_flight)
	{
		if (other != request && other->tag == request->tag)
			are_together(other, request);
	}
	look_back(request);
}

void cs_attribution_lost(struct cs_assembled *instance, uint64_t since_ns, uint64_t now_ns)
{
	struct cs_request *request;

	if (instance->requests_lost_ns < now_ns)
		instance->requests_lost_ns = now_ns;
	LIST_FOREACH(request, &instance->in_flight, in_flight)
	{
		distrust(request);
	}
	TAILQ_FOREACH_REVERSE(request, &instance->assembler->held, cs_held, held)
	{
		if (all_over(request, since_ns))
			return;
		if (request->instance == instance && request->end_ns >= since_ns)
			distrust(request);
	}
}

void cs_attribution_aside(struct cs_assembled *instance, const struct cs_entry *entry,
			  uint64_t time_ns)
{
	const struct cs_rec_aside *rec = (const void *)(&entry->record + 1);
	struct cs_request *request;

	if (!cs_asides_tell(&instance->asides, entry->pid, rec, time_ns))
		cs_attribution_lost(instance, time_ns, time_ns);
	if (rec->flags & CS_ASIDE_OVER)
		return;
	LIST_FOREACH(request, &instance->in_flight, in_flight)
	{
		if (request->tag == entry->pid)
			lower(&request->bond.accompanied_ns, time_ns);
	}
}

/* Has @thread read @other, and begun the answer to @request while that was in flight? Then it did not wait. */
static void did_others_work(struct cs_request *other, const struct cs_request *request,
			    uint64_t thread, uint64_t time_ns)
{
	if (other != request && other->tag == request->tag && other->bond.thread == thread &&
	    cs_request_has(other, time_ns))
		other->bond.unbound_ns = 0;
}

void cs_attribution_answered(struct cs_request *request, uint64_t thread, uint64_t time_ns)
{
	struct cs_assembled *instance = request->instance;
	struct cs_request *other;
	unsigned looked = 0;

	if (request->bond.answered_by)
		return;
	request->bond.answered_by = thread;
	if (!thread || thread == request->bond.thread) /* are_together() */
		return;
	LIST_FOREACH(other, &instance->in_flight, in_flight)
	{
		did_others_work(other, request, thread, time_ns);
	}
	TAILQ_FOREACH_REVERSE(other, &instance->assembler->held, cs_held, held)
	{
		if (all_over(other, time_ns) || ++looked > HELD_LOOK_MAX)
			return;
		if (other->instance == instance)
			did_others_work(other, request, thread, time_ns);
	}
}

/* --- whose it is --- */

static bool is_alone(const struct cs_request *request, uint64_t time_ns)
{
	return time_ns < request->bond.accompanied_ns;
}

static bool is_bound(const struct cs_request *request, uint64_t time_ns)
{
	const struct cs_bond *bond = &request->bond;

	return bond->bound && time_ns < bond->unbound_ns &&
	       (!bond->answered_by || bond->answered_by == bond->thread);
}

/* A thread of a server that reads requests, but did not read this one. */
static bool is_strangers(const struct cs_request *request, uint64_t thread)
{
	return !request->lambda && thread != request->bond.thread &&
	       reads_requests(&request->instance->readers, thread);
}

/* Who was in flight at some time, and which of them would do. */
struct tally {
	struct cs_request *any;
	struct cs_request *by_connection;
	struct cs_request *by_thread;
	unsigned count;
	unsigned by_connection_count;
	unsigned by_thread_count;
};

static void consider(struct tally *tally, struct cs_request *request,
		     const struct cs_attribution_place *place)
{
	if (request->tag != place->tag || !cs_request_has(request, place->time_ns))
		return;
	tally->any = request;
	tally->count++;
	if (place->connection && request->connection == place->connection && !request->lambda) {
		tally->by_connection = request;
		tally->by_connection_count++;
	}
	if (place->thread && request->bond.thread == place->thread &&
	    is_bound(request, place->time_ns)) {
		tally->by_thread = request;
		tally->by_thread_count++;
	}
}

static struct tally in_flight_at(struct cs_assembled *instance,
				 const struct cs_attribution_place *place)
{
	struct tally tally = { .count = 0 };
	struct cs_request *request;
	unsigned looked = 0;

	LIST_FOREACH(request, &instance->in_flight, in_flight)
	{
		consider(&tally, request, place);
	}
	if (place->time_ns > instance->ended_ns)
		return tally;
	TAILQ_FOREACH_REVERSE(request, &instance->assembler->held, cs_held, held)
	{
		if (all_over(request, place->time_ns) || ++looked > HELD_LOOK_MAX)
			break;
		if (request->instance == instance)
			consider(&tally, request, place);
	}
	return tally;
}

struct cs_request *cs_attribution_peek(struct cs_assembled *instance,
				       const struct cs_attribution_place *place,
				       enum cs_attribution *ret_how)
{
	struct tally tally = in_flight_at(instance, place);

	*ret_how = CS_ATTRIBUTION_NONE;
	if (!tally.count)
		return NULL;
	*ret_how = CS_ATTRIBUTION_CONNECTION;
	if (tally.by_connection_count == 1)
		return tally.by_connection;
	*ret_how = CS_ATTRIBUTION_ALONE;
	if (tally.count == 1 && !place->connection && is_alone(tally.any, place->time_ns) &&
	    !is_strangers(tally.any, place->thread))
		return tally.any;
	*ret_how = CS_ATTRIBUTION_THREAD;
	if (tally.by_thread_count == 1 && !place->connection)
		return tally.by_thread;
	*ret_how = CS_ATTRIBUTION_UNCLEAR;
	return NULL;
}

struct cs_request *cs_attribution_find(struct cs_assembled *instance,
				       const struct cs_attribution_place *place,
				       enum cs_attribution *ret_how)
{
	struct cs_request *request = cs_attribution_peek(instance, place, ret_how);

	instance->assembler->stats.unattributed += *ret_how == CS_ATTRIBUTION_UNCLEAR;
	return request;
}

bool cs_attribution_holds(const struct cs_request *request, enum cs_attribution how,
			  uint64_t time_ns)
{
	bool holds = false;

	switch (how) {
	case CS_ATTRIBUTION_CONNECTION:
		holds = true;
		break;
	case CS_ATTRIBUTION_ALONE:
		holds = is_alone(request, time_ns);
		break;
	case CS_ATTRIBUTION_THREAD:
		holds = is_bound(request, time_ns);
		break;
	case CS_ATTRIBUTION_CHILD:
		holds = cs_lambda_child_holds(request, time_ns);
		break;
	case CS_ATTRIBUTION_NONE:
	case CS_ATTRIBUTION_UNCLEAR:
		return false;
	}
	request->instance->assembler->stats.unattributed += !holds;
	return holds;
}
