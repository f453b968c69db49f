/* SPDX-License-Identifier: Apache-2.0 */

/* Fork children of an instance; see workers.h. */
#include "collector/assembler/workers.h"

#include <stdlib.h>

#include "preload/wire/marks.h"
#include "preload/wire/records.h"

static void forget(struct cs_workers *workers, struct cs_worker *worker)
{
	LIST_REMOVE(worker, link);
	workers->count--;
	free(worker);
}

void cs_workers_deinit(struct cs_workers *workers)
{
	while (!LIST_EMPTY(&workers->list))
		forget(workers, LIST_FIRST(&workers->list));
}

/* A server with a child for each request: the oldest have served theirs. */
static void make_room(struct cs_workers *workers)
{
	struct cs_worker *worker, *oldest = NULL;

	if (workers->count < CS_WORKERS_MAX)
		return;
	LIST_FOREACH(worker, &workers->list, link)
	oldest = worker;
	forget(workers, oldest);
}

static struct cs_worker *add(struct cs_workers *workers, uint32_t tag)
{
	struct cs_worker *worker;

	make_room(workers);
	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return NULL;
	worker->tag = tag;
	LIST_INSERT_HEAD(&workers->list, worker, link);
	workers->count++;
	return worker;
}

void cs_workers_forked(struct cs_workers *workers, uint32_t tag, const struct cs_rec_process *rec,
		       uint64_t time_ns)
{
	struct cs_worker *worker = add(workers, tag);

	if (!worker)
		return;
	worker->parent = (uint32_t)rec->ppid;
	worker->forked_ns = time_ns;
}

static void reach(uint64_t *mark_ns, uint64_t time_ns)
{
	if (!*mark_ns || time_ns < *mark_ns)
		*mark_ns = time_ns ? time_ns : 1; /* 0: not seen */
}

void cs_workers_reached(struct cs_workers *workers, uint32_t tag, const struct cs_rec_ready *rec,
			uint64_t time_ns)
{
	struct cs_worker *worker = cs_workers_find(workers, tag);

	/* Its first record was lost. */
	if (!worker)
		worker = add(workers, tag);
	if (!worker)
		return;
	switch (rec->mark) {
	case CS_MARK_ACCEPT_WAIT:
		reach(&worker->ready_ns, time_ns);
		break;
	case CS_MARK_USER_CODE:
		reach(&worker->code_ns, time_ns);
		break;
	case CS_MARK_STDIN_READ:
		reach(&worker->read_ns, time_ns);
		break;
	case CS_MARK_STDOUT_WRITE:
		reach(&worker->output_ns, time_ns);
		break;
	}
}

struct cs_worker *cs_workers_find(const struct cs_workers *workers, uint32_t tag)
{
	struct cs_worker *worker;

	LIST_FOREACH(worker, &workers->list, link)
	{
		if (worker->tag == tag)
			return worker;
	}
	return NULL;
}

bool cs_workers_serve(struct cs_workers *workers, uint32_t tag)
{
	struct cs_worker *worker = cs_workers_find(workers, tag);
	bool first = worker && !worker->served;

	if (worker)
		worker->served = true;
	return first;
}

uint64_t cs_workers_ready(const struct cs_workers *workers)
{
	const struct cs_worker *worker;
	uint64_t ready_ns = 0;

	LIST_FOREACH(worker, &workers->list, link)
	{
		if (worker->ready_ns && (!ready_ns || worker->ready_ns < ready_ns))
			ready_ns = worker->ready_ns;
	}
	return ready_ns;
}

const struct cs_worker *cs_workers_taker(const struct cs_workers *workers)
{
	const struct cs_worker *worker, *first = NULL;

	LIST_FOREACH(worker, &workers->list, link)
	{
		if (worker->read_ns && worker->output_ns >= worker->read_ns &&
		    (!first || worker->read_ns < first->read_ns))
			first = worker;
	}
	return first;
}
