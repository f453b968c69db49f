/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the loop asks /proc about processes of others, through collector/processes/reading.h: nothing here
 * waits for what a process can hold up for ever. Errors of all: those of cs_reading_run(), for which
 * cs_reading_is_missing(), or of the function in procfs.h. Context of all: loop.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "collector/processes/procfs.h"

struct cs_proc_origin {
	uint32_t uid; /* real */
	int32_t ppid;
	uint64_t start_ns; /* CLOCK_BOOTTIME, cut to clock ticks */
};

/**
 * cs_proc_read_origin() - whose it is, who started it, and when
 * @uid: who made us ask
 */
int cs_proc_read_origin(int32_t pid, uint32_t uid, struct cs_proc_origin *ret) cs_must_use;

/** cs_proc_read_exit() - cs_proc_get_exit() */
int cs_proc_read_exit(int32_t pid, uint32_t uid, int *ret_status) cs_must_use;

/** cs_proc_read_dying() - cs_proc_get_dying() */
int cs_proc_read_dying(int32_t pid, uint32_t uid) cs_must_use;

/** cs_proc_read_child() - cs_proc_find_child() */
int32_t cs_proc_read_child(int32_t parent, uint32_t uid, int32_t ns_pid) cs_must_use;
