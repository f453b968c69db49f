/* SPDX-License-Identifier: Apache-2.0 */

/*
 * exec: stamped just before the call, by whoever calls: the process itself, a fork child, or a child
 * in borrowed memory, of whose exec the parent tells (hooks_process.c). The environment and the
 * arguments are handed on as they are.
 */
#include "preload/borrowed.h"
#include "preload/hook.h"
#include "preload/inherited.h"
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
	uint64_t now = cs_now();
	int saved;

	if (cs_borrow_exec(now))
		return;
	saved = cs_errno();
	rec.pid = (int32_t)cs_pid();
	cs_emit(CS_RECORD_EXEC, CS_PRIORITY_HIGH, now, &rec, sizeof(rec), NULL, 0);
	cs_set_errno(saved);
}

static inline void before_exec(void)
{
	if (cs_shim_watching())
		record_exec();
}

CS_HOOK(int, execve, (const char *path, char *const *argv, char *const *envp))
{
	before_exec();
	return CS_REAL(execve)(path, argv, envp);
}

CS_HOOK(int, execv, (const char *path, char *const *argv))
{
	before_exec();
	return CS_REAL(execv)(path, argv);
}

CS_HOOK(int, execvp, (const char *file, char *const *argv))
{
	before_exec();
	return CS_REAL(execvp)(file, argv);
}

CS_HOOK(int, execvpe, (const char *file, char *const *argv, char *const *envp))
{
	before_exec();
	return CS_REAL(execvpe)(file, argv, envp);
}

CS_HOOK(int, fexecve, (int fd, char *const *argv, char *const *envp))
{
	before_exec();
	return CS_REAL(fexecve)(fd, argv, envp);
}

CS_HOOK(int, execveat, (int dir, const char *path, char *const *argv, char *const *envp, int flags))
{
	before_exec();
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
