/* SPDX-License-Identifier: Apache-2.0 */

/* A first coldspan.yaml, commented for people who then correct it. */
#pragma once

struct cs_buffer;
struct cs_project;

/**
 * cs_first_plan_write() - append its text
 * @project: with any bytes in its words: they are quoted as YAML wants them
 * @schema:  where editors find the schema: a path without line ends
 * @out:     check `failed`
 *
 * Context: startup.
 * Format:  coldspan.yaml(5).
 */
void cs_first_plan_write(const struct cs_project *project, const char *schema,
			 struct cs_buffer *out);
