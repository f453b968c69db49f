/* SPDX-License-Identifier: Apache-2.0 */

/* Request targets; see target.h. */
#include "preload/target.h"

static size_t len_until(const char *s, size_t len, char end)
{
	size_t n = 0;

	while (n < len && s[n] != end)
		n++;
	return n;
}

const char *cs_target_path(const char *target, size_t *ret_len)
{
	size_t len = 0, scheme, authority;

	while (target[len] && target[len] != '?' && target[len] != '#')
		len++;
	*ret_len = len;
	if (*target == '/')
		return target;
	scheme = len_until(target, len, ':');
	if (len - scheme < 3 || target[scheme + 1] != '/' || target[scheme + 2] != '/') {
		/* A path that lacks its slash, "*", or an authority alone: user:password@host. */
		if (len_until(target, len, '@') < len_until(target, len, '/'))
			*ret_len = 0;
		return target;
	}
	authority = scheme + 3 + len_until(target + scheme + 3, len - scheme - 3, '/');
	*ret_len = authority < len ? len - authority : 1;
	return authority < len ? target + authority : "/";
}
