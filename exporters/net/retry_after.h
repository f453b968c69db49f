/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When a server wants to be asked again. Pure.
 *
 * Format: RFC 9110 section 10.2.3 (Retry-After) and 5.6.7 (the three forms of HTTP-date).
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

#define CS_RETRY_AFTER_MAX_S 300u /* longer waits are cut: the data would be stale */

/**
 * cs_retry_after_parse() - seconds to wait
 * @value:      NUL-terminated value of the header, from the peer
 * @now_unix_s: CLOCK_REALTIME
 * @ret_s:      0 (a date in the past) to CS_RETRY_AFTER_MAX_S; untouched on failure
 *
 * Context: any-thread.
 * Return:  0; -EINVAL neither seconds nor a date.
 */
int cs_retry_after_parse(const char *value, int64_t now_unix_s, uint32_t *ret_s) cs_must_use;
