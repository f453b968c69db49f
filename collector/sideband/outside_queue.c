/* SPDX-License-Identifier: Apache-2.0 */

/* The order of what is told from outside; see outside_queue.h. */
#include "collector/sideband/outside_queue.h"

#include <errno.h>
#include <string.h>

#define FIRST_CAPACITY 64u

struct cs_outside_waiting {
	struct cs_perf_record record; /* of an attach: pid and time */
	uint64_t since_ns;
	uint32_t sequence; /* equal times stay in their order */
	bool attached;
};

void cs_outside_queue_deinit(struct cs_outside_queue *queue)
{
	free(queue->waiting);
	*queue = (struct cs_outside_queue){ 0 };
}

static struct cs_outside_waiting *append(struct cs_outside_queue *queue)
{
	struct cs_outside_waiting *waiting;

	if (queue->count == queue->capacity) {
		size_t capacity = queue->capacity ? 2 * queue->capacity : FIRST_CAPACITY;

		if (capacity > CS_OUTSIDE_QUEUE_MAX)
			return NULL;
		waiting = realloc(queue->waiting, capacity * sizeof(*waiting));
		if (!waiting)
			return NULL;
		queue->waiting = waiting;
		queue->capacity = capacity;
	}
	waiting = &queue->waiting[queue->count++];
	*waiting = (struct cs_outside_waiting){ .sequence = queue->sequence++ };
	return waiting;
}

int cs_outside_queue_push(struct cs_outside_queue *queue, const struct cs_perf_record *record,
			  uint64_t since_ns)
{
	struct cs_outside_waiting *waiting = append(queue);

	if (!waiting)
		return -ENOMEM;
	waiting->record = *record;
	waiting->since_ns = since_ns;
	return 0;
}

int cs_outside_queue_attached(struct cs_outside_queue *queue, int32_t pid, uint64_t time_ns)
{
	struct cs_outside_waiting *waiting = append(queue);

	if (!waiting)
		return -ENOMEM;
	waiting->record.pid = pid;
	waiting->record.time_ns = time_ns;
	waiting->attached = true;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct cs_outside_waiting *x = a, *y = b;

	if (x->record.time_ns != y->record.time_ns)
		return x->record.time_ns < y->record.time_ns ? -1 : 1;
	return (int32_t)(x->sequence - y->sequence) < 0 ? -1 : 1;
}

static void pass(const struct cs_outside_waiting *waiting, struct cs_outside *outside)
{
	const struct cs_perf_record *record = &waiting->record;

	if (waiting->attached)
		cs_outside_attached(outside, record->pid);
	else if (record->kind == CS_PERF_LOST)
		cs_outside_lost(outside, record->lost, waiting->since_ns, record->time_ns);
	else
		cs_outside_record(outside, record);
}

void cs_outside_queue_pass(struct cs_outside_queue *queue, struct cs_outside *outside,
			   uint64_t until_ns)
{
	size_t n = 0;

	if (!queue->count)
		return;
	qsort(queue->waiting, queue->count, sizeof(*queue->waiting), compare);
	while (n < queue->count && queue->waiting[n].record.time_ns <= until_ns)
		pass(&queue->waiting[n++], outside);
	queue->count -= n;
	memmove(queue->waiting, queue->waiting + n, queue->count * sizeof(*queue->waiting));
}
