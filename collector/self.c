/* SPDX-License-Identifier: Apache-2.0 */

/* Names and printing of the collector's own counters; see self.h. */
#include "collector/self.h"

#include <inttypes.h>
#include <stddef.h>

#include "preload/wire/records.h"

static const char *const refusal_names[CS_REFUSAL_COUNT] = {
#define X(id, name, meaning) [CS_REFUSAL_##id] = (name),
	CS_REFUSALS(X)
#undef X
};

static void print_sampling(const struct cs_sampler_stats *stats, struct cs_buffer *out)
{
	static const char *const reasons[CS_SAMPLED_OUT_COUNT] = {
#define X(id, name) [CS_SAMPLED_OUT_##id] = (name),
		CS_SAMPLED_OUT(X)
#undef X
	};

	cs_buffer_puts(out, "},\"sampled_out\":{");
	for (unsigned i = 0; i < CS_SAMPLED_OUT_COUNT; i++)
		cs_buffer_printf(out, "%s\"%s\":%" PRIu64, i ? "," : "", reasons[i], stats->out[i]);
	cs_buffer_printf(out, "},\"sampling_hurried\":%" PRIu64 ",\"sampled\":{", stats->hurried);
	for (unsigned i = 0; i < CS_TAIL_RULE_COUNT; i++)
		cs_buffer_printf(out, "%s\"%s\":%" PRIu64, i ? "," : "",
				 cs_tail_rule_name((enum cs_tail_rule)i), stats->kept[i]);
}

static void print_room(const struct cs_room *room, struct cs_buffer *out)
{
	cs_buffer_printf(out, "},\"held_bytes\":%zu,\"crowded\":{\"causes\":%" PRIu64, room->bytes,
			 room->causes_forgotten);
	for (unsigned i = 0; i < CS_ROOM_COUNT; i++)
		cs_buffer_printf(out, ",\"%s\":%" PRIu64, cs_room_name(i), room->crowded[i]);
}

void cs_self_print(const struct cs_self *self, struct cs_buffer *out)
{
	static const struct {
		const char *name;
		size_t offset;
	} counters[] = {
#define COUNTER(field) { #field, offsetof(struct cs_self, field) }
		COUNTER(connections),
		COUNTER(probes),
		COUNTER(announces),
		COUNTER(intake_pauses),
		COUNTER(announces_lost),
		COUNTER(instances_now),
		COUNTER(instances_active),
		COUNTER(instances_ended),
		COUNTER(processes_now),
		COUNTER(tags_refused),
		COUNTER(pids_unseen),
		COUNTER(readings_given_up),
		COUNTER(readings_refused),
		COUNTER(looks),
		COUNTER(records),
		COUNTER(torn),
		COUNTER(corrupt),
		COUNTER(trims),
		COUNTER(broken),
		COUNTER(rings_lost),
		COUNTER(dropped),
		COUNTER(ends_known),
		COUNTER(ends_unknown),
		COUNTER(spans),
		COUNTER(batches),
		COUNTER(spans_lost),
		COUNTER(cold_starts),
		COUNTER(invocations),
		COUNTER(helpers),
		COUNTER(unmatched),
		COUNTER(unknown_records),
		COUNTER(requests_dropped),
		COUNTER(contexts_refused),
		COUNTER(hurried),
		COUNTER(unattributed),
		COUNTER(evidence_lost),
		COUNTER(models_lost),
		COUNTER(health_probes),
		COUNTER(unused_inits),
		COUNTER(log_bytes_lost),
		COUNTER(log_lines),
		COUNTER(log_lines_alone),
		COUNTER(log_lines_limited),
		COUNTER(log_lines_lost),
		COUNTER(log_records),
		COUNTER(api_spans),
		COUNTER(api_dropped),
		COUNTER(calls),
		COUNTER(calls_dropped),
		COUNTER(calls_unowned),
		COUNTER(connections_forgotten),
		COUNTER(log_records_lost),
#undef COUNTER
	};
	const char *comma = "";

	cs_buffer_putc(out, '{');
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		const char *at = (const char *)self + counters[i].offset;

		cs_buffer_printf(out, "\"%s\":%" PRIu64 ",", counters[i].name,
				 *(const uint64_t *)(const void *)at);
	}
	cs_buffer_puts(out, "\"refused\":{");
	for (unsigned i = CS_REFUSAL_NONE + 1; i < CS_REFUSAL_COUNT; i++) {
		if (!self->refused[i])
			continue;
		cs_buffer_printf(out, "%s\"%s\":%" PRIu64, comma, refusal_names[i],
				 self->refused[i]);
		comma = ",";
	}
	cs_buffer_puts(out, "},\"stood_down\":{");
	comma = "";
	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT; i++) {
		if (!self->stood_down[i])
			continue;
		cs_buffer_printf(out, "%s\"%s\":%" PRIu64, comma, cs_stand_down_name(i),
				 self->stood_down[i]);
		comma = ",";
	}
	cs_buffer_puts(out, "},\"dropped_of\":{");
	comma = "";
	for (unsigned i = 0; i < CS_DROP_KINDS_MAX; i++) {
		if (!self->dropped_of[i])
			continue;
		cs_buffer_printf(out, "%s\"%s\":%" PRIu64, comma, cs_record_name(i),
				 self->dropped_of[i]);
		comma = ",";
	}
	print_sampling(&self->sampling, out);
	print_room(&self->room, out);
	cs_buffer_puts(out, "}}");
}
