/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Eight bytes at once, for scanners: looked at without a branch for each. Marks are the top bits of the
 * bytes that were found; the first mark is exact, those behind it may be wrong. Little-endian, as both
 * of our machines are. All: Context: signal (pure).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CS_SWAR_BYTES 8u
#define CS_SWAR_ONES  0x0101010101010101ull

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/** cs_swar_load() - eight bytes, wherever they lie. */
static inline uint64_t cs_swar_load(const void *at)
{
	uint64_t bytes;

	__builtin_memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

/** cs_swar_below() - marks bytes below @limit, which is at most 0x80. */
static inline uint64_t cs_swar_below(uint64_t bytes, unsigned char limit)
{
	return (bytes - CS_SWAR_ONES * limit) & ~bytes & CS_SWAR_ONES << 7;
}

/** cs_swar_equal() - marks bytes that are @c. */
static inline uint64_t cs_swar_equal(uint64_t bytes, unsigned char c)
{
	return cs_swar_below(bytes ^ CS_SWAR_ONES * c, 1);
}

/** cs_swar_first() - index of the first mark; there is one. */
static inline size_t cs_swar_first(uint64_t marks)
{
	return (size_t)__builtin_ctzll(marks) / 8;
}
