/* SPDX-License-Identifier: Apache-2.0 */

/* A recording as `coldspan report --json` tells it: docs/schema/coldspan.report.v1.json. */
#pragma once

#include <jansson.h>

struct cs_trace_file;
struct cs_trace_index;

/**
 * cs_recording_json() - the document
 * @function: this one only; NULL: all
 *
 * Context: startup.
 * Return:  owned by the caller; NULL: out of memory.
 */
json_t *cs_recording_json(const struct cs_trace_file *file, const struct cs_trace_index *index,
			  const char *function);
