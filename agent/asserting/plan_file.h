/* SPDX-License-Identifier: Apache-2.0 */

/* Finds and reads coldspan.yaml. */
#pragma once

#include <limits.h>

#include "agent/budget/plan.h"
#include "base/diag.h"

#define CS_PLAN_FILE "coldspan.yaml"

struct cs_plan_file {
	struct cs_plan plan;
	char path[PATH_MAX];   /* as messages name it */
	char folder[PATH_MAX]; /* absolute: where its relative names begin */
};

/**
 * cs_plan_file_load() - read it
 * @path: NULL: CS_PLAN_FILE in this folder, or in the nearest above it
 * @baseline: a ref that all functions are compared with, borrowed; NULL: as they say
 * @ret:  cs_plan_file_close() it in any case
 *
 * Context: startup. Return: 0; -ENOENT, -EINVAL and others, @diag says what; -ENOMEM.
 */
int cs_plan_file_load(const char *path, const char *baseline, struct cs_diag *diag,
		      struct cs_plan_file *ret) cs_must_use;

/** cs_plan_file_close() - free it. */
void cs_plan_file_close(struct cs_plan_file *file);
