/* SPDX-License-Identifier: Apache-2.0 */

/* The spans of a cold start: one for it, one for each phase. */
#include "collector/assembler/ids.h"
#include "collector/spans/spans_internal.h"

#include "collector/assembler/init_type.h"
#include "preload/wire/facts.h"

static const char *const fact_keys[CS_FACT_COUNT] = {
#define X(id, name, meaning) "coldspan." name,
	CS_FACTS(X)
#undef X
};

static void add_facts(struct cs_attr_list *list, const struct cs_cold_start *cold)
{
	for (unsigned i = 0; i < CS_FACT_COUNT; i++)
		cs_attr_add_int(list, fact_keys[i], cold->facts[i]);
	cs_attr_add_int(list, "coldspan.connections.opened", cold->connections_opened);
	cs_attr_add_int(list, "coldspan.exec.cpu_ns", cold->attach_cpu_ns);
	if (!cold->usage_known)
		return;
	cs_attr_add_int(list, "coldspan.cpu_ns", cold->cpu_ns);
	cs_attr_add_int(list, "coldspan.faults.minor", cold->faults_minor);
	cs_attr_add_int(list, "coldspan.faults.major", cold->faults_major);
	if (cold->max_rss_bytes)
		cs_attr_add_int(list, "coldspan.max_rss_bytes", cold->max_rss_bytes);
}

static bool add_phase(struct cs_spans *spans, const struct cs_cold_start *cold, unsigned i)
{
	const struct cs_phase_part *part = &cold->phases[i];
	struct cs_span *span = cs_spans_new(spans, cold->identity);
	CS_ATTR_LIST(list, &spans->arena);

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = cs_phase_name(part->phase),
		.kind = CS_SPAN_INTERNAL,
		.start_unix_ns = cs_spans_wall(cold->identity, part->start_ns),
		.end_unix_ns = cs_spans_wall(cold->identity, part->end_ns),
	};
	cs_spans_set_context(spans, span, &cold->context);
	span->flags &= ~(uint32_t)CS_SPAN_FLAG_REMOTE;
	span->parent_span_id = cold->context.span_id;
	span->span_id = cs_phase_span_id(cold->context.span_id, part->phase);
	cs_attr_add_string(&list, "coldspan.phase", cs_phase_name(part->phase));
	cs_attr_add_string(&list, "coldspan.phase.approximate", part->approximate);
	if (!cs_attr_list_keep(&list, &span->attrs))
		return false;
	cs_spans_finish(spans, cold->identity);
	return true;
}

bool cs_spans_cold_start_failed(const struct cs_cold_start *cold)
{
	const struct cs_lambda_place *lambda = cold->identity->lambda;

	return (lambda && lambda->init_error) || cold->load_status ||
	       (cs_spans_ended_badly(cold->outcome) && !cs_cold_start_shut_down(cold));
}

static bool add_cold_start(struct cs_spans *spans, const struct cs_cold_start *cold)
{
	struct cs_span *span = cs_spans_new(spans, cold->identity);
	char reasons[256];
	CS_ATTR_LIST(list, &spans->arena);

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = "cold start",
		.kind = CS_SPAN_INTERNAL,
		.start_unix_ns = cs_spans_wall(cold->identity, cold->start_ns),
		.end_unix_ns = cs_spans_wall(cold->identity, cold->end_ns),
	};
	cs_spans_set_context(spans, span, &cold->context);
	cs_attr_add_bool(&list, "faas.coldstart", true);
	cs_attr_add_string(&list, "coldspan.init.type", cs_init_type_name(cold->init_type));
	cs_attr_add_bool(&list, "coldspan.init.counted", cs_init_counts(cold->init_type));
	cs_attr_add_string(&list, "coldspan.protocol", cs_protocol_name(cold->protocol));
	if (cold->programs)
		cs_attr_add_int(&list, "coldspan.exec.count", cold->programs_count);
	cs_attr_add_string(&list, "coldspan.exec.programs", cold->programs);
	cs_attr_add_bool(&list, "coldspan.init.ready", cold->ready);
	if (cold->unused)
		cs_attr_add_bool(&list, "coldspan.init.unused", true);
	cs_attr_add_string(&list, "coldspan.approximate", cold->approximate);
	cs_attr_add_string(&list, "coldspan.stand_down",
			   cs_stand_down_text(cold->stand_down, reasons, sizeof(reasons)));
	add_facts(&list, cold);
	if (cold->identity->lambda && cold->identity->lambda->init_error) {
		cs_attr_add_string(&list, "coldspan.init.error_type",
				   cold->identity->lambda->init_error);
		span->status = CS_STATUS_ERROR;
		span->status_message = cold->identity->lambda->restore_failed ? "the restore failed"
									      : "the init failed";
	}
	if (cold->load_status) {
		cs_attr_add_string(&list, "coldspan.init.error_type",
				   cs_arena_printf(&spans->arena, "%u", cold->load_status));
		span->status = CS_STATUS_ERROR;
		span->status_message = "the init failed";
	}
	if (cs_cold_start_shut_down(cold))
		cs_spans_add_end(&list, cold->outcome);
	else
		cs_spans_set_outcome(spans, span, &list, cold->outcome);
	if (!cs_attr_list_keep(&list, &span->attrs))
		return false;
	cs_spans_finish(spans, cold->identity);
	for (unsigned i = 0; i < cold->phases_count; i++) {
		if (!add_phase(spans, cold, i))
			return false;
	}
	return true;
}

void cs_spans_add_cold_start(struct cs_spans *spans, const struct cs_cold_start *cold_start)
{
	size_t before = spans->spans_count;

	if (!add_cold_start(spans, cold_start))
		spans->lost += 1 + cold_start->phases_count - (spans->spans_count - before);
}
