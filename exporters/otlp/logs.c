/* SPDX-License-Identifier: Apache-2.0 */

/* Log records as OTLP messages; see logs.h. */
#include "exporters/otlp/logs.h"

#include <errno.h>

#include "exporters/otlp/tree.h"
#include "opentelemetry/proto/logs/v1/logs.pb-c.h"

typedef Opentelemetry__Proto__Common__V1__AnyValue pb_any_value;
typedef Opentelemetry__Proto__Logs__V1__LogsData pb_logs;
typedef Opentelemetry__Proto__Logs__V1__ResourceLogs pb_resource_logs;
typedef Opentelemetry__Proto__Logs__V1__ScopeLogs pb_scope_logs;
typedef Opentelemetry__Proto__Logs__V1__LogRecord pb_record;

static pb_any_value *body_of(struct cs_otlp_tree *b, const char *text)
{
	pb_any_value *body = cs_otlp_take(b, 1, sizeof(*body));

	if (!body)
		return NULL;
	opentelemetry__proto__common__v1__any_value__init(body);
	body->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
	body->string_value = cs_otlp_text(b, text, CS_TELEMETRY_BODY_MAX);
	return body;
}

static void set_record(struct cs_otlp_tree *b, pb_record *out, const struct cs_log_record *record)
{
	opentelemetry__proto__logs__v1__log_record__init(out);
	out->time_unix_nano = record->time_unix_ns;
	out->observed_time_unix_nano = record->observed_unix_ns;
	out->severity_number =
		(Opentelemetry__Proto__Logs__V1__SeverityNumber)record->severity_number;
	out->severity_text = cs_otlp_text(b, record->severity_text, CS_TELEMETRY_STRING_MAX);
	out->body = body_of(b, record->body);
	out->attributes = cs_otlp_attributes(b, &record->attrs, &out->n_attributes);
	out->dropped_attributes_count = record->attrs.dropped_count;
	if (cs_otlp_is_zero(record->trace_id.bytes, sizeof(record->trace_id.bytes)))
		return;
	out->trace_id = cs_otlp_id(record->trace_id.bytes, sizeof(record->trace_id.bytes));
	out->span_id = cs_otlp_id(record->span_id.bytes, sizeof(record->span_id.bytes));
	out->flags = record->flags;
}

/* The records of one part of a group; NULL on failure. */
static pb_resource_logs *group_records(struct cs_otlp_tree *b, const struct cs_resource_logs *group,
				       const struct cs_otlp_part *part)
{
	struct envelope {
		pb_resource_logs outer;
		pb_scope_logs scoped;
		pb_scope_logs *scoped_item;
	} *e = cs_otlp_take(b, 1, sizeof(*e));
	pb_record **items = cs_otlp_take(b, part->count, sizeof(*items));
	pb_record *records = cs_otlp_take(b, part->count, sizeof(*records));

	if (!e || !items || !records)
		return NULL;
	for (size_t i = 0; i < part->count; i++) {
		set_record(b, &records[i], &group->records[part->first + i]);
		items[i] = &records[i];
	}
	opentelemetry__proto__logs__v1__resource_logs__init(&e->outer);
	opentelemetry__proto__logs__v1__scope_logs__init(&e->scoped);
	e->scoped.scope = cs_otlp_scope(b);
	e->scoped.n_log_records = part->count;
	e->scoped.log_records = items;
	e->scoped_item = &e->scoped;
	e->outer.resource = cs_otlp_resource(b, &group->resource);
	e->outer.n_scope_logs = 1;
	e->outer.scope_logs = &e->scoped_item;
	return &e->outer;
}

int cs_otlp_logs_build(ProtobufCAllocator *alloc, const struct cs_log_batch *batch,
		       struct cs_otlp_range *range, ProtobufCMessage **ret)
{
	struct cs_otlp_tree b = { .alloc = alloc };
	pb_logs *logs = cs_otlp_take(&b, 1, sizeof(*logs));
	pb_resource_logs **groups =
		cs_otlp_take(&b, batch->groups_count, sizeof(pb_resource_logs *));
	struct cs_otlp_cut cut = { .skip = range->first, .left = range->count };
	size_t n = 0;

	for (size_t i = 0; i < batch->groups_count && cut.left && !b.failed; i++) {
		const struct cs_resource_logs *group = &batch->groups[i];
		struct cs_otlp_part part;

		if (cs_otlp_cut_next(&cut, group->records_count, &part))
			groups[n++] = group_records(&b, group, &part);
	}
	if (b.failed)
		return -ENOMEM;
	range->count -= cut.left;
	range->items = range->count;
	if (!n)
		return CS_OTLP_NOTHING;
	opentelemetry__proto__logs__v1__logs_data__init(logs);
	logs->n_resource_logs = n;
	logs->resource_logs = groups;
	*ret = &logs->base;
	return 0;
}
