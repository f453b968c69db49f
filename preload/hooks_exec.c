/* SPDX-License-Identifier: Apache-2.0 */

/*
 * exec: stamped just before the call, by whoever calls: the process itself, a fork child, or a child
 * in borrowed memory. The environment and the arguments are handed on as they are.
 */
#include <stddef.h>

#include "preload/borrowed.h"
#include "preload/hook.h"
#include "preload/shim.h"
#include "preload/sys.h"
#include "preload/text.h"

/*
 * A bad path is the kernel's to refuse (EFAULT), not ours to die of. What cannot be mapped is told by
 * its number alone; whoever passes another address that is not there dies here instead.
 */
static size_t path_length(const char *path)
{
	return (uintptr_t)path < CS_PAGE_BYTES ? 0 : cs_text_len(path);
}

static void record_exec(const char *path)
{
	const struct cs_borrowed *mark = cs_borrow_find();
	struct cs_rec_exec rec = { .spawn_begin_ns = cs_shim.spawn_begin_ns,
				   .kind = cs_shim.spawn_kind };
	size_t len = path_length(path);
	int saved = cs_errno();

	if (mark) {
		rec.spawn_begin_ns = mark->begin_ns;
		rec.kind = mark->kind;
		rec.ppid = (int32_t)cs_pid();
		rec.pid = (int32_t)cs_sys0(SYS_getpid);
	} else {
		rec.pid = (int32_t)cs_pid();
	}
	rec.path_len = (uint16_t)(len < CS_PATH_BYTES ? len : CS_PATH_BYTES);
	cs_emit(CS_RECORD_EXEC, CS_PRIORITY_HIGH, cs_now(), &rec, sizeof(rec), path, rec.path_len);
	cs_set_errno(saved);
}

static inline void before_exec(const char *path)
{
	if (cs_shim_watching())
		record_exec(path);
}

CS_HOOK(int, execve, (const char *path, char *const *argv, char *const *envp))
{
	before_exec(path);
	return CS_REAL(execve)(path, argv, envp);
}

CS_HOOK(int, execv, (const char *path, char *const *argv))
{
	before_exec(path);
	return CS_REAL(execv)(path, argv);
}

CS_HOOK(int, execvp, (const char *file, char *const *argv))
{
	before_exec(file);
	return CS_REAL(execvp)(file, argv);
}

CS_HOOK(int, execvpe, (const char *file, char *const *argv, char *const *envp))
{
	before_exec(file);
	return CS_REAL(execvpe)(file, argv, envp);
}

CS_HOOK(int, fexecve, (int fd, char *const *argv, char *const *envp))
{
	before_exec(NULL);
	return CS_REAL(fexecve)(fd, argv, envp);
}

/* Called by thunk.S with the arguments of the variadic kinds. */
void cs_thunk_execl(const char *path);
void cs_thunk_execle(const char *path);
void cs_thunk_execlp(const char *file);

void cs_thunk_execl(const char *path)
{
	before_exec(path);
}

void cs_thunk_execle(const char *path)
{
	before_exec(path);
}

void cs_thunk_execlp(const char *file)
{
	before_exec(file);
}
