/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/word: the packing of commit words. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/wire/word.h"

#define PID_MAX ((1u << CS_WORD_PID_BITS) - 1) /* the kernel's PID_MAX_LIMIT - 1 */

static const uint64_t laps[] = { 1, 2, 3, 4095, 1ull << 31, (1ull << 33) - 2, (1ull << 33) - 1 };

Test(word, keeps_lap_pid_length_and_state_apart)
{
	static const uint32_t pids[] = { 0, 1, 4711, PID_MAX - 1, PID_MAX };

	for (unsigned l = 0; l < sizeof(laps) / sizeof(laps[0]); l++) {
		for (unsigned p = 0; p < sizeof(pids) / sizeof(pids[0]); p++) {
			for (uint32_t len = 1; len <= CS_RUN_SLOTS_MAX; len++) {
				uint64_t word =
					cs_word_make(laps[l], pids[p], len, CS_SLOT_CLAIMED);

				cr_assert(cs_word_of_lap(word, laps[l]));
				cr_assert(not(cs_word_of_lap(word, laps[l] - 1)));
				cr_assert(eq(u32, cs_word_pid(word), pids[p]));
				cr_assert(eq(u32, cs_word_len(word), len));
				cr_assert(eq(int, cs_word_state(word), CS_SLOT_CLAIMED));
				/* as cs_ring_commit() does it */
				word += CS_SLOT_COMMITTED - CS_SLOT_CLAIMED;
				cr_assert(
					eq(u64, word,
					   cs_word_make(laps[l], pids[p], len, CS_SLOT_COMMITTED)));
			}
		}
	}
}

Test(word, a_pid_that_is_too_large_spoils_nothing_else)
{
	uint64_t word = cs_word_make(7, UINT32_MAX, 3, CS_SLOT_CLAIMED);

	cr_assert(eq(u32, cs_word_pid(word), PID_MAX));
	cr_assert(eq(u32, cs_word_len(word), 3));
	cr_assert(cs_word_of_lap(word, 7));
}

Test(word, padding_holds_the_length_of_the_largest_ring)
{
	static const uint32_t lens[] = { 1, 63, 64, 65, 15360, CS_SLOTS_MAX, CS_PADDING_MAX };

	for (unsigned l = 0; l < sizeof(laps) / sizeof(laps[0]); l++) {
		for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			uint64_t word = cs_word_padding(laps[l], lens[i]);

			cr_assert(eq(u32, cs_word_len(word), lens[i]));
			cr_assert(eq(int, cs_word_state(word), CS_SLOT_PADDING));
			cr_assert(cs_word_of_lap(word, laps[l]));
		}
	}
}

Test(word, fresh_memory_belongs_to_no_lap)
{
	for (unsigned l = 0; l < sizeof(laps) / sizeof(laps[0]); l++)
		cr_assert(not(cs_word_of_lap(0, laps[l])));
	cr_assert(eq(int, cs_word_state(0), CS_SLOT_FREE));
	/* The first lap of a ring is 1: position 0 of 64 slots. */
	cr_assert(cs_word_of_lap(cs_word_make(1, 0, 1, CS_SLOT_CLAIMED), (0 >> 6) + 1));
}

Test(word, the_lap_counts_on_beyond_its_33_bits)
{
	uint64_t last = CS_WORD_LAP_MASK, next = last + 1;

	cr_assert(cs_word_of_lap(cs_word_make(last, 1, 1, CS_SLOT_CLAIMED), last));
	cr_assert(not(cs_word_of_lap(cs_word_make(last, 1, 1, CS_SLOT_CLAIMED), next)));
	cr_assert(cs_word_of_lap(cs_word_make(next, 1, 1, CS_SLOT_CLAIMED), next));
	cr_assert(cs_word_before_lap(cs_word_make(last, 1, 1, CS_SLOT_CLAIMED), next));
	cr_assert(not(cs_word_before_lap(cs_word_make(next, 1, 1, CS_SLOT_CLAIMED), last)));
}
