/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Explicit bounds that an operator asked for, of single metrics: where an objective has a bound of its own, the share
 * within it is counted, and not guessed. Pure.
 */
#pragma once

#include "base/cleanup.h"
#include "base/diag.h"
#include "collector/metrics/bucket_layout.h"

#define CS_BUCKET_SETTINGS_MAX 8u

struct cs_bucket_setting {
	enum cs_instrument_id instrument;
	size_t count;
	double bounds[CS_BOUNDS_MAX];
};

struct cs_bucket_settings {
	struct cs_bucket_setting items[CS_BUCKET_SETTINGS_MAX];
	unsigned count;
};

/**
 * cs_bucket_settings_add() - read "METRIC=BOUND,BOUND…", which rise, in the metric's unit
 * @diag: what is wrong; may be NULL
 *
 * Context: startup. Return: 0; -EINVAL; then @settings are as they were.
 */
int cs_bucket_settings_add(struct cs_bucket_settings *settings, const char *text,
			   struct cs_diag *diag) cs_must_use;

/**
 * cs_bucket_settings_get() - of a histogram; its layout's, where nothing else was asked for
 * @settings: NULL: nothing was. What is returned points into it
 */
struct cs_bucket_bounds cs_bucket_settings_get(const struct cs_bucket_settings *settings,
					       enum cs_instrument_id instrument);
