/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long to wait before the next attempt: doubling, with equal jitter (half of the wait is fixed,
 * half is random), so that many clients of one server do not come back at the same moment.
 */
#pragma once

#include <stdint.h>

struct cs_backoff {
	uint32_t first_ms;
	uint32_t max_ms;
	uint32_t current_ms; /* 0: the next wait is the first */
};

/**
 * cs_backoff_next() - milliseconds to wait now
 * @random: any 64 random bits
 *
 * Context: any-thread.
 * Return:  from half of the step to the whole; steps are first_ms, 2 × first_ms … max_ms.
 */
uint32_t cs_backoff_next(struct cs_backoff *backoff, uint64_t random);

/** cs_backoff_reset() - it worked: the next wait is the first one again. */
void cs_backoff_reset(struct cs_backoff *backoff);
