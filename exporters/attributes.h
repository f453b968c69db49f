/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of attributes of the telemetry model: copies of them, and what is in them. Pure. */
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "exporters/telemetry.h"

/**
 * cs_attributes_copy() - a list with all that it points to, but for keys
 *
 * Keys are constants, or live as long as the copy, unless @keys.
 * Context: any-thread.
 * Return:  0; -ENOMEM, @ret untouched.
 */
int cs_attributes_copy(const struct cs_attrs *attrs, bool keys, struct cs_arena *arena,
		       struct cs_attrs *ret) cs_must_use;

/** cs_attributes_find() - NULL: it is not there. */
const struct cs_value *cs_attributes_find(const struct cs_attrs *attrs, const char *key);
