/* SPDX-License-Identifier: Apache-2.0 */

/* Processes: who makes whom, and how children end. vfork's assembly is in vfork.S. */
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/inherited.h"
#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"
#include "preload/propagation/propagate.h"
#include "preload/shim.h"
#include "preload/sys.h"

#define KIB 1024u

/* The parent's view of a spawn that came back: @child is its pid or a negative errno. */
static void record_spawn(unsigned kind, uint64_t begin_ns, int child)
{
	struct cs_rec_spawn rec = { .child_pid = child, .kind = kind, .end_ns = cs_now() };

	cs_count(CS_FACT_SPAWNS);
	cs_emit(CS_RECORD_SPAWN, CS_PRIORITY_HIGH, begin_ns, &rec, sizeof(rec), NULL, 0);
}

/*
 * Its caller sleeps until the child has executed, or is gone, and may be stopped before it can say more:
 * what comes of the child is known to have begun here.
 */
static void record_begin(unsigned kind, uint64_t begin_ns)
{
	struct cs_rec_spawn rec = { .kind = kind };

	cs_emit(CS_RECORD_SPAWN, CS_PRIORITY_HIGH, begin_ns, &rec, sizeof(rec), NULL, 0);
}

CS_HOOK(int, fork, (void))
{
	uint32_t ppid, before, after;
	uint64_t begin_ns;
	int pid, saved;

	if (!cs_shim_watching())
		return CS_REAL(fork)();
	/* A child in borrowed memory is not whose tag it sees. */
	ppid = cs_borrow_find() ? 0 : cs_pid();
	before = cs_thread_number();
	begin_ns = cs_now();
	pid = CS_REAL(fork)();
	saved = cs_errno();
	if (pid == 0) {
		/* The same as before: it was not libc that forked. */
		after = cs_thread_number();
		cs_adopt(after == before ? 0 : after, CS_SPAWN_FORK, begin_ns, ppid);
	} else {
		cs_follow_forked();
		record_spawn(CS_SPAWN_FORK, begin_ns, pid > 0 ? pid : -saved);
	}
	cs_set_errno(saved);
	return pid;
}

/*
 * The calling thread has back the memory that it lent to @child. What that executed is told now: of
 * several attempts the last, which may have been the good one.
 */
static void take_back(int child)
{
	const struct cs_borrowed *mark = cs_borrow_find();
	struct cs_rec_exec rec = { .pid = child };
	uint64_t exec_ns = mark ? mark->exec_ns : 0;

	if (mark) {
		rec.spawn_begin_ns = mark->begin_ns;
		rec.kind = mark->kind;
		/* CS_EXEC_STDIN and _STDOUT are the bits of these descriptors. */
		rec.flags = (uint16_t)(cs_inherited_left() & ~mark->replaced);
	}
	cs_borrow_end();
	if (!exec_ns || child <= 0 || !cs_shim_watching())
		return;
	rec.ppid = cs_borrow_find() ? 0 : (int32_t)cs_pid();
	cs_emit(CS_RECORD_EXEC, CS_PRIORITY_HIGH, exec_ns, &rec, sizeof(rec), NULL, 0);
}

/* Called by vfork.S before and, in the parent, after the system call. */
void cs_vfork_begin(void);
long cs_vfork_end(long raw);

void cs_vfork_begin(void)
{
	uint64_t begin_ns = cs_shim_watching() ? cs_now() : 0;

	cs_follow_forked();
	cs_borrow_begin(CS_SPAWN_VFORK, begin_ns);
	/* Without a mark it will not be known when this began. */
	if (begin_ns && cs_borrow_find())
		record_begin(CS_SPAWN_VFORK, begin_ns);
}

long cs_vfork_end(long raw)
{
	const struct cs_borrowed *mark = cs_borrow_find();
	uint64_t begin_ns = mark ? mark->begin_ns : 0;
	int saved = cs_errno();

	take_back((int)raw);
	if (cs_shim_watching()) {
		record_spawn(CS_SPAWN_VFORK, begin_ns ? begin_ns : cs_now(), (int)raw);
		cs_set_errno(saved);
	}
	return cs_result(raw);
}

