/* SPDX-License-Identifier: Apache-2.0 */

/* Reading the variables; see settings.h. */
#include "collector/metrics/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TEMPORALITY "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
#define AGGREGATION "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"
#define INTERVAL    "OTEL_METRIC_EXPORT_INTERVAL"

/* Values are words without regard to case. Return: which; -1: none of them, or unset. */
static int one_of(const char *name, const char *const *words, int count,
		  char *(*get_env)(const char *), cs_metric_settings_warn_fn warn)
{
	const char *value = get_env(name);
	char text[160];

	if (!value || !*value)
		return -1;
	for (int i = 0; i < count; i++) {
		if (!strcasecmp(value, words[i]))
			return i;
	}
	snprintf(text, sizeof(text), "%s=%.40s: ignored, it is none of its values", name, value);
	if (warn)
		warn(text);
	return -1;
}

static uint32_t interval_of(char *(*get_env)(const char *), cs_metric_settings_warn_fn warn)
{
	const char *value = get_env(INTERVAL);
	char text[120], *end;
	unsigned long ms;

	if (!value || !*value)
		return CS_METRIC_INTERVAL_MS;
	errno = 0;
	ms = strtoul(value, &end, 10);
	if (!errno && !*end && *value != '-' && ms > 0 && ms <= UINT32_MAX)
		return (uint32_t)ms;
	snprintf(text, sizeof(text), "%s=%.40s: ignored, it is no number of milliseconds", INTERVAL,
		 value);
	if (warn)
		warn(text);
	return CS_METRIC_INTERVAL_MS;
}

void cs_metric_settings_from_env(struct cs_metric_settings *settings,
				 char *(*get_env)(const char *name),
				 cs_metric_settings_warn_fn warn)
{
	static const char *const temporalities[] = {
		[CS_PREFER_CUMULATIVE] = "cumulative",
		[CS_PREFER_DELTA] = "delta",
		[CS_PREFER_LOW_MEMORY] = "lowmemory",
	};
	static const char *const aggregations[] = { "base2_exponential_bucket_histogram",
						    "explicit_bucket_histogram" };
	int temporality = one_of(TEMPORALITY, temporalities, 3, get_env, warn);

	*settings = (struct cs_metric_settings){
		.interval_ms = interval_of(get_env, warn),
		.temporality = temporality < 0 ? CS_PREFER_CUMULATIVE
					       : (enum cs_temporality_preference)temporality,
		.explicit_buckets = one_of(AGGREGATION, aggregations, 2, get_env, warn) == 1,
	};
}
