/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a collector of this command line would hold to, and where each part of it comes from: a flag, a
 * variable, or the collector itself. Of destinations the host alone is told, of headers only that there are
 * some: they may be secrets.
 */
#pragma once

struct cs_options;
struct cs_settings;

/**
 * cs_collector_settings() - add all of them
 * @get_env: getenv(), or a test's
 *
 * Context: startup.
 */
void cs_collector_settings(const struct cs_options *options, char *(*get_env)(const char *name),
			   struct cs_settings *all);
