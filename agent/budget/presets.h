/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of budgets that come with coldspan: extends: coldspan:recommended. */
#pragma once

#include "agent/budget/fields.h"

#define CS_PRESETS_FILE "coldspan's presets"

/**
 * cs_presets_get() - the budgets of the preset that @node names
 * @ret: a list
 *
 * Context: startup. Return: 0; -EINVAL, the diag says which there are; -ENOMEM.
 */
int cs_presets_get(const struct cs_fields *fields, const struct cs_yaml_node *node,
		   const struct cs_yaml_node **ret) cs_must_use;
