/* SPDX-License-Identifier: Apache-2.0 */

/* Sorting a recording; see trace_index.h. */
#include "agent/recording/trace_index.h"

#include <errno.h>
#include <string.h>

#define KIND_SERVER 2

bool cs_trace_span_is_cold_start(const struct cs_trace_span *span)
{
	return !span->phase && !strcmp(span->name, "cold start");
}

uint64_t cs_trace_span_duration(const struct cs_trace_span *span)
{
	return span->end_unix_ns > span->start_unix_ns ? span->end_unix_ns - span->start_unix_ns
						       : 0;
}

static const struct cs_trace_span *at(const void *element)
{
	return *(const struct cs_trace_span *const *)element;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(at(a)->span_id, at(b)->span_id);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_parents(const void *a, const void *b)
{
	int order = strcmp(at(a)->parent_id, at(b)->parent_id);

	return order ? order : compare_numbers(at(a)->number, at(b)->number);
}

static bool is_invocation(const struct cs_trace_span *span)
{
	return span->kind == KIND_SERVER;
}

/*
 * First those that are no invocations of it, and those that failed, whose durations say little; then its warm ones
 * by their duration, then the cold.
 */
static int rank(const struct cs_trace_span *span)
{
	return !is_invocation(span) || span->failed ? 0 : span->cold ? 2 : 1;
}

static int compare_services(const void *a, const void *b)
{
	int order = strcmp(at(a)->service, at(b)->service);

	if (!order)
		order = rank(at(a)) - rank(at(b));
	return order ? order
		     : compare_numbers(cs_trace_span_duration(at(a)),
				       cs_trace_span_duration(at(b)));
}

/* The spans of one service, sorted by compare_services(). */
static struct cs_trace_service summarise(const struct cs_trace_span **spans, size_t count)
{
	struct cs_trace_service service = { .name = spans[0]->service, .first = spans[0]->number };
	size_t others = 0;

	for (size_t i = 0; i < count; i++) {
		if (spans[i]->number < service.first)
			service.first = spans[i]->number;
		others += rank(spans[i]) == 0;
		service.failed_count += is_invocation(spans[i]) && spans[i]->failed;
		service.warm_count += rank(spans[i]) == 1;
		service.cold_count += rank(spans[i]) == 2;
		if (rank(spans[i]) == 2)
			service.cold_ns += cs_trace_span_duration(spans[i]);
	}
	if (service.cold_count)
		service.cold_ns /= service.cold_count;
	if (service.warm_count)
		service.warm_ns = cs_trace_span_duration(spans[others + service.warm_count / 2]);
	return service;
}

static size_t count_services(const struct cs_trace_span **spans, size_t count)
{
	size_t n = count > 0;

	for (size_t i = 1; i < count; i++)
		n += strcmp(spans[i - 1]->service, spans[i]->service) != 0;
	return n;
}

static int add_services(struct cs_trace_file *file, const struct cs_trace_span **spans,
			struct cs_trace_index *index)
{
	size_t begin = 0, end;

	qsort(spans, index->spans_count, sizeof(*spans), compare_services);
	index->services = cs_arena_alloc(&file->arena, (count_services(spans, index->spans_count) +
							1) * sizeof(*index->services));
	if (!index->services)
		return -ENOMEM;
	for (; begin < index->spans_count; begin = end) {
		for (end = begin + 1; end < index->spans_count &&
				      !strcmp(spans[begin]->service, spans[end]->service);
		     end++)
			continue;
		index->services[index->services_count++] = summarise(spans + begin, end - begin);
	}
	return 0;
}

static struct cs_trace_service *find_service(const struct cs_trace_index *index, const char *name)
{
	size_t low = 0, high = index->services_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(index->services[middle].name, name);

		if (!order)
			return &index->services[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Whatever made a call that another service's cold start answers. */
static void mark_callers(const struct cs_trace_file *file, struct cs_trace_index *index)
{
	for (const struct cs_trace_span *s = file->first; s; s = s->next) {
		const struct cs_trace_span key = { .span_id = s->parent_id }, *wanted = &key;
		const struct cs_trace_span **found;

		if (!cs_trace_span_is_cold_start(s))
			continue;
		found = bsearch(&wanted, index->by_id, index->spans_count, sizeof(wanted),
				compare_ids);
		if (found && strcmp((*found)->service, s->service) != 0)
			find_service(index, (*found)->service)->calls_others = true;
	}
}

int cs_trace_index_init(struct cs_trace_file *file, struct cs_trace_index *ret)
{
	struct cs_trace_index index = { .spans_count = file->count };
	size_t bytes = (file->count + 1) * sizeof(*index.by_id), n = 0;
	const struct cs_trace_span **by_service = cs_arena_alloc(&file->arena, bytes);

	index.by_id = cs_arena_alloc(&file->arena, bytes);
	index.phases = cs_arena_alloc(&file->arena, bytes);
	if (!by_service || !index.by_id || !index.phases)
		return -ENOMEM;
	for (const struct cs_trace_span *s = file->first; s; s = s->next) {
		index.by_id[n] = by_service[n] = s;
		n++;
		if (s->phase)
			index.phases[index.phases_count++] = s;
	}
	qsort(index.by_id, n, sizeof(*index.by_id), compare_ids);
	qsort(index.phases, index.phases_count, sizeof(*index.phases), compare_parents);
	if (add_services(file, by_service, &index) < 0)
		return -ENOMEM;
	mark_callers(file, &index);
	*ret = index;
	return 0;
}

const struct cs_trace_span *const *cs_trace_index_phases(const struct cs_trace_index *index,
							 const struct cs_trace_span *span,
							 size_t *ret_count)
{
	size_t low = 0, high = index->phases_count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(index->phases[middle]->parent_id, span->span_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < index->phases_count &&
	       !strcmp(index->phases[low + count]->parent_id, span->span_id))
		count++;
	*ret_count = count;
	return count ? index->phases + low : NULL;
}

const struct cs_trace_service *cs_trace_index_service(const struct cs_trace_index *index,
						      const struct cs_trace_span *span)
{
	return find_service(index, span->service);
}
