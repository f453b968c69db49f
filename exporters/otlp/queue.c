/* SPDX-License-Identifier: Apache-2.0 */

/* Requests that wait; see queue.h. */
#include "exporters/otlp/queue.h"

#include "exporters/otlp/request.h"

static size_t cost(const struct cs_otlp_request *request)
{
	return request->len + sizeof(*request);
}

static struct cs_otlp_request *make(struct cs_buffer *bytes, enum cs_signal signal, size_t items,
				    uint64_t now_ms)
{
	struct cs_otlp_request *request = calloc(1, sizeof(*request));
	char *fitted;

	if (!request)
		return NULL;
	request->len = bytes->len;
	request->signal = signal;
	request->items = items;
	request->queued_ms = now_ms;
	/* The buffer grew by doubling: give the rest back, the budget counts what is held. */
	fitted = realloc(bytes->data, bytes->len ? bytes->len : 1);
	request->data = fitted ? fitted : bytes->data;
	*bytes = (struct cs_buffer){ 0 };
	return request;
}

int cs_otlp_queue_push(struct cs_otlp_queue *queue, struct cs_buffer *bytes, enum cs_signal signal,
		       size_t items, uint64_t now_ms)
{
	struct cs_otlp_request *request;
	size_t total;

	if (__builtin_add_overflow(queue->bytes, bytes->len + sizeof(*request), &total) ||
	    total > queue->bytes_max)
		return -ENOBUFS;
	request = make(bytes, signal, items, now_ms);
	if (!request)
		return -ENOMEM;
	if (queue->last)
		queue->last->next = request;
	else
		queue->first = request;
	queue->last = request;
	queue->bytes += cost(request);
	return 0;
}

int cs_otlp_queue_split(struct cs_otlp_queue *queue)
{
	struct cs_otlp_request *whole = queue->first, *first, *second;
	cs_cleanup(cs_buffer_deinit) struct cs_buffer a = { 0 }, b = { 0 };
	size_t first_items;
	int r = cs_otlp_split(whole->signal, whole->data, whole->len, &a, &b, &first_items);

	if (r < 0)
		return r;
	first = make(&a, whole->signal, first_items, whole->queued_ms);
	second = make(&b, whole->signal, whole->items - first_items, whole->queued_ms);
	if (!first || !second) {
		if (first)
			free(first->data);
		if (second)
			free(second->data);
		free(first);
		free(second);
		return -ENOMEM;
	}
	first->half = second->half = true;
	first->next = second;
	second->next = whole->next;
	if (queue->last == whole)
		queue->last = second;
	queue->first = first;
	queue->bytes += cost(first) + cost(second) - cost(whole);
	free(whole->data);
	free(whole);
	return 0;
}

void cs_otlp_queue_drop(struct cs_otlp_queue *queue)
{
	struct cs_otlp_request *request = queue->first;

	if (!request)
		return;
	queue->first = request->next;
	if (!queue->first)
		queue->last = NULL;
	queue->bytes -= cost(request);
	free(request->data);
	free(request);
}
