/* SPDX-License-Identifier: Apache-2.0 */

/* Following symbolic links; see real_path.h. */
#include "preload/start/real_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/shim.h"
#include "preload/sys.h"
#include "preload/text.h"

#define LOOKS_MAX 32

struct walk {
	char *out; /* what is real so far, no slash at the end */
	size_t out_len;
	char rest[CS_PATH_BYTES]; /* what is to come */
};

/* The last name of what is real turned out to be a link of @len bytes. */
static bool follow(struct walk *walk, size_t name_len, const char *link, size_t len,
		   const char *behind)
{
	size_t tail = cs_text_len(behind) + 1;

	if (len + tail > sizeof(walk->rest))
		return false;
	__builtin_memmove(walk->rest + len, behind, tail);
	__builtin_memcpy(walk->rest, link, len);
	walk->out_len = *link == '/' ? 0 : walk->out_len - name_len - 1;
	return true;
}

static void go_up(struct walk *walk)
{
	while (walk->out_len && walk->out[--walk->out_len] != '/')
		;
}

/* Appends a name. False: no room. */
static bool go_down(struct walk *walk, const char *name, size_t len)
{
	if (walk->out_len + 1 + len >= CS_PATH_BYTES)
		return false;
	walk->out[walk->out_len] = '/';
	__builtin_memcpy(walk->out + walk->out_len + 1, name, len);
	walk->out_len += len + 1;
	walk->out[walk->out_len] = '\0';
	return true;
}

bool cs_real_path(const char *path, const char *cwd, char *ret)
{
	struct walk walk = { .out = ret };
	char link[CS_PATH_BYTES], *at = walk.rest;
	size_t len = cs_text_len(path), cwd_len = cs_text_len(cwd);

	if (!len || len >= sizeof(walk.rest) || (*path != '/' && !cwd_len))
		return false;
	__builtin_memcpy(walk.rest, path, len + 1);
	if (*path != '/' && cwd_len > 1) {
		__builtin_memcpy(ret, cwd, cwd_len);
		walk.out_len = cwd_len;
	}
	for (int looks = 0; looks < LOOKS_MAX;) {
		long n;

		while (*at == '/')
			at++;
		len = cs_text_until(at, SIZE_MAX, '/');
		if (!len)
			break;
		if (len == 2 && at[0] == '.' && at[1] == '.')
			go_up(&walk);
		if (at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.'))) {
			at += len;
			continue;
		}
		if (!go_down(&walk, at, len))
			return false;
		looks++;
		n = cs_sys4(SYS_readlinkat, AT_FDCWD, ret, link, sizeof(link));
		if (n == -EINVAL /* no link */) {
			at += len;
		} else if (n <= 0 || !follow(&walk, len, link, (size_t)n, at + len)) {
			return false;
		} else {
			at = walk.rest;
		}
	}
	ret[walk.out_len] = '\0';
	return !*at && walk.out_len;
}
