/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The mem* functions to which the compiler itself may emit calls: the shim has no libc. They are
 * hidden, so that nobody else binds to them.
 */
#include <stddef.h>
#include <stdint.h>

#include "preload/layout.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

/*
 * Eight bytes at a time: what is copied is mostly short, and a repeated string instruction takes long to
 * begin. The barriers keep the loops from being turned into calls of themselves.
 */
#define WORD 8u

static void copy_word(unsigned char *to, const unsigned char *from)
{
	uint64_t word;

	__builtin_memcpy(&word, from, WORD);
	__builtin_memcpy(to, &word, WORD);
	__asm__ volatile("" : : : "memory");
}

CS_AT_START void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	unsigned char *to = dst;
	const unsigned char *from = src;
	size_t n = 0;

	for (; len - n >= WORD; n += WORD)
		copy_word(to + n, from + n);
	if (n < len && len >= WORD) {
		copy_word(to + len - WORD, from + len - WORD); /* some of it again */
		return dst;
	}
	for (; n < len; n++) {
		to[n] = from[n];
		__asm__ volatile("" : : : "memory");
	}
	return dst;
}

void *memmove(void *dst, const void *src, size_t len)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	if (to <= from || to >= from + len)
		return memcpy(dst, src, len);
	while (len--) {
		to[len] = from[len];
		__asm__ volatile("" : : : "memory");
	}
	return dst;
}

void *memset(void *dst, int byte, size_t len)
{
	const uint64_t word = 0x0101010101010101ull * (unsigned char)byte;
	unsigned char *to = dst;
	size_t n = 0;

	for (; len - n >= WORD; n += WORD)
		copy_word(to + n, (const unsigned char *)&word);
	for (; n < len; n++) {
		to[n] = (unsigned char)byte;
		__asm__ volatile("" : : : "memory");
	}
	return dst;
}

static uint64_t load_word(const unsigned char *from)
{
	uint64_t word;

	__builtin_memcpy(&word, from, WORD);
	return word;
}

CS_HOT int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;
	size_t n = 0;

	if (len >= WORD) {
		while (n < len - WORD && load_word(x + n) == load_word(y + n))
			n += WORD;
		if (n >= len - WORD) { /* some of it again */
			n = len - WORD;
			if (load_word(x + n) == load_word(y + n))
				return 0;
		}
	}
	for (; n < len; n++) {
		if (x[n] != y[n])
			return x[n] - y[n];
	}
	return 0;
}
