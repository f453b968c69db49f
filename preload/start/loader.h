/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loader's list of objects (struct link_map, found through DT_DEBUG), and the look-up of all
 * originals in the objects behind our own. dlsym would do the same, but it allocates, takes the
 * loader's lock, and lives in another library before glibc 2.34.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/hooks/hook.h"
#include "preload/start/start.h"

enum cs_loader_result {
	CS_LOADER_OK = 0,
	CS_LOADER_NO_LIST,     /* static start, foreign loader */
	CS_LOADER_SECOND_COPY, /* an object before ours is a copy of us */
};

/**
 * cs_loader_resolve() - fill in cs_real_table, cs_shim.link_map and libc's functions in cs_shim
 * @ret_unresolved: how many hooks keep their stand-in; some libcs lack some functions; untouched
 *                  where nothing could be searched
 *
 * What can be found is filled in whatever is returned: a shim that stands down forwards.
 *
 * Context: startup; a second call tells what the first has found. No system call, no allocation.
 * Return:  enum cs_loader_result.
 */
enum cs_loader_result cs_loader_resolve(const struct cs_start *start, unsigned *ret_unresolved);

/**
 * cs_loader_find_late() - look again for an original that was nowhere at the start
 *
 * Before glibc 2.34, pthread_create, dlopen and dlmopen live in libraries that the program may not
 * have loaded yet, and no system call stands in for them. A hook that was not resolved asks once it
 * is called: whoever calls it has its original loaded. A loader that changes its list in another
 * thread meanwhile is not waited for.
 *
 * Context: signal; by cs_find_late() only.
 * Return:  true if cs_real_table has it now.
 */
bool cs_loader_find_late(enum cs_hook hook);

/**
 * cs_loader_objects() - shared objects in the list now, as ldd shows them
 *
 * The loader is one; the program, the vDSO, which is no file, and we ourselves are not.
 *
 * Context: startup.
 */
unsigned cs_loader_objects(void);

/** cs_loader_has() - is an object in the list whose file name has @part in it? Context: startup. */
bool cs_loader_has(const char *part);

/**
 * cs_loader_lose_name() - have no file name in the list until cs_loader_find_name()
 *
 * For AddressSanitizer in a library of its own, which ends the program if the first library that has a name
 * is another (LLVM, compiler-rt/lib/asan/asan_linux.cpp, AsanCheckDynamicRTPrereqs). It asks dl_iterate_phdr
 * before main, and only for names. Nothing of the loader's looks for ours meanwhile.
 *
 * Context: startup; behind cs_loader_resolve().
 */
void cs_loader_lose_name(void);

/** cs_loader_find_name() - have it again; nothing if it was not lost. Context: startup. */
void cs_loader_find_name(void);

/** cs_loader_vdso() - address of a function in the vDSO, 0 if it is not there. Context: startup. */
uintptr_t cs_loader_vdso(uintptr_t vdso, const char *name);

/**
 * cs_loader_data() - where a variable is that libc exports: the first one in the list, as for everybody
 *
 * Context: startup. Return: 0: there is none.
 */
uintptr_t cs_loader_data(const char *name);
