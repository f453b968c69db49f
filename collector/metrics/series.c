/* SPDX-License-Identifier: Apache-2.0 */

/* Memory, hash and sameness of a series; see series.h. */
#include "collector/metrics/series.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "preload/wire/siphash.h"

#define HASHED_MAX 512u /* what is longer is compared all the same */

size_t cs_attrs_bytes(const struct cs_attrs *attrs)
{
	size_t bytes = attrs->count * sizeof(struct cs_attr);

	for (size_t i = 0; i < attrs->count; i++) {
		if (attrs->items[i].value.type == CS_VALUE_STRING)
			bytes += strlen(attrs->items[i].value.string) + 1;
	}
	return bytes;
}

struct cs_attrs cs_attrs_pack(const struct cs_attrs *attrs, void *memory)
{
	struct cs_attr *items = memory;
	char *text = (char *)(items + attrs->count);

	for (size_t i = 0; i < attrs->count; i++) {
		size_t len;

		items[i] = attrs->items[i];
		assert(items[i].value.type != CS_VALUE_STRINGS);
		if (items[i].value.type != CS_VALUE_STRING)
			continue;
		len = strlen(items[i].value.string) + 1;
		memcpy(text, items[i].value.string, len);
		items[i].value.string = text;
		text += len;
	}
	return (struct cs_attrs){ .items = items, .count = attrs->count };
}

static bool is_delta(const struct cs_metric_settings *settings)
{
	return settings->temporality != CS_PREFER_CUMULATIVE;
}

static size_t histogram_bytes(const struct cs_metric_settings *settings,
			      enum cs_instrument_id instrument)
{
	struct cs_bucket_bounds layout = cs_bucket_settings_get(settings->buckets, instrument);

	return sizeof(struct cs_series_histogram) +
	       cs_histogram_words(&layout) * (is_delta(settings) ? 2 : 1) * sizeof(uint64_t);
}

size_t cs_series_bytes(const struct cs_metric_settings *settings, enum cs_instrument_id instrument,
		       const struct cs_attrs *attrs)
{
	size_t bytes = sizeof(struct cs_series) + cs_attrs_bytes(attrs);

	if (cs_instrument(instrument)->type == CS_INSTRUMENT_HISTOGRAM)
		bytes += histogram_bytes(settings, instrument);
	return bytes;
}

static struct cs_series_histogram *histogram_new(const struct cs_metric_settings *settings,
						 enum cs_instrument_id instrument)
{
	struct cs_bucket_bounds layout = cs_bucket_settings_get(settings->buckets, instrument);
	struct cs_series_histogram *histogram = calloc(1, histogram_bytes(settings, instrument));

	if (!histogram)
		return NULL;
	cs_histogram_init(&histogram->total, &layout, histogram->words);
	if (is_delta(settings))
		cs_histogram_init(&histogram->recent, &layout,
				  histogram->words + cs_histogram_words(&layout));
	return histogram;
}

struct cs_series *cs_series_new(const struct cs_metric_settings *settings,
				enum cs_instrument_id instrument, const struct cs_attrs *attrs)
{
	struct cs_series *series = calloc(1, sizeof(*series) + cs_attrs_bytes(attrs));

	if (!series)
		return NULL;
	series->instrument = instrument;
	series->attrs = cs_attrs_pack(attrs, series + 1);
	series->bytes = cs_series_bytes(settings, instrument, attrs);
	if (cs_instrument(instrument)->type != CS_INSTRUMENT_HISTOGRAM)
		return series;
	series->histogram = histogram_new(settings, instrument);
	return series->histogram ? series : cs_series_free(series);
}

struct cs_series *cs_series_free(struct cs_series *series)
{
	if (series)
		free(series->histogram);
	free(series);
	return NULL;
}

static size_t put(uint8_t *buf, size_t used, const void *data, size_t len)
{
	if (len > HASHED_MAX - used)
		len = HASHED_MAX - used;
	memcpy(buf + used, data, len);
	return used + len;
}

/* Keys are left out: those of an instrument are mostly the same. */
uint64_t cs_series_hash(const uint8_t *key, const struct cs_metric_group *group,
			enum cs_instrument_id instrument, const struct cs_attrs *attrs)
{
	uint8_t buf[HASHED_MAX];
	size_t used = put(buf, 0, &group, sizeof(group));

	used = put(buf, used, &instrument, sizeof(instrument));
	for (size_t i = 0; i < attrs->count; i++) {
		const struct cs_attr *attr = &attrs->items[i];

		if (attr->value.type == CS_VALUE_STRING)
			used = put(buf, used, attr->value.string, strlen(attr->value.string) + 1);
		else if (attr->value.type == CS_VALUE_BOOL)
			used = put(buf, used, &attr->value.boolean, sizeof(bool));
		else
			used = put(buf, used, &attr->value.integer, sizeof(int64_t));
	}
	return cs_siphash(key, buf, used);
}

static bool same_key(const char *a, const char *b)
{
	return a == b || !strcmp(a, b);
}

static bool same_value(const struct cs_value *a, const struct cs_value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == CS_VALUE_STRING)
		return !strcmp(a->string, b->string);
	return a->type == CS_VALUE_BOOL ? a->boolean == b->boolean : a->integer == b->integer;
}

bool cs_series_same(const struct cs_attrs *a, const struct cs_attrs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!same_key(a->items[i].key, b->items[i].key) ||
		    !same_value(&a->items[i].value, &b->items[i].value))
			return false;
	}
	return true;
}
