/* SPDX-License-Identifier: Apache-2.0 */

/*
 * exec: stamped just before the call, by whoever calls: the process itself, a fork child, or a child
 * in borrowed memory, of whose exec the parent tells (hooks_process.c). The environment and the
 * arguments are handed on as they are, unless the operator asks for COLDSPAN_PROPAGATE=env; of execl and
 * its like, of which nothing is rebuilt, always.
 */
#include "preload/descriptors/inherited.h"
#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"
#include "preload/propagation/propagate.h"
#include "preload/shim.h"

/*
 * Without the path: it may lead nowhere, which is the kernel's to refuse (EFAULT) and not ours to die
 * of, and to ask it beforehand is a call that a filter may not know. What came of the exec announces
 * itself with its name.
 */
static void record_exec(void)
{
	struct cs_rec_exec rec = { .spawn_begin_ns = cs_shim.spawn_begin_ns,
				   .kind = cs_shim.spawn_kind,
				   .flags = (uint16_t)cs_inherited_left() };
	const struct cs_borrowed *mark = NULL;
	uint64_t now = cs_now();

	if (!cs_borrow_exec(now, &mark)) {
		rec.pid = (int32_t)cs_pid();
	} else if (mark) {
		rec.spawn_begin_ns = mark->begin_ns;
		rec.kind = mark->kind;
		rec.flags = 0;
	} else {
		return;
	}
	cs_emit(CS_RECORD_EXEC, CS_PRIORITY_HIGH, now, &rec, sizeof(rec), NULL, 0);
}

static inline void before_exec(void)
{
	if (cs_shim_watching())
		record_exec();
}

/*
 * Children that are told whose they are. Apart, for their stack: who did not ask for that has what he had.
 */
#define APART __attribute__((noinline)) static int

typedef int (*exec_fn)(const char *path, char *const *argv, char *const *envp);
typedef int (*exec_same_fn)(const char *path, char *const *argv);
typedef int (*fexecve_fn)(int fd, char *const *argv, char *const *envp);
typedef int (*execveat_fn)(int dir, const char *path, char *const *argv, char *const *envp,
			   int flags);

APART hand_on(exec_fn real, const char *path, char *const *argv, char *const *envp)
{
	struct cs_child_env own;

	return real(path, argv, cs_propagate_child(&own, envp));
}

/* @same: as @real with libc's environ. */
APART hand_on_environ(exec_fn real, exec_same_fn same, const char *path, char *const *argv)
{
	struct cs_child_env own;
	char *const *envp = cs_propagate_environ(&own);

	return envp ? real(path, argv, envp) : same(path, argv);
}

APART hand_on_fd(fexecve_fn real, int fd, char *const *argv, char *const *envp)
{
	struct cs_child_env own;

	return real(fd, argv, cs_propagate_child(&own, envp));
}

APART hand_on_at(execveat_fn real, int dir, const char *path, char *const *argv, char *const *envp,
		 int flags)
{
	struct cs_child_env own;

	return real(dir, path, argv, cs_propagate_child(&own, envp), flags);
}

CS_HOOK(int, execve, (const char *path, char *const *argv, char *const *envp))
{
	before_exec();
	if (cs_propagate_asked(CS_PROPAGATE_ENV))
		return hand_on(CS_REAL(execve), path, argv, envp);
	return CS_REAL(execve)(path, argv, envp);
}

CS_HOOK(int, execv, (const char *path, char *const *argv))
{
	before_exec();
	if (cs_propagate_asked(CS_PROPAGATE_ENV))
		return hand_on_environ(CS_REAL(execve), CS_REAL(execv), path, argv);
	return CS_REAL(execv)(path, argv);
}

CS_HOOK(int, execvpe, (const char *file, char *const *argv, char *const *envp))
{
	before_exec();
	if (cs_propagate_asked(CS_PROPAGATE_ENV))
		return hand_on(CS_REAL(execvpe), file, argv, envp);
	return CS_REAL(execvpe)(file, argv, envp);
}

/* Both libcs search the same PATH in either: that of the process. */
CS_HOOK(int, execvp, (const char *file, char *const *argv))
{
	before_exec();
	if (cs_propagate_asked(CS_PROPAGATE_ENV) &&
	    cs_real_table[CS_HOOK_execvpe] != cs_standin(CS_HOOK_execvpe))
		return hand_on_environ(CS_REAL(execvpe), CS_REAL(execvp), file, argv);
	return CS_REAL(execvp)(file, argv);
}

CS_HOOK(int, fexecve, (int fd, char *const *argv, char *const *envp))
{
	before_exec();
	if (cs_propagate_asked(CS_PROPAGATE_ENV))
		return hand_on_fd(CS_REAL(fexecve), fd, argv, envp);
	return CS_REAL(fexecve)(fd, argv, envp);
}

CS_HOOK(int, execveat, (int dir, const char *path, char *const *argv, char *const *envp, int flags))
{
	before_exec();
	if (cs_propagate_asked(CS_PROPAGATE_ENV))
		return hand_on_at(CS_REAL(execveat), dir, path, argv, envp, flags);
	return CS_REAL(execveat)(dir, path, argv, envp, flags);
}

/* Called by thunk.S before the variadic kinds. */
void cs_thunk_execl(void);
void cs_thunk_execle(void);
void cs_thunk_execlp(void);

void cs_thunk_execl(void)
{
	before_exec();
}

void cs_thunk_execle(void)
{
	before_exec();
}

void cs_thunk_execlp(void)
{
	before_exec();
}
