/* SPDX-License-Identifier: Apache-2.0 */

/* Log records gathered into a batch; see log_records.h. */
#include "collector/logs/log_records.h"

#include <string.h>

#include "collector/spans/attr_list.h"
#include "collector/spans/resource.h"
#include "collector/spans/spans_internal.h"
#include "preload/wire/records.h"

#define ARENA_MAX (8u << 20) /* of one batch; what does not fit is counted as lost */

struct cs_log_item {
	uint64_t segment;
	const struct cs_attrs *resource; /* of the first item of its segment, by all of it */
	struct cs_log_record record;
};

void cs_log_records_init(struct cs_log_records *records)
{
	*records = (struct cs_log_records){ 0 };
	cs_arena_init(&records->arena, ARENA_MAX);
}

void cs_log_records_deinit(struct cs_log_records *records)
{
	cs_arena_deinit(&records->arena);
	records->items = NULL;
	records->count = 0;
}

void cs_log_records_reset(struct cs_log_records *records)
{
	cs_arena_reset(&records->arena);
	records->items = NULL;
	records->count = 0;
}

bool cs_log_records_full(const struct cs_log_records *records)
{
	return records->count >= CS_LOG_RECORDS_MAX;
}

static const struct cs_attrs *resource_of(struct cs_log_records *records,
					  const struct cs_identity *identity)
{
	struct cs_attrs *resource;

	for (size_t i = records->count; i-- > 0;) {
		if (records->items[i].segment == identity->segment)
			return records->items[i].resource;
	}
	resource = cs_arena_alloc(&records->arena, sizeof(*resource));
	return resource && cs_resource_attrs(identity, &records->arena, resource) ? resource : NULL;
}

/* When it says that it happened, unless that is far from when it was written. */
static uint64_t time_of(const struct cs_log_entry *entry)
{
	uint64_t wall_ns = cs_spans_wall(entry->identity, entry->time_ns);
	uint64_t far_ns =
		entry->unix_ns > wall_ns ? entry->unix_ns - wall_ns : wall_ns - entry->unix_ns;

	return entry->unix_ns && far_ns < CS_LOG_TIME_FAR_NS ? entry->unix_ns : wall_ns;
}

static bool set_attrs(struct cs_log_records *records, const struct cs_log_entry *entry,
		      struct cs_attrs *ret)
{
	CS_ATTR_LIST(list, &records->arena);

	cs_attr_add_string(&list, "log.iostream",
			   entry->stream == CS_LOG_STDOUT   ? "stdout"
			   : entry->stream == CS_LOG_STDERR ? "stderr"
							    : NULL);
	if (entry->inbound)
		cs_spans_add_ids(&list, entry->inbound, entry->invocation_id);
	else
		cs_attr_add_string(&list, "faas.invocation_id", entry->invocation_id);
	if (entry->pid > 0 && entry->pid != entry->identity->pid)
		cs_attr_add_int(&list, "coldspan.worker.pid", (uint64_t)entry->pid);
	if (entry->cut)
		cs_attr_add_int(&list, "coldspan.log.cut_bytes", entry->cut);
	return cs_attr_list_keep(&list, ret);
}

static bool add(struct cs_log_records *records, const struct cs_log_entry *entry)
{
	struct cs_log_item *item;
	struct cs_log_record *record;

	if (!records->items)
		records->items =
			cs_arena_alloc(&records->arena, CS_LOG_RECORDS_MAX * sizeof(*item));
	if (!records->items || cs_log_records_full(records))
		return false;
	item = &records->items[records->count];
	record = &item->record;
	item->segment = entry->identity->segment;
	item->resource = resource_of(records, entry->identity);
	*record = (struct cs_log_record){
		.time_unix_ns = time_of(entry),
		.observed_unix_ns = cs_spans_wall(entry->identity, entry->observed_ns),
		.severity_number = entry->severity,
		.severity_text = *entry->severity_text
					 ? cs_arena_strndup(&records->arena, entry->severity_text,
							    CS_TELEMETRY_STRING_MAX)
					 : NULL,
		.body = cs_arena_strndup(&records->arena, entry->text, entry->len),
	};
	if (entry->context) {
		record->trace_id = entry->context->trace_id;
		record->span_id = entry->context->span_id;
		record->flags = entry->context->trace_flags;
	}
	if (!item->resource || !record->body || !set_attrs(records, entry, &record->attrs))
		return false;
	records->count++;
	return true;
}

void cs_log_records_add(struct cs_log_records *records, const struct cs_log_entry *entry)
{
	if (!add(records, entry))
		records->lost++;
}

/* Groups in the order of their first record. */
static size_t fill(const struct cs_log_records *records, struct cs_resource_logs *groups,
		   struct cs_log_record *out)
{
	size_t n = 0, told = 0;

	for (size_t i = 0; i < records->count; i++) {
		const struct cs_log_item *first = &records->items[i];
		size_t k = 0;

		while (k < n && groups[k].resource.items != first->resource->items)
			k++;
		if (k < n)
			continue;
		groups[n] = (struct cs_resource_logs){ .resource = *first->resource,
						       .records = out + told };
		for (size_t j = i; j < records->count; j++) {
			if (records->items[j].resource != first->resource)
				continue;
			out[told++] = records->items[j].record;
			groups[n].records_count++;
		}
		n++;
	}
	return n;
}

bool cs_log_records_batch(struct cs_log_records *records, struct cs_log_batch *ret)
{
	struct cs_resource_logs *groups;
	struct cs_log_record *out;

	if (!records->count)
		return false;
	groups = cs_arena_alloc(&records->arena, records->count * sizeof(*groups));
	out = cs_arena_alloc(&records->arena, records->count * sizeof(*out));
	if (!groups || !out) {
		records->lost += records->count;
		return false;
	}
	*ret = (struct cs_log_batch){ .groups = groups,
				      .groups_count = fill(records, groups, out) };
	return true;
}
