/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What holds for a run of assert, and where each part of it comes from: an option, a place in coldspan.yaml,
 * or coldspan itself. Values of variables are left out: they may be secrets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cs_plan;
struct cs_settings;

/* What the command line says beside; zero where it says nothing. */
struct cs_assert_settings_options {
	uint32_t runs;
	bool strict;
	const char *baseline;
	char *const *names; /* of the functions that are asked for */
	int names_count;    /* 0: all */
};

/** cs_assert_settings() - add all of them, in the order of the file. Context: startup. */
void cs_assert_settings(const struct cs_plan *plan,
			const struct cs_assert_settings_options *options, struct cs_settings *all);
