/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What holds for a run of assert, and where each part of it comes from: an option, a place in coldspan.yaml,
 * or coldspan itself. Values of variables are left out: they may be secrets.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct cs_buffer;
struct cs_plan;

/* What the command line says beside; zero where it says nothing. */
struct cs_settings_options {
	uint32_t runs;
	bool strict;
	const char *baseline;
	char *const *names; /* of the functions that are asked for */
	int names_count;    /* 0: all */
};

/**
 * cs_settings_of() - all of them, in the order of the file
 *
 * Context: startup.
 * Return:  a list of {name, value, origin: default, file or option, file, line, option}; the caller's; NULL
 *          for want of memory.
 */
json_t *cs_settings_of(const struct cs_plan *plan, const struct cs_settings_options *options);

/** cs_settings_text() - a line each: where it comes from, and NAME = VALUE. Context: startup. */
void cs_settings_text(const json_t *settings, struct cs_buffer *out);
