/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The mem* functions to which the compiler itself may emit calls: the shim has no libc. They are
 * hidden, so that nobody else binds to them.
 */
#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
#if defined(__x86_64__)
	void *to = dst;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(len) : : "memory");
#else
	unsigned char *to = dst;
	const unsigned char *from = src;

	while (len--) {
		*to++ = *from++;
		__asm__ volatile("" : : : "memory"); /* not to be turned into a call of itself */
	}
#endif
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
	unsigned char *to = dst;

	while (len--) {
		*to++ = (unsigned char)byte;
		__asm__ volatile("" : : : "memory");
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < len; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
