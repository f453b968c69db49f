/* SPDX-License-Identifier: Apache-2.0 */

/* Reading and finding bounds; see bucket_settings.h. */
#include "collector/metrics/bucket_settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct cs_bucket_setting *find(const struct cs_bucket_settings *settings,
					    enum cs_instrument_id instrument)
{
	for (unsigned i = 0; settings && i < settings->count; i++) {
		if (settings->items[i].instrument == instrument)
			return &settings->items[i];
	}
	return NULL;
}

static bool find_histogram(const char *name, size_t len, enum cs_instrument_id *ret)
{
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
		const struct cs_instrument *what = cs_instrument((enum cs_instrument_id)i);

		if (what->type == CS_INSTRUMENT_HISTOGRAM && strlen(what->name) == len &&
		    !memcmp(what->name, name, len)) {
			*ret = (enum cs_instrument_id)i;
			return true;
		}
	}
	return false;
}

static int read_bounds(const char *text, struct cs_bucket_setting *setting, struct cs_diag *diag)
{
	double last = -1;

	for (;; text++) {
		char *end;
		double bound = strtod(text, &end);

		if (end == text || !isfinite(bound) || signbit(bound) || (*end && *end != ','))
			return cs_diag_set(
				diag, -EINVAL,
				"\"%.40s\" does not begin with a number that can be a bound", text);
		if (bound <= last)
			return cs_diag_set(diag, -EINVAL, "bounds have to rise: \"%.40s\"", text);
		if (setting->count == CS_BOUNDS_MAX)
			return cs_diag_set(diag, -EINVAL, "there may be %u bounds at most",
					   CS_BOUNDS_MAX);
		setting->bounds[setting->count++] = last = bound;
		text = end;
		if (!*text)
			return 0;
	}
}

int cs_bucket_settings_add(struct cs_bucket_settings *settings, const char *text,
			   struct cs_diag *diag)
{
	struct cs_bucket_setting setting = { 0 };
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	int r;

	if (!find_histogram(text, len, &setting.instrument))
		return cs_diag_set(diag, -EINVAL,
				   "\"%.*s\" is no histogram of ours; one is faas.init_duration",
				   (int)(len < 80 ? len : 80), text);
	if (!equals)
		return cs_diag_set(diag, -EINVAL,
				   "after \"%.80s\" bounds follow, such as =0.25,0.5,1", text);
	if (find(settings, setting.instrument))
		return cs_diag_set(diag, -EINVAL, "\"%.*s\" has bounds already", (int)len, text);
	if (settings->count == CS_BUCKET_SETTINGS_MAX)
		return cs_diag_set(diag, -EINVAL, "there may be bounds of %u metrics at most",
				   CS_BUCKET_SETTINGS_MAX);
	r = read_bounds(equals + 1, &setting, diag);
	if (r == 0)
		settings->items[settings->count++] = setting;
	return r;
}

struct cs_bucket_bounds cs_bucket_settings_get(const struct cs_bucket_settings *settings,
					       enum cs_instrument_id instrument)
{
	const struct cs_bucket_setting *setting = find(settings, instrument);
	struct cs_bucket_bounds bounds = *cs_bucket_bounds(cs_instrument(instrument)->layout);

	if (setting) {
		bounds.bounds = setting->bounds;
		bounds.count = setting->count;
	}
	return bounds;
}
