/* SPDX-License-Identifier: Apache-2.0 */

/* What libpthread and libdl were before glibc 2.34: the home of functions that libc lacks. */
#include <dlfcn.h>
#include <threads.h>

typedef void *(*run_fn)(void *arg);

struct call {
	run_fn run;
	void *arg;
};

static int run(void *arg)
{
	struct call call = *(struct call *)arg;

	call.run(call.arg);
	return 0;
}

int pthread_create(thrd_t *thread, const void *attr, run_fn function, void *arg)
{
	static struct call call; /* one at a time */

	call = (struct call){ function, arg };
	return thrd_create(thread, run, &call) == thrd_success ? 0 : 11;
}

void *dlopen(const char *path, int flags)
{
	return dlmopen(LM_ID_BASE, path, flags);
}
