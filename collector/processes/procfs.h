/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What /proc and the process CPU clock tell about another process. Pids are of our own pid
 * namespace. A pid may be recycled between any two calls: the caller holds a pidfd and asks
 * cs_pidfd_reaped() afterwards.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define CS_PROC_NS_LEVELS_MAX 32 /* the kernel's own limit on nested pid namespaces */

#define CS_PROC_TICK_NS       10000000ull /* start times come in ticks of at most 10 ms */

struct cs_proc_stat { /* proc_pid_stat(5) */
	int32_t ppid;
	uint64_t faults_minor;
	uint64_t faults_major;
	uint64_t start_ns; /* CLOCK_BOOTTIME, cut to clock ticks */
	uint64_t rss_pages;
};

struct cs_proc_status {                /* proc_pid_status(5) */
	uint32_t uid;                  /* real */
	int32_t ns_pid;                /* pid in the process's innermost pid namespace, 0 unknown */
	unsigned ns_levels;            /* 1: the process lives in our own pid namespace */
	uint64_t max_rss_bytes;        /* VmHWM; 0 it has no memory any more */
	uint64_t switches_voluntary;   /* of the thread with that pid alone */
	uint64_t switches_involuntary; /* idem */
};

struct cs_proc_switches { /* of all threads that a process has now */
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t threads; /* never 0; the same number: the same threads */
};

/**
 * cs_proc_read_file() - the first @size - 1 bytes of a small file, with a NUL behind them
 *
 * Return: 0; -ENOENT no such file, or no such process; other errors of open(2), read(2).
 */
int cs_proc_read_file(const char *path, char *text, size_t size) cs_must_use;

/** cs_proc_parse_stat() - Return: 0; -EBADMSG not in the form of proc_pid_stat(5). Pure. */
int cs_proc_parse_stat(const char *text, uint64_t ticks_per_s, struct cs_proc_stat *ret)
	cs_must_use;

/** cs_proc_parse_status() - Return: 0; -EBADMSG no Uid line. Pure. */
int cs_proc_parse_status(const char *text, struct cs_proc_status *ret) cs_must_use;

/**
 * cs_proc_parse_exit() - what is said of a zombie's exit status
 *
 * Return: 0; -EBUSY not a zombie; -EBADMSG not in the form of proc_pid_stat(5). Pure.
 */
int cs_proc_parse_exit(const char *text, int *ret_status) cs_must_use;

/** cs_proc_get_stat() - Return: 0; -ENOENT no such process; other errors of open(2), read(2). */
int cs_proc_get_stat(int32_t pid, struct cs_proc_stat *ret) cs_must_use;

/** cs_proc_get_status() - Return: as cs_proc_get_stat(). */
int cs_proc_get_status(int32_t pid, struct cs_proc_status *ret) cs_must_use;

/**
 * cs_proc_get_switches() - context switches, summed
 *
 * Return: 0; -E2BIG more threads than @threads_max; otherwise as cs_proc_get_stat().
 */
int cs_proc_get_switches(int32_t pid, unsigned threads_max, struct cs_proc_switches *ret)
	cs_must_use;

/**
 * cs_proc_get_exit() - how a process ended that nobody has waited for yet
 * @ret_status: as wait(2) encodes it
 *
 * Field 52 of proc_pid_stat(5). Who may not read it is shown 0 there: asked for is what the same right
 * (ptrace(2), PTRACE_MODE_READ_FSCREDS) gives, too.
 * Return: 0; -EBUSY it has not ended; -EACCES we may not know; otherwise as cs_proc_get_stat().
 */
int cs_proc_get_exit(int32_t pid, int *ret_status) cs_must_use;

/**
 * cs_proc_parse_dying() - has its end begun?
 *
 * That of its main thread, by field 9 of proc_pid_stat(5), or a signal has killed it, by field 31: the kernel then
 * lets SIGKILL pend for each thread, whatever the signal was.
 * Return: 1; 0; -EBADMSG not in the form of proc_pid_stat(5). Pure.
 */
int cs_proc_parse_dying(const char *text) cs_must_use;

/** cs_proc_get_dying() - Return: 1; 0; otherwise as cs_proc_get_stat(). */
int cs_proc_get_dying(int32_t pid) cs_must_use;

/** cs_proc_parse_io() - bytes that system calls read: rchar of proc_pid_io(5). Return: 0; -EBADMSG. Pure. */
int cs_proc_parse_io(const char *text, uint64_t *ret_bytes) cs_must_use;

/** cs_proc_get_io() - Return: 0; -EACCES we may not know; otherwise as cs_proc_get_stat(). */
int cs_proc_get_io(int32_t pid, uint64_t *ret_bytes) cs_must_use;

/** cs_proc_get_cpu_ns() - CPU time of all threads, ended ones too. Return: 0; -ESRCH, -EINVAL gone. */
int cs_proc_get_cpu_ns(int32_t pid, uint64_t *ret_ns) cs_must_use;

/**
 * cs_proc_find_child() - the child of @parent that has pid @ns_pid in its own pid namespace
 *
 * Looks at the children of all threads of @parent (CONFIG_PROC_CHILDREN), not deeper.
 * Return: its pid in our namespace; -ENOENT none, or /proc cannot tell.
 */
int32_t cs_proc_find_child(int32_t parent, int32_t ns_pid) cs_must_use;
