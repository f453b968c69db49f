/* SPDX-License-Identifier: Apache-2.0 */

/* Names as the exporter for Prometheus makes them; see exported.h. */
#include "agent/dashboards/exported.h"

#include <errno.h>
#include <string.h>

#include "exporters/prometheus/family.h"

static const enum cs_metric_type types[] = {
	[CS_INSTRUMENT_HISTOGRAM] = CS_METRIC_HISTOGRAM,
	[CS_INSTRUMENT_COUNTER] = CS_METRIC_SUM,
	[CS_INSTRUMENT_UPDOWN] = CS_METRIC_SUM,
	[CS_INSTRUMENT_GAUGE] = CS_METRIC_GAUGE,
};

int cs_exported_init(struct cs_exported *exported, struct cs_arena *arena)
{
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
		const struct cs_instrument *one = cs_instrument((enum cs_instrument_id)i);
		const struct cs_prometheus_family *families;
		struct cs_metric metric = { .name = one->name,
					    .unit = one->unit,
					    .type = types[one->type] };
		struct cs_resource_metrics group = { .metrics = &metric, .metrics_count = 1 };
		struct cs_metric_batch batch = { .groups = &group, .groups_count = 1 };

		if (!cs_prometheus_families(&batch, arena, &families) || !families[0].name)
			return -ENOMEM;
		exported->names[i] = families[0].name;
	}
	return 0;
}

/* Native histograms have no suffix. */
static bool is_suffix(const struct cs_instrument *instrument, const char *suffix, size_t len)
{
	static const char *const of_histograms[] = { "", "_bucket", "_sum", "_count" };

	if (instrument->type == CS_INSTRUMENT_COUNTER)
		return len == 6 && !memcmp(suffix, "_total", 6);
	if (instrument->type != CS_INSTRUMENT_HISTOGRAM)
		return len == 0;
	for (size_t i = 0; i < 4; i++) {
		if (strlen(of_histograms[i]) == len && !memcmp(suffix, of_histograms[i], len))
			return true;
	}
	return false;
}

const struct cs_instrument *cs_exported_find(const struct cs_exported *exported, const char *name,
					     size_t len)
{
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
		const struct cs_instrument *one = cs_instrument((enum cs_instrument_id)i);
		size_t own = strlen(exported->names[i]);

		if (own <= len && !memcmp(exported->names[i], name, own) &&
		    is_suffix(one, name + own, len - own))
			return one;
	}
	return NULL;
}
