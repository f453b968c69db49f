/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 validation and repair; see utf8.h. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Length of the well-formed sequence at @s, 0 if there is none (RFC 3629 section 4). */
static size_t sequence_len(const unsigned char *s, size_t len)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		lo = s[0] == 0xe0 ? 0xa0 : lo;
		hi = s[0] == 0xed ? 0x9f : hi;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		lo = s[0] == 0xf0 ? 0x90 : lo;
		hi = s[0] == 0xf4 ? 0x8f : hi;
	} else {
		return 0;
	}
	if (len < n || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return n;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Of the ASCII characters that @s begins with, those that are seen eight at a time: most text is nothing else. */
static size_t plain_len(const char *s, size_t len)
{
	size_t n = 0;
	uint64_t word;

	for (; len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s + n, sizeof(word));
		if (word & HIGH_BITS)
			break;
	}
	return n;
}

bool cs_utf8_valid(const char *s, size_t len)
{
	for (size_t i = plain_len(s, len); i < len;) {
		size_t n = sequence_len((const unsigned char *)s + i, len - i);

		if (!n)
			return false;
		i += n;
	}
	return true;
}

size_t cs_utf8_repair(char *dst, size_t size, const char *s, size_t len, bool *ret_cut)
{
	size_t out = 0, i = 0;

	while (i < len) {
		size_t n = sequence_len((const unsigned char *)s + i, len - i);
		const char *from = n ? s + i : replacement;
		size_t bytes = n ? n : sizeof(replacement) - 1;

		if (out + bytes + 1 > size)
			break;
		memcpy(dst + out, from, bytes);
		out += bytes;
		i += n ? n : 1;
	}
	if (size)
		dst[out] = '\0';
	if (ret_cut)
		*ret_cut = i < len;
	return out;
}

void cs_utf8_strip_control(char *s)
{
	for (unsigned char *p = (unsigned char *)s; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = ' ';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			p[0] = p[1] = '?';
	}
}
