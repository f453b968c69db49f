/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a collector of this command line would hold to, and where each part of it comes from: a flag, a
 * variable, or the collector itself. Of destinations the host alone is told, of headers only that there are
 * some: they may be secrets.
 */
#pragma once

struct cs_buffer;
struct cs_options;

/**
 * cs_settings_print() - a line each: where it comes from, and NAME = VALUE
 * @get_env: getenv(), or a test's
 *
 * Context: startup.
 */
void cs_settings_print(const struct cs_options *options, char *(*get_env)(const char *name),
		       struct cs_buffer *out);
