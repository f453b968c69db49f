/* SPDX-License-Identifier: Apache-2.0 */

/* Packing of commit words (abi.h, "Commit word"). Pure. */
#pragma once

#include <stdint.h>

#include "preload/wire/abi.h"

/** cs_word_make() - a word for a run of @len slots (1..CS_RUN_SLOTS_MAX) by @pid in @lap. */
static inline uint64_t cs_word_make(uint64_t lap, uint32_t pid, uint32_t len,
				    enum cs_slot_state state)
{
	return (lap & CS_WORD_LAP_MASK) << CS_WORD_LAP_SHIFT |
	       (uint64_t)(pid & ((1u << CS_WORD_PID_BITS) - 1)) << CS_WORD_PID_SHIFT |
	       (uint64_t)(len - 1) << CS_WORD_LEN_SHIFT | (uint64_t)state;
}

/** cs_word_padding() - a word for @len slots of padding (1..CS_PADDING_MAX) in @lap. */
static inline uint64_t cs_word_padding(uint64_t lap, uint32_t len)
{
	return (lap & CS_WORD_LAP_MASK) << CS_WORD_LAP_SHIFT |
	       (uint64_t)(len - 1) << CS_WORD_LEN_SHIFT | (uint64_t)CS_SLOT_PADDING;
}

static inline enum cs_slot_state cs_word_state(uint64_t word)
{
	return (enum cs_slot_state)(word & 3u);
}

static inline uint32_t cs_word_pid(uint64_t word)
{
	return (uint32_t)(word >> CS_WORD_PID_SHIFT) & ((1u << CS_WORD_PID_BITS) - 1);
}

/** cs_word_len() - slots of the run, padding included. */
static inline uint32_t cs_word_len(uint64_t word)
{
	uint32_t bits = cs_word_state(word) == CS_SLOT_PADDING ? CS_WORD_LEN_BITS + CS_WORD_PID_BITS
							       : CS_WORD_LEN_BITS;

	return ((uint32_t)(word >> CS_WORD_LEN_SHIFT) & ((1u << bits) - 1)) + 1;
}

/** cs_word_of_lap() - does the word belong to the lap of ring position @pos? */
static inline int cs_word_of_lap(uint64_t word, uint64_t lap)
{
	return word >> CS_WORD_LAP_SHIFT == (lap & CS_WORD_LAP_MASK);
}

/** cs_word_before_lap() - does the word belong to an earlier lap (or to fresh memory)? */
static inline int cs_word_before_lap(uint64_t word, uint64_t lap)
{
	uint64_t behind = (lap - (word >> CS_WORD_LAP_SHIFT)) & CS_WORD_LAP_MASK;

	return behind != 0 && behind <= CS_WORD_LAP_MASK / 2;
}
