/* SPDX-License-Identifier: Apache-2.0 */

/* Request targets; see target.h. */
#include "preload/start/target.h"

#include "preload/text.h"

const char *cs_target_path(const char *target, size_t *ret_len)
{
	size_t len = 0, scheme, authority;

	while (target[len] && target[len] != '?' && target[len] != '#')
		len++;
	*ret_len = len;
	if (*target == '/')
		return target;
	scheme = cs_text_until(target, len, ':');
	if (len - scheme < 3 || target[scheme + 1] != '/' || target[scheme + 2] != '/') {
		/* A path that lacks its slash, "*", or an authority alone: user:password@host. */
		if (cs_text_until(target, len, '@') < cs_text_until(target, len, '/'))
			*ret_len = 0;
		return target;
	}
	authority = scheme + 3 + cs_text_until(target + scheme + 3, len - scheme - 3, '/');
	*ret_len = authority < len ? len - authority : 1;
	return authority < len ? target + authority : "/";
}
