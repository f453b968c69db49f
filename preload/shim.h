/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The shim's state and what every hook needs of it. One instance a process, in the shim's own data;
 * written in the entry, before the program has threads, and read-only after that but where said.
 *
 * A hook: calls the original, and if cs_shim_watching(), records. Nothing here allocates, locks,
 * makes a system call (but where said) or leaves errno changed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "preload/events/lambda_call.h"
#include "preload/start/start.h"
#include "preload/sys.h"
#include "preload/wire/lanes.h"
#include "preload/wire/records.h"
#include "preload/wire/segment.h"

#define CS_USER_DIRS_MAX 4u
#define CS_PATH_BYTES    512u /* longer paths are cut in records, and not classed by folder */

struct timespec;

/* What a fork child knows of its own user code: child_code.h. */
enum cs_child_code {
	CS_CHILD_NEW = 0,
	CS_CHILD_LOOKING, /* the folders below are known */
	CS_CHILD_OVER,    /* its first open is told, or there is none to tell of */
};

/* On a page of its own that the kernel clears in a fork child, whose files are not the init's. */
struct cs_wiped {
	_Atomic uint32_t pid; /* of this process; 0: a fork child that does not know itself yet */
	_Atomic uint8_t child_code; /* enum cs_child_code; in a fork child */
	/* By these the init's files are classed. */
	char cwd[CS_PATH_BYTES];                         /* at attach, "" unknown */
	char user_dirs[CS_USER_DIRS_MAX][CS_PATH_BYTES]; /* with a slash at the end; "" none */
};

struct cs_shim {
	_Atomic bool watching;  /* attached; never true again once it went false */
	_Atomic bool init_over; /* ready, or past its first event: the init's counts are complete */
	_Atomic bool in_main;
	struct cs_header *header;
	struct cs_lanes lanes;
	struct cs_wiped *wiped;
	void *tables; /* CS_TABLES_BYTES: tables.h; NULL: there was no memory */
	int (*clock)(int clock, struct timespec *ts); /* vDSO */
	int *(*errno_location)(void);
	int (*fileno)(void *stream); /* libc's fileno_unlocked */
	void *(*thread_self)(void);  /* pthread_self; NULL where there is none, as the next */
	int (*thread_clock)(void *thread, int *ret_clock); /* pthread_getcpuclockid */
	uintptr_t link_map;  /* first struct link_map of the loader's list */
	uintptr_t stack_end; /* of the main thread: where the program's arguments stand */

	struct cs_lambda_api lambda; /* port 0: this is no Lambda */
	bool own_event; /* its environment holds an event: standard output is the answer */
	bool openwhisk; /* it is OpenWhisk's: so say its variables */

	/* In a fork child: the spawn that made it. Private memory, written before it runs on. */
	uint64_t spawn_begin_ns;
	uint32_t spawn_kind;

	/* It may have forbidden itself any call: from here on none is made that it does not make. */
	_Atomic bool filtered;
};

extern struct cs_shim cs_shim __attribute__((visibility("hidden")));

/** cs_shim_enter() - attach, once; called by whichever entry comes first. Context: startup. */
void cs_shim_enter(int argc, char **argv, char **envp);

/** cs_shim_watching() - may a hook record? One load. Context: signal. */
static inline bool cs_shim_watching(void)
{
	return __builtin_expect(atomic_load_explicit(&cs_shim.watching, memory_order_relaxed), 1);
}

/** cs_shim_end_init() - the instance is ready: stop counting its init. Context: signal. */
static inline void cs_shim_end_init(void)
{
	atomic_store_explicit(&cs_shim.init_over, true, memory_order_relaxed);
}

/** cs_shim_resume_init() - it is ready only for code that comes now. Context: signal. */
static inline void cs_shim_resume_init(void)
{
	atomic_store_explicit(&cs_shim.init_over, false, memory_order_relaxed);
}

/** cs_shim_counting() - still in the init of a watched process? Two loads. Context: signal. */
static inline bool cs_shim_counting(void)
{
	return cs_shim_watching() &&
	       !atomic_load_explicit(&cs_shim.init_over, memory_order_relaxed);
}

/** cs_now() - CLOCK_MONOTONIC in ns, by the vDSO. Context: signal. */
uint64_t cs_now(void);

/** cs_errno() - libc's errno, 0 if there is none. Context: signal. */
int cs_errno(void);

/** cs_set_errno() - set it back after recording. Context: signal. */
void cs_set_errno(int value);

