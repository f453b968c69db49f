/* SPDX-License-Identifier: Apache-2.0 */

/* Exponential backoff with equal jitter; see backoff.h. */
#include "exporters/net/backoff.h"

uint32_t cs_backoff_next(struct cs_backoff *backoff, uint64_t random)
{
	uint64_t step = backoff->current_ms ? (uint64_t)backoff->current_ms * 2 : backoff->first_ms;
	uint32_t half;

	if (step > backoff->max_ms)
		step = backoff->max_ms;
	backoff->current_ms = (uint32_t)step;
	half = (uint32_t)step / 2;
	return (uint32_t)step - half + (uint32_t)(random % ((uint64_t)half + 1));
}

void cs_backoff_reset(struct cs_backoff *backoff)
{
	backoff->current_ms = 0;
}
