/* SPDX-License-Identifier: Apache-2.0 */

/* String functions; see text.h. */
#include "preload/text.h"

size_t cs_text_len(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t cs_text_until(const char *s, size_t len, char end)
{
	size_t n = 0;

	while (n < len && s[n] && s[n] != end)
		n++;
	return n;
}

bool cs_text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool cs_text_starts(const char *s, const char *prefix)
{
	while (*prefix && *s == *prefix) {
		s++;
		prefix++;
	}
	return !*prefix;
}

bool cs_text_ends(const char *s, size_t len, const char *suffix)
{
	size_t n = cs_text_len(suffix);

	return n <= len && !__builtin_memcmp(s + len - n, suffix, n);
}

bool cs_text_has(const char *s, const char *part)
{
	for (; *s; s++) {
		if (*s == *part && cs_text_starts(s, part))
			return true;
	}
	return !*part;
}

const char *cs_text_base(const char *path)
{
	const char *base = path;

	for (; *path; path++) {
		if (*path == '/')
			base = path + 1;
	}
	return base;
}

bool cs_text_lists(const char *list, const char *name)
{
	size_t len = cs_text_len(name);

	while (*list) {
		if (cs_text_starts(list, name) && (!list[len] || list[len] == ':'))
			return true;
		while (*list && *list++ != ':')
			continue;
	}
	return false;
}