/** cs_result() - what a libc wrapper returns for a raw result: -1 and errno on failure. */
long cs_result(long raw);

/* What it is in a process that does not know itself yet. */
uint32_t cs_pid_found(void);

/**
 * cs_pid() - tag of this process; makes itself known with a PROCESS record in a new fork child
 *
 * Context: signal. A system call only the first time in a child that did not come from libc's fork.
 * Return:  0: a child that must not ask who it is. It is not watched any more.
 */
static inline uint32_t cs_pid(void)
{
	uint32_t pid = atomic_load_explicit(&cs_shim.wiped->pid, memory_order_relaxed);

	return __builtin_expect(pid != 0, 1) ? pid : cs_pid_found();
}

/**
 * cs_thread_number() - what libc believes the calling thread's number to be, which no call asks
 *
 * Of a process with one thread it is the pid. libc sets it anew in the child of its fork, and in no
 * other child.
 *
 * Context: signal.
 * Return:  0 unknown.
 */
uint32_t cs_thread_number(void);

/**
 * cs_adopt() - a fork child learns who it is and what made it
 * @pid:      its own, 0 unknown: then it asks, unless the process is filtered
 * @kind:     enum cs_spawn_kind, 0 if the fork bypassed our hooks
 * @begin_ns: when the parent called, 0 unknown
 * @ppid:     tag of the parent, 0 unknown
 *
 * Context: signal; in the child only. At most one system call, getpid.
 */
void cs_adopt(uint32_t pid, unsigned kind, uint64_t begin_ns, uint32_t ppid);

/** cs_mark_at() - reach a mark unless it is reached; costs two loads after the first. */
static inline void cs_mark_at(unsigned mark, uint64_t now_ns)
{
	if (!cs_segment_marked(cs_shim.header, mark))
		cs_segment_mark(cs_shim.header, mark, now_ns);
}

/** cs_mark_own() - the same; nothing in a fork child, whose marks the header does not hold. */
static inline void cs_mark_own(unsigned mark, uint64_t now_ns)
{
	if (cs_pid() == (uint32_t)cs_shim.header->pid)
		cs_mark_at(mark, now_ns);
}

/**
 * cs_mark_told() - the same, and a fork child tells of it in a record: once, as the caller sees to
 *
 * Context: signal.
 */
void cs_mark_told(unsigned mark, uint64_t now_ns);

/** cs_count() - add one to a fact. Context: signal; only if cs_shim_watching(). */
static inline void cs_count(unsigned fact)
{
	cs_segment_count(cs_shim.header, fact, 1);
}

/**
 * cs_emit_claim() - as cs_emit_begin(), where it is called: for records of every invocation
 *
 * Context: signal.
 */
static inline __attribute__((always_inline)) bool
cs_emit_claim(unsigned type, enum cs_priority priority, uint64_t time_ns, uint32_t payload_len,
	      struct cs_claim *claim)
{
	uint64_t thread = cs_thread_pointer();
	uint32_t pid = cs_pid();

	if (!pid || cs_ring_reserve(cs_lanes_pick(&cs_shim.lanes, thread, pid), pid, type,
				    payload_len, priority, claim) < 0)
		return false;
	claim->record->time_ns = time_ns;
	claim->record->thread = thread;
	return true;
}

/**
 * cs_emit_begin() - room for one record, its head filled in; for what cs_emit() cannot copy
 *
 * Context: signal. Return: true: fill in @payload_len bytes behind the head, and cs_ring_commit(@claim).
 */
bool cs_emit_begin(unsigned type, enum cs_priority priority, uint64_t time_ns, uint32_t payload_len,
		   struct cs_claim *claim);

/** cs_emit_has_room() - would the caller's next record, however long, find room? Context: signal. */
bool cs_emit_has_room(void);

/**
 * cs_emit() - write one record
 * @fixed:     the payload struct, @fixed_len bytes
 * @text:      follows it, @text_len bytes; may be NULL if that is 0
 * @priority:  CS_PRIORITY_HIGH for what must not be lost
 * @time_ns:   when it happened
 *
 * Context: signal; vfork child for SPAWN and EXEC records. Keeps errno. Drops are counted.
 */
void cs_emit(unsigned type, enum cs_priority priority, uint64_t time_ns, const void *fixed,
	     uint32_t fixed_len, const char *text, uint32_t text_len);

/** cs_emit_parts() - the same of any number of parts. Return: false: there was no room. */
bool cs_emit_parts(unsigned type, enum cs_priority priority, uint64_t time_ns,
		   const struct iovec *parts, unsigned count);
