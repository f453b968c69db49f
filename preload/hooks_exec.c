/* SPDX-License-Identifier: Apache-2.0 */

/*
 * exec: stamped just before the call, by whoever calls: the process itself, a fork child, or a child
 * in borrowed memory. The environment and the arguments are handed on as they are.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "preload/borrowed.h"
#include "preload/hook.h"
#include "preload/shim.h"
#include "preload/sys.h"

#define NO_RESOURCE 0x7fffffff

/*
 * May the word at @at be read? Asked of the kernel, since a bad path is its to refuse (EFAULT), not
 * ours to die of: it copies the new limits in before it finds that there is no such resource. A call
 * that the attach makes as well, so that no filter has to know another.
 */
static bool readable(const char *at)
{
	uintptr_t word = (uintptr_t)at & -(uintptr_t)sizeof(struct rlimit64);

	return word && cs_sys4(SYS_prlimit64, 0, NO_RESOURCE, word, 0) == -EINVAL;
}

/* Up to CS_PATH_BYTES; 0 for what cannot be read. */
static size_t path_length(const char *path)
{
	size_t len = 0;

	while (len < CS_PATH_BYTES) {
		if ((!len || !((uintptr_t)(path + len) % CS_PAGE_BYTES)) && !readable(path + len))
			return 0;
		if (!path[len])
			break;
		len++;
	}
	return len;
}

static void record_exec(const char *path)
{
	const struct cs_borrowed *mark = cs_borrow_find();
	struct cs_rec_exec rec = { .spawn_begin_ns = cs_shim.spawn_begin_ns,
				   .kind = cs_shim.spawn_kind };
	size_t len = path ? path_length(path) : 0;
	int saved = cs_errno();

	if (mark) {
		rec.spawn_begin_ns = mark->begin_ns;
		rec.kind = mark->kind;
		rec.ppid = (int32_t)cs_pid();
		rec.pid = (int32_t)cs_sys0(SYS_getpid);
	} else {
		rec.pid = (int32_t)cs_pid();
	}
	rec.path_len = (uint16_t)len;
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

CS_HOOK(int, execveat, (int dir, const char *path, char *const *argv, char *const *envp, int flags))
{
	before_exec(path);
	return CS_REAL(execveat)(dir, path, argv, envp, flags);
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
