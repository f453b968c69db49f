/* SPDX-License-Identifier: Apache-2.0 */

/* Where the parent id stands in a request's head, and whose trace it is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/propagation/current.h"

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

/**
 * cs_traceparent_carried() - which trace a request belongs to, by the lines that are kept of its head
 * @lines:     "name: value\n", names in lower case (http_fields.h)
 * @on_lambda: X-Ray's header is none of the carriers there
 * @ret:       its trace and flags, and its tracestate, if it has one
 *
 * By all carriers, as the collector reads them (wire/carriers.h).
 *
 * Context: signal (pure).
 * Return:  false: nobody named a trace: it begins here. @ret is untouched.
 */
bool cs_traceparent_carried(const char *lines, size_t len, bool on_lambda, struct cs_context *ret);
