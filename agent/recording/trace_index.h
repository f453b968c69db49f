/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A recording put in order: spans by id, phases by their cold start, services with what a report says
 * of each. Made once after all is read, in n log n; a recording may hold hundreds of thousands.
 */
#pragma once

#include "agent/recording/trace_file.h"

struct cs_trace_service {
	const char *name;
	size_t first;        /* number of its first span */
	size_t cold_count;   /* first invocations of an instance */
	uint64_t cold_ns;    /* their mean duration; 0 without any */
	size_t warm_count;   /* other invocations */
	uint64_t warm_ns;    /* their median duration; 0 without any */
	size_t failed_count; /* of either kind: status Error, not among the above */
	bool calls_others;   /* a cold start of another service was caused by a span of it */
};

struct cs_trace_index {
	const struct cs_trace_span **by_id;
	size_t spans_count;
	const struct cs_trace_span **phases; /* by the id of their parent, then as they were read */
	size_t phases_count;
	struct cs_trace_service *services; /* by name */
	size_t services_count;
};

/**
 * cs_trace_index_init() - put @file in order
 * @ret: lives in the file's arena; untouched on failure
 *
 * Return: 0; -ENOMEM.
 */
int cs_trace_index_init(struct cs_trace_file *file, struct cs_trace_index *ret) cs_must_use;

/** cs_trace_index_phases() - the phases below @span; NULL: none. */
const struct cs_trace_span *const *cs_trace_index_phases(const struct cs_trace_index *index,
							 const struct cs_trace_span *span,
							 size_t *ret_count);

/** cs_trace_index_service() - what @span belongs to. */
const struct cs_trace_service *cs_trace_index_service(const struct cs_trace_index *index,
						      const struct cs_trace_span *span);

/** cs_trace_span_is_cold_start() - is it the span of a whole cold start? */
bool cs_trace_span_is_cold_start(const struct cs_trace_span *span);

/** cs_trace_span_duration() - ns; 0 for one that ends before it begins. */
uint64_t cs_trace_span_duration(const struct cs_trace_span *span);
