/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the loader comes in. On glibc our constructor is the first user code after relocation (-z
 * initfirst): libc is not initialised, so nothing of it is called. On musl __libc_start_main comes
 * first, and constructors get no arguments. Whichever is first does the work, the other nothing.
 */
#include <stdbool.h>
#include <stddef.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/logs.h"
#include "preload/descriptors/node_channel.h"
#include "preload/events/stdio_loop.h"
#include "preload/propagation/propagate.h"
#include "preload/shim.h"
#include "preload/start/attach.h"
#include "preload/start/hide.h"
#include "preload/start/loader.h"
#include "preload/text.h"

#if defined(__x86_64__)
#define VDSO_CLOCK "__vdso_clock_gettime"
#else
#define VDSO_CLOCK "__kernel_clock_gettime"
#endif

/* The escape hatches, before anything else is looked at. */
static bool unwanted(const struct cs_start *start)
{
	const char *disable = cs_start_env(start, "COLDSPAN_DISABLE");
	const char *deny = cs_start_env(start, "COLDSPAN_DENY");

	if (disable && *disable && !cs_text_equal(disable, "0"))
		return true;
	return deny && start->argc > 0 && start->argv[0] &&
	       cs_text_lists(deny, cs_text_base(start->argv[0]));
}

/* AddressSanitizer's library, of gcc or clang, that has not looked yet who is before it. */
static bool is_minded(void)
{
	return cs_loader_has("libasan.so") || cs_loader_has("libclang_rt.asan");
}

static void watch(const struct cs_start *start)
{
	unsigned unresolved = 0;
	uint64_t entered_ns = 0;
	enum cs_loader_result found;

	if (start->vdso)
		cs_shim.clock =
			(int (*)(int, struct timespec *))cs_loader_vdso(start->vdso, VDSO_CLOCK);
	if (cs_shim.clock)
		entered_ns = cs_now();
	/* The originals are needed also when nothing is recorded. */
	found = cs_loader_resolve(start, &unresolved);
	if (is_minded())
		cs_loader_lose_name();
	if (found != CS_LOADER_OK || !cs_shim.clock || !cs_shim.errno_location || start->secure ||
	    unwanted(start))
		return;
	if (cs_attach(start, entered_ns) < 0)
		return;
	cs_follow_start();
	cs_node_channel_start();
	if (cs_logs.framed_fd)
		cs_logs_start();
	if (cs_propagate.what)
		cs_propagate_start(start);
	if (cs_shim.openwhisk)
		cs_stdio_start();
	cs_shim.stack_end = (uintptr_t)start->argv;
	cs_segment_count(cs_shim.header, CS_FACT_UNRESOLVED, unresolved);
	cs_segment_count(cs_shim.header, CS_FACT_ATTACH_COST_NS, cs_now() - entered_ns);
	atomic_store_explicit(&cs_shim.watching, true, memory_order_release);
}

void cs_shim_enter(int argc, char **argv, char **envp)
{
	static bool entered;
	struct cs_start start;

	if (entered)
		return;
	entered = true;
	cs_start_read(&start, argc, argv, envp);
	cs_hide(&start);
	watch(&start);
}

/*
 * glibc passes argc, argv and envp; musl nothing, so that the registers hold anything. The three hang
 * together on the stack as the kernel laid them out: only then are they believed.
 */
__attribute__((constructor)) static void constructor(int argc, char **argv, char **envp)
{
	if (argc > 0 && argv && envp == argv + argc + 1)
		cs_shim_enter(argc, argv, envp);
}
