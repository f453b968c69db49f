/* SPDX-License-Identifier: Apache-2.0 */

/* Records of what lambda_scan finds in the body of an event, while that passes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/events/lambda_scan.h"
#include "preload/wire/records.h"

/** cs_event_body_pass() - content passes; @data: NULL: unseen. Context: signal. */
void cs_event_body_pass(struct cs_lambda_scan *scan, enum cs_invocation_source source,
			const unsigned char *data, size_t len);

/**
 * cs_event_body_end() - that was all of it, and it was whole
 * @ret_len: bytes of lines behind the id in @scan->text, those that were told last
 *
 * Context: signal.
 * Return:  false: there was no room to tell them.
 */
bool cs_event_body_end(struct cs_lambda_scan *scan, enum cs_invocation_source source,
		       size_t *ret_len);
