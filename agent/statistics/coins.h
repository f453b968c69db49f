/* SPDX-License-Identifier: Apache-2.0 */

/* Random numbers that are the same for the same seed: SplitMix64 (Steele, Lea, Flood 2014). Pure. */
#pragma once

#include <stdint.h>

/** cs_coins_throw() - the next 64 bits; @state: the seed at first. Context: any-thread. */
static inline uint64_t cs_coins_throw(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}
