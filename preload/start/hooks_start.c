/* SPDX-License-Identifier: Apache-2.0 */

/* __libc_start_main and main: the marks around them, and the entry on musl. */
#include <stddef.h>

#include "preload/descriptors/follow.h"
#include "preload/hooks/hook.h"
#include "preload/shim.h"
#include "preload/start/loader.h"

typedef int (*main_fn)(int argc, char **argv, char **envp);

static main_fn real_main;

static int watched_main(int argc, char **argv, char **envp)
{
	int ret;

	if (cs_shim_watching()) {
		cs_mark_at(CS_MARK_MAIN, cs_now());
		cs_segment_count(cs_shim.header, CS_FACT_SHARED_OBJECTS, cs_loader_objects());
		if (cs_loader_has("liburing.so"))
			cs_follow_ring(false); /* its calls do not pass libc */
		atomic_store_explicit(&cs_shim.in_main, true, memory_order_relaxed);
	}
	ret = real_main(argc, argv, envp);
	if (cs_shim_watching() && cs_pid() == (uint32_t)cs_shim.header->pid)
		cs_mark_at(CS_MARK_MAIN_RETURN, cs_now());
	return ret;
}

CS_HOOK(int, __libc_start_main,
	(main_fn program_main, int argc, char **argv, void (*init)(void), void (*fini)(void),
	 void (*rtld_fini)(void), void *stack_end))
{
	/* argv of the kernel's stack: the environment follows the arguments. */
	cs_shim_enter(argc, argv, argv + argc + 1);
	cs_loader_find_name();
	real_main = program_main;
	if (cs_shim_watching()) {
		cs_mark_at(CS_MARK_LIBC_START, cs_now());
		program_main = watched_main;
	}
	return CS_REAL(__libc_start_main)(program_main, argc, argv, init, fini, rtld_fini,
					  stack_end);
}
