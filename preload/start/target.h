/* SPDX-License-Identifier: Apache-2.0 */

/* What may be kept of a request target that comes whole, in a variable. Pure. */
#pragma once

#include <stddef.h>

/**
 * cs_target_path() - the path of a request target (RFC 9112 section 3.2)
 * @ret_len: its bytes
 *
 * Query and fragment hold secrets, and so may the authority before the path (user:password@host).
 *
 * Context: signal (pure).
 * Return:  within @target, or "/" where an absolute target has no path; may be of length 0.
 */
const char *cs_target_path(const char *target, size_t *ret_len);