/* The memory-sharing kinds of clone, but threads; glibc's and musl's are both variadic. */
CS_HOOK(int, clone, (int (*fn)(void *), void *stack, int flags, void *arg, ...))
{
	bool lends = (flags & CLONE_VM) && !(flags & CLONE_THREAD);
	uint64_t begin_ns;
	void *extra[3];
	int pid, saved;
	va_list ap;

	va_start(ap, arg);
	for (unsigned i = 0; i < 3; i++)
		extra[i] = va_arg(ap, void *); /* given or not: what is not there is not used */
	va_end(ap);
	if (!cs_shim_watching() || flags & CLONE_THREAD)
		return CS_REAL(clone)(fn, stack, flags, arg, extra[0], extra[1], extra[2]);
	begin_ns = cs_now();
	if (lends)
		cs_follow_forked();
	if (lends && flags & CLONE_VFORK) {
		record_begin(CS_SPAWN_CLONE, begin_ns);
		cs_borrow_begin(CS_SPAWN_CLONE, begin_ns);
	} else if (lends) {
		cs_follow_shared();
	}
	pid = CS_REAL(clone)(fn, stack, flags, arg, extra[0], extra[1], extra[2]);
	saved = cs_errno();
	if (lends && flags & CLONE_VFORK)
		take_back(pid);
	if (!lends)
		cs_follow_forked();
	record_spawn(CS_SPAWN_CLONE, begin_ns, pid > 0 ? pid : -saved);
	cs_set_errno(saved);
	return pid;
}

typedef int (*spawn_fn)(int *pid, const char *path, const void *actions, const void *attributes,
			char *const *argv, char *const *envp);

/* The child is told whose it is. Apart, for its stack. */
__attribute__((noinline)) static int hand_on(spawn_fn real, int *pid, const char *path,
					     const void *actions, const void *attributes,
					     char *const *argv, char *const *envp)
{
	struct cs_child_env own;

	return real(pid, path, actions, attributes, argv, cs_propagate_child(&own, envp));
}

/* posix_spawn returns its error and leaves errno alone. */
#define POSIX_SPAWN(name)                                                                          \
	CS_HOOK(int, name,                                                                         \
		(int *pid, const char *path, const void *actions, const void *attributes,          \
		 char *const *argv, char *const *envp))                                            \
	{                                                                                          \
		uint64_t begin_ns;                                                                 \
		int child = 0, error;                                                              \
                                                                                                   \
		if (!cs_shim_watching())                                                           \
			return CS_REAL(name)(pid, path, actions, attributes, argv, envp);          \
		begin_ns = cs_now();                                                               \
		record_begin(CS_SPAWN_POSIX_SPAWN, begin_ns);                                      \
		cs_follow_forked();                                                                \
		if (cs_propagate_asked(CS_PROPAGATE_ENV))                                          \
			error = hand_on(CS_REAL(name), &child, path, actions, attributes, argv,    \
					envp);                                                     \
		else                                                                               \
			error = CS_REAL(name)(&child, path, actions, attributes, argv, envp);      \
		if (pid && !error)                                                                 \
			*pid = child;                                                              \
		record_spawn(CS_SPAWN_POSIX_SPAWN, begin_ns, error ? -error : child);              \
		return error;                                                                      \
	}

POSIX_SPAWN(posix_spawn)
POSIX_SPAWN(posix_spawnp)

static uint64_t timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000000u + (uint64_t)tv->tv_usec * 1000u;
}

static void record_wait(int pid, int status, const struct rusage *usage)
{
	struct cs_rec_wait rec = { .pid = pid, .status = status };

	if (usage) {
		rec.cpu_ns = timeval_ns(&usage->ru_utime) + timeval_ns(&usage->ru_stime);
		rec.max_rss_bytes = (uint64_t)usage->ru_maxrss * KIB;
		rec.faults_minor = (uint32_t)usage->ru_minflt;
		rec.faults_major = (uint32_t)usage->ru_majflt;
		rec.switches_voluntary = (uint32_t)usage->ru_nvcsw;
		rec.switches_involuntary = (uint32_t)usage->ru_nivcsw;
	}
	cs_emit(CS_RECORD_WAIT, CS_PRIORITY_HIGH, cs_now(), &rec, sizeof(rec), NULL, 0);
}

