/* SPDX-License-Identifier: Apache-2.0 */

/* Look-ups by name that find nothing, during the init: the price of search paths. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"
#include "preload/shim.h"

/* After the call: errno says why it failed, and stays as it is. */
static inline void after_lookup(int result)
{
	int error;

	if (__builtin_expect(result >= 0, 1) || !cs_shim_counting())
		return;
	error = cs_errno();
	if ((error == ENOENT || error == ENOTDIR) && !cs_borrow_find() &&
	    cs_pid() == (uint32_t)cs_shim.header->pid)
		cs_count(CS_FACT_LOOKUPS_FAILED);
}

#define LOOKUP(name, params, args)                                                                 \
	CS_HOOK(int, name, params)                                                                 \
	{                                                                                          \
		int ret = CS_REAL(name) args;                                                      \
                                                                                                   \
		after_lookup(ret);                                                                 \
		return ret;                                                                        \
	}

LOOKUP(stat, (const char *path, void *st), (path, st))
LOOKUP(stat64, (const char *path, void *st), (path, st))
LOOKUP(lstat, (const char *path, void *st), (path, st))
LOOKUP(lstat64, (const char *path, void *st), (path, st))
LOOKUP(fstatat, (int dir, const char *path, void *st, int flags), (dir, path, st, flags))
LOOKUP(fstatat64, (int dir, const char *path, void *st, int flags), (dir, path, st, flags))
LOOKUP(__xstat, (int version, const char *path, void *st), (version, path, st))
LOOKUP(__xstat64, (int version, const char *path, void *st), (version, path, st))
LOOKUP(__lxstat, (int version, const char *path, void *st), (version, path, st))
LOOKUP(__lxstat64, (int version, const char *path, void *st), (version, path, st))
LOOKUP(__fxstatat, (int version, int dir, const char *path, void *st, int flags),
       (version, dir, path, st, flags))
LOOKUP(__fxstatat64, (int version, int dir, const char *path, void *st, int flags),
       (version, dir, path, st, flags))
LOOKUP(access, (const char *path, int mode), (path, mode))
LOOKUP(faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags))
LOOKUP(statx, (int dir, const char *path, int flags, unsigned mask, void *stx),
       (dir, path, flags, mask, stx))
