/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A running process as /proc shows it: what decides whether it is watched. Facts only, no judgement.
 * Everything in it is the process's own word but pids, uids and what the kernel says of them: names and
 * the environment hold any bytes. Read through one descriptor of its folder in /proc, so that all of it
 * is of one process, also where that ends and its pid is given to another.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/doctor/company.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_RUNNING_COMPANY_MAX 8
#define CS_RUNNING_NAME_BYTES  64

/* A file that is mapped. */
struct cs_mapped {
	char path[PATH_MAX]; /* as in proc_pid_maps(5), without what the kernel adds; "" none */
	bool deleted;        /* no name leads to it any more */
	uint64_t begin;      /* address of its first mapping */
	uint64_t bytes;      /* of that */
	uint32_t major;
	uint32_t minor;
	uint64_t inode;
};

/* What its memory is mapped from. */
struct cs_mappings {
	struct cs_mapped shim;    /* the first one */
	struct cs_mapped other;   /* another file of that name */
	struct cs_mapped segment; /* its path is "" where there is none */
	const struct cs_company *company[CS_RUNNING_COMPANY_MAX];
	unsigned company_count;
};

struct cs_running {
	int32_t pid; /* of the process, also where a thread was asked for */
	int folder;  /* owned: /proc/PID */
	char name[CS_RUNNING_NAME_BYTES];
	char state; /* 'Z': it has ended */
	bool kernel_thread;
	int32_t ppid;
	uint32_t uid;      /* effective */
	int32_t ns_pid;    /* in its own pid namespace */
	int seccomp;       /* 0 none, 1 strict, 2 filter */
	uint64_t start_ns; /* CLOCK_BOOTTIME, in clock ticks */

	int secure;              /* AT_SECURE; negative: that could not be read */
	uint64_t file_bytes;     /* RLIMIT_FSIZE, UINT64_MAX none or unknown */
	uint64_t space_bytes;    /* RLIMIT_AS, idem */
	int environment_error;   /* 0, or the negative errno of reading it */
	const char *environment; /* NUL-terminated strings; as it stands in its memory now */
	size_t environment_len;
	const char *argv0; /* "" unknown */
	struct cs_mappings mappings;
};

/**
 * cs_running_open() - take hold of a process
 * @pid: of a process, or of one of its threads
 * @ret: to be given to cs_running_close() in any case
 *
 * Context: startup.
 * Return:  0; -ENOENT no such process.
 */
int cs_running_open(int32_t pid, struct cs_running *ret, struct cs_diag *diag) cs_must_use;

/**
 * cs_running_look() - fill in the rest
 *
 * Context: startup. Strings live in @arena.
 * Return:  0; -ESRCH it ended meanwhile; -EACCES, -EPERM its memory map may not be read (what can be
 *          read without is there); -ENOMEM.
 */
int cs_running_look(struct cs_arena *arena, struct cs_running *running, struct cs_diag *diag)
	cs_must_use;

/** cs_running_close() - Context: startup. Accepts a zeroed one. */
void cs_running_close(struct cs_running *running);

/** cs_running_variable() - value of a variable of its environment, NULL unset. Context: startup. */
const char *cs_running_variable(const struct cs_running *running, const char *name);

/**
 * cs_running_header() - the header page of its segment, or of one of its lanes
 * @offset: of that in the segment
 * @page:   receives CS_PAGE_BYTES, which are not to be trusted
 *
 * Context: startup.
 * Return:  0; negative errno: it may not be read.
 */
int cs_running_header(const struct cs_running *running, uint64_t offset, void *page);

/** cs_mappings_parse() - take in one line of proc_pid_maps(5); what is none is ignored. Pure. */
void cs_mappings_parse(struct cs_mappings *mappings, const char *line);