/*
 * After a wait call: @status is where the caller wanted it, or ours if he did not care; only a call
 * that found a child has written there. Stops and continuations are no ends.
 */
static void after_wait(int pid, const int *status, const struct rusage *usage)
{
	int saved;

	if (pid <= 0 || !cs_shim_watching() || (*status & 0xff) == 0x7f || *status == 0xffff)
		return;
	saved = cs_errno();
	record_wait(pid, *status, usage);
	cs_set_errno(saved);
}

CS_HOOK(int, wait, (int *status))
{
	int own = 0, pid = CS_REAL(wait)(status ? status : &own);

	after_wait(pid, status ? status : &own, NULL);
	return pid;
}

CS_HOOK(int, waitpid, (int which, int *status, int options))
{
	int own = 0, pid = CS_REAL(waitpid)(which, status ? status : &own, options);

	after_wait(pid, status ? status : &own, NULL);
	return pid;
}

CS_HOOK(int, wait3, (int *status, int options, struct rusage *usage))
{
	int own = 0, pid = CS_REAL(wait3)(status ? status : &own, options, usage);

	after_wait(pid, status ? status : &own, usage);
	return pid;
}

CS_HOOK(int, wait4, (int which, int *status, int options, struct rusage *usage))
{
	int own = 0, pid = CS_REAL(wait4)(which, status ? status : &own, options, usage);

	after_wait(pid, status ? status : &own, usage);
	return pid;
}

/* How waitid's result would read as wait's; 0 for what is no end. */
static int status_of(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_KILLED:
		return info->si_status & 0x7f;
	case CLD_DUMPED:
		return (info->si_status & 0x7f) | 0x80;
	default:
		return 0xffff;
	}
}

CS_HOOK(int, waitid, (int type, unsigned id, siginfo_t *info, int options))
{
	siginfo_t own = { 0 };
	int ret = CS_REAL(waitid)(type, id, info ? info : &own, options), status;

	/* WNOWAIT leaves the child waitable: the end is told again. */
	if (ret == 0 && !(options & WNOWAIT)) {
		info = info ? info : &own;
		status = status_of(info);
		after_wait(info->si_pid, &status, NULL);
	}
	return ret;
}

static void record_kill(int pid, int signal, int result, uint64_t time_ns)
{
	int saved = cs_errno();
	struct cs_rec_kill rec = { .pid = pid, .signal = signal, .error = result < 0 ? saved : 0 };

	cs_emit(CS_RECORD_KILL, CS_PRIORITY_HIGH, time_ns, &rec, sizeof(rec), NULL, 0);
	cs_set_errno(saved);
}

CS_HOOK(int, kill, (int pid, int signal))
{
	uint64_t time_ns = 0;
	int ret;

	if (!cs_shim_watching() || signal == 0 || !cs_tables_may_change())
		return CS_REAL(kill)(pid, signal);
	time_ns = cs_now();
	ret = CS_REAL(kill)(pid, signal);
	record_kill(pid, signal, ret, time_ns);
	return ret;
}

CS_HOOK(int, killpg, (int group, int signal))
{
	uint64_t time_ns;
	int ret;

	if (!cs_shim_watching() || signal == 0 || !cs_tables_may_change())
		return CS_REAL(killpg)(group, signal);
	time_ns = cs_now();
	ret = CS_REAL(killpg)(group, signal);
	record_kill(-group, signal, ret, time_ns);
	return ret;
}

CS_HOOK(int, pthread_create, (void *thread, const void *attr, void *(*run)(void *), void *arg))
{
	if (cs_shim_counting())
		cs_count(CS_FACT_THREADS);
	cs_find_late(CS_HOOK_pthread_create);
	return CS_REAL(pthread_create)(thread, attr, run, arg);
}
