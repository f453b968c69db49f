/* SPDX-License-Identifier: Apache-2.0 */

/* Sample log records; see logs.h. */
#include "tests/support/logs.h"

#include <stdlib.h>
#include <string.h>

static void *take(struct cs_arena *arena, size_t count, size_t bytes)
{
	void *p = cs_arena_alloc(arena, count * bytes);

	if (!p && count)
		abort();
	return p;
}

static struct cs_attrs attrs_of(struct cs_arena *arena, const char *key, const char *value)
{
	struct cs_attr *attr = take(arena, 1, sizeof(*attr));

	*attr = (struct cs_attr){ key, { .type = CS_VALUE_STRING, .string = value } };
	return (struct cs_attrs){ .items = attr, .count = 1 };
}

static void set_record(struct cs_arena *arena, struct cs_log_record *record, size_t i)
{
	*record = (struct cs_log_record){
		.time_unix_ns = 1700000000000000000u + i,
		.observed_unix_ns = 1700000000300000000u + i,
		.body = cs_arena_printf(arena, "line %zu", i),
		.attrs = attrs_of(arena, "log.iostream", i % 3 ? "stdout" : "stderr"),
	};
	if (i % 2)
		return;
	record->severity_number = CS_SEVERITY_WARN;
	record->severity_text = "warning";
	record->flags = 1;
	memset(record->trace_id.bytes, 0x10 + (int)(i % 16), sizeof(record->trace_id.bytes));
	memset(record->span_id.bytes, 0x20 + (int)(i % 16), sizeof(record->span_id.bytes));
}

const struct cs_log_batch *sample_logs(struct cs_arena *arena, size_t count)
{
	struct cs_log_batch *batch = take(arena, 1, sizeof(*batch));
	struct cs_resource_logs *groups = take(arena, 2, sizeof(*groups));
	struct cs_log_record *records = take(arena, count, sizeof(*records));

	for (size_t i = 0; i < count; i++)
		set_record(arena, &records[i], i);
	groups[0] = (struct cs_resource_logs){
		.resource = attrs_of(arena, "service.name", "first"),
		.records = records,
		.records_count = count / 2,
	};
	groups[1] = (struct cs_resource_logs){
		.resource = attrs_of(arena, "service.name", "second"),
		.records = records + count / 2,
		.records_count = count - count / 2,
	};
	*batch = (struct cs_log_batch){ .groups = groups, .groups_count = 2 };
	return batch;
}
