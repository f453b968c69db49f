/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How a hook is written (README.md, "Writing a hook"): a C function under a name of its own, bound
 * to the interposed name by an assembler label, so that no declaration of libc's is in the way:
 *
 *	CS_HOOK(int, listen, (int fd, int backlog))
 *	{
 *		int ret = CS_REAL(listen)(fd, backlog);
 *		...record, errno kept...
 *		return ret;
 *	}
 *
 * CS_REAL always points to something callable: until the originals are found to what finds them, and
 * for those that do not exist to a stand-in that makes the raw system call.
 */
#pragma once

#include <stdint.h>

#include "preload/layout.h"

enum cs_hook {
#define HOOK(name)  CS_HOOK_##name,
#define THUNK(name) CS_HOOK_##name,
#include "preload/hooks/hooks.def"
#undef HOOK
#undef THUNK
	CS_HOOK_COUNT,
};

/*
 * Addresses of the originals, by enum cs_hook; written once, in the entry or by what stands in it
 * until then (early.S); see also cs_find_late().
 */
extern uintptr_t cs_real_table[CS_HOOK_COUNT] __attribute__((visibility("hidden")));

/** cs_standin() - what takes the place of an original that is not there. Context: signal. */
uintptr_t cs_standin(unsigned hook);

/**
 * cs_find_late() - before a call of what may not have been there at the start
 *
 * For hooks of which a library that was loaded later may bring the original. Costs a load.
 *
 * Context: signal.
 */
void cs_find_late(enum cs_hook hook);

#define CS_HOOK(ret, name, args)                                                                   \
	ret cs_hook_##name args __asm__(#name) __attribute__((visibility("default"), used));       \
	ret cs_hook_##name args

/*
 * The same for what programs call all the time, mostly on descriptors that are none of our business:
 * those cost a look-up and a jump. All else is in a function of its own, whose body follows with @word,
 * the descriptor's. @args: the names of @params, the first of which is `fd`.
 */
#define CS_HOOK_FD(ret, name, params, args)                                                        \
	CS_HOT static __attribute__((noinline))                                                    \
	ret watched_##name(CS_UNPACK params, uint64_t word);                                       \
	CS_HOT CS_HOOK(ret, name, params)                                                          \
	{                                                                                          \
		uint64_t word = cs_fd_word(fd);                                                    \
                                                                                                   \
		if (cs_follow_other(fd, word))                                                     \
			return CS_REAL(name) args;                                                 \
		return watched_##name(CS_UNPACK args, word);                                       \
	}                                                                                          \
	static ret watched_##name(CS_UNPACK params, uint64_t word)

#define CS_UNPACK(...) __VA_ARGS__

#define CS_REAL(name)  ((__typeof__(&cs_hook_##name))cs_real_table[CS_HOOK_##name])
