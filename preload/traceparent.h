/* SPDX-License-Identifier: Apache-2.0 */

/* Where the parent id stands in a request's head. */
#pragma once

#include <stddef.h>

/**
 * cs_traceparent_find_parent() - the 16 digits of the parent id in the traceparent of a request
 * @head: a whole head, well formed (http_request.h)
 *
 * Context: signal (pure).
 * Return:  NULL: there is no traceparent, more than one, or none that is good; a version to come may
 *          mean something else by these bytes, and is left alone.
 * Format:  W3C Trace Context section 3.2.
 */
unsigned char *cs_traceparent_find_parent(unsigned char *head, size_t len);
