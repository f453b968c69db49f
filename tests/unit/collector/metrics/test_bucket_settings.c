/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/metrics/bucket_settings. */
#include "collector/metrics/bucket_settings.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct cs_bucket_settings settings;

static int add(const char *text)
{
	struct cs_diag diag = { 0 };
	int r = cs_bucket_settings_add(&settings, text, &diag);

	cr_assert_eq(r < 0, *diag.text != '\0', "%s", text);
	return r;
}

Test(bucket_settings, bounds_are_those_that_were_asked_for)
{
	struct cs_bucket_bounds bounds;

	cr_assert_eq(add("faas.init_duration=0.25,0.5,1e1"), 0);
	bounds = cs_bucket_settings_get(&settings, CS_INSTRUMENT_INIT_DURATION);
	cr_assert_eq(bounds.count, 3);
	cr_assert_eq(cs_bucket_find(&bounds, 0.25), 0);
	cr_assert_eq(cs_bucket_find(&bounds, 0.26), 1);
	cr_assert_eq(cs_bucket_find(&bounds, 10), 2);
	cr_assert_eq(cs_bucket_find(&bounds, 11), 3);
	cr_assert_eq(bounds.exp_buckets, cs_bucket_bounds(CS_BUCKETS_DURATION)->exp_buckets);
	bounds = cs_bucket_settings_get(&settings, CS_INSTRUMENT_INVOKE_DURATION);
	cr_assert_eq(bounds.bounds, cs_bucket_bounds(CS_BUCKETS_DURATION)->bounds);
	bounds = cs_bucket_settings_get(NULL, CS_INSTRUMENT_INIT_DURATION);
	cr_assert_eq(bounds.bounds, cs_bucket_bounds(CS_BUCKETS_DURATION)->bounds);
}

Test(bucket_settings, what_is_no_list_of_bounds_is_refused)
{
	static const char *const mistakes[] = {
		"",
		"=1",
		"faas.init_duration",
		"faas.init_duration=",
		"faas.init_duration=a",
		"faas.init_duration=1,",
		"faas.init_duration=,1",
		"faas.init_duration=1;2",
		"faas.init_duration=2,1",
		"faas.init_duration=1,1",
		"faas.init_duration=-1,1",
		"faas.init_duration=-0,1",
		"faas.init_duration=inf",
		"faas.init_duration=nan",
		"faas.init=1",
		"faas.coldstarts=1",
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		cr_assert_eq(add(mistakes[i]), -EINVAL, "%s", mistakes[i]);
	cr_assert_eq(settings.count, 0);
	cr_assert_eq(add("faas.init_duration=0"), 0);
	cr_assert_eq(add("faas.init_duration=1"), -EINVAL, "it has some already");
}

Test(bucket_settings, there_is_an_end_to_them)
{
	char text[1024] = "faas.init_duration=0";
	unsigned taken = 0;

	for (unsigned i = 1; i < CS_BOUNDS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ",%u", i);
	cr_assert_eq(add(text), 0);
	settings.count = 0;
	strcat(text, ",99");
	cr_assert_eq(add(text), -EINVAL);
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
		snprintf(text, sizeof(text), "%s=1", cs_instrument((enum cs_instrument_id)i)->name);
		taken += add(text) == 0;
	}
	cr_assert_eq(taken, CS_BUCKET_SETTINGS_MAX);
}
