/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Eight bytes at once, for scanners: looked at without a branch for each. Marks are the top bits of the
 * bytes that were found; the first mark is exact, those behind it may be wrong. Little-endian, as both
 * of our machines are. All: Context: signal (pure).
 */
#pragma once

#include <stdbool.h>
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

/**
 * cs_swar_load_to() - bytes from @at on, in their places; zeros for what is not before @end
 * @end: eight bytes before it may be read
 */
static inline uint64_t cs_swar_load_to(const unsigned char *at, const unsigned char *end)
{
	size_t left = (size_t)(end - at);

	if (__builtin_expect(left >= CS_SWAR_BYTES, 1))
		return cs_swar_load(at);
	return left ? cs_swar_load(end - CS_SWAR_BYTES) >> (CS_SWAR_BYTES - left) * 8 : 0;
}

/** cs_swar_is_crlf() - are the two bytes at @at the end of a line? */
static inline bool cs_swar_is_crlf(const void *at)
{
	uint16_t bytes;

	__builtin_memcpy(&bytes, at, sizeof(bytes));
	return bytes == ('\r' | '\n' << 8);
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

/**
 * cs_swar_plain() - is there neither a byte below @limit, at most 0x80, nor DEL?
 *
 * False also where some of them are above 0x7f: then nothing is said.
 */
static inline bool cs_swar_plain(uint64_t bytes, unsigned char limit)
{
	/* A carry, or a borrow, comes out of a byte that makes it false itself. */
	return !(((bytes - CS_SWAR_ONES * limit) | (bytes + CS_SWAR_ONES)) & CS_SWAR_ONES << 7);
}

/** cs_swar_first() - index of the first mark; there is one. */
static inline size_t cs_swar_first(uint64_t marks)
{
	return (size_t)__builtin_ctzll(marks) / 8;
}

/** cs_swar_plain_end() - the first byte from @at on that is a control or DEL, or @end: as for cs_swar_load_to(). */
static inline const unsigned char *cs_swar_plain_end(const unsigned char *at,
						     const unsigned char *end)
{
	const unsigned char *last = end - CS_SWAR_BYTES;
	uint64_t bytes, marks;

	for (; at <= last; at += CS_SWAR_BYTES) {
		bytes = cs_swar_load(at);
		if (cs_swar_plain(bytes, 0x20))
			continue;
		marks = cs_swar_below(bytes, 0x20) | cs_swar_equal(bytes, 0x7f);
		if (marks)
			return at + cs_swar_first(marks);
	}
	bytes = cs_swar_load_to(at, end); /* ends with zeros */
	marks = cs_swar_below(bytes, 0x20) | cs_swar_equal(bytes, 0x7f);
	return at + cs_swar_first(marks);
}

/** cs_swar_version() - of "HTTP/1.x", 10 or 11; 0: the bytes are something else. */
static inline uint8_t cs_swar_version(uint64_t bytes)
{
	uint64_t minor = bytes - 0x302e312f50545448ull; /* "HTTP/1.0" */

	return minor == 0 ? 10 : minor == 1ull << 56 ? 11 : 0;
}

/** cs_swar_ends_name() - marks bytes that are neither a letter nor a dash. */
static inline uint64_t cs_swar_ends_name(uint64_t bytes)
{
	uint64_t lower = bytes | CS_SWAR_ONES * 0x20;
	/* A sum has its top bit where a byte is at least 0x80 less what is added. */
	uint64_t letter =
		(lower + CS_SWAR_ONES * (0x80 - 'a')) & ~(lower + CS_SWAR_ONES * (0x80 - 'z' - 1));
	uint64_t no_dash = (bytes ^ CS_SWAR_ONES * '-') + CS_SWAR_ONES * 0x7f;

	/* What carries out of a byte makes that one a mark. */
	return ((no_dash & ~letter) | bytes) & CS_SWAR_ONES << 7;
}
