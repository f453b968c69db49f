/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What holds a process, read from outside: the container that it is in (container.h), and how much memory
 * its control groups leave it; of what else they limit, where they are. Limits are read where control groups are mounted for us, never through
 * the process's own files: memory.max of version 2, memory.limit_in_bytes of version 1, of its group and
 * of all above it that we see; the least of them counts. Linux Documentation/admin-guide/cgroup-v2.rst
 * and cgroup-v1/memory.rst.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/processes/container.h"

#define CS_CGROUP_DEPTH_MAX                                                                        \
	32u /* groups above a process that are looked at; deeper: no limit is told */

/* Where a hierarchy is mounted. */
struct cs_cgroup_mount {
	char point[PATH_MAX]; /* empty: nowhere */
	char root[PATH_MAX];  /* which group stands there; empty for the first of all */
};

/* Whose limits are looked at. */
enum cs_cgroup_controller {
	CS_CGROUP_MEMORY,
	CS_CGROUP_CPU,
	CS_CGROUP_CONTROLLERS
};

struct cs_cgroup_mounts {
	struct cs_cgroup_mount of[CS_CGROUP_CONTROLLERS]; /* version 1, with that controller */
	struct cs_cgroup_mount unified;
};

/** cs_cgroup_mounts_add() - take one mount of our own, if it is a hierarchy. Context: any-thread (pure). */
void cs_cgroup_mounts_add(struct cs_cgroup_mounts *mounts, const struct cs_mount *mount);

/** cs_cgroup_own_mounts() - those of this process, read once. Context: one thread. */
const struct cs_cgroup_mounts *cs_cgroup_own_mounts(void);

/* A group's directory. */
struct cs_cgroup_group {
	char path[PATH_MAX];
	size_t top_len; /* of the path of the uppermost one that we see */
	bool unified;
};

/**
 * cs_cgroup_group_find() - where the group stands in which @controller limits a process
 * @text: of its /proc/PID/cgroup
 *
 * Context: any-thread (pure).
 * Return:  false: it is not below what is mounted.
 */
bool cs_cgroup_group_find(const struct cs_cgroup_mounts *mounts,
			  enum cs_cgroup_controller controller, const char *text,
			  struct cs_cgroup_group *ret);

/** cs_cgroup_group_up() - to the one above it; false: it is the uppermost that we see. Context: any-thread. */
bool cs_cgroup_group_up(struct cs_cgroup_group *group);

/**
 * cs_cgroup_group_read() - a file of it
 *
 * Context: any-thread. Return: false: it has none, or it may not be read.
 */
bool cs_cgroup_group_read(const struct cs_cgroup_group *group, const char *file, char *ret,
			  size_t size);

/** cs_cgroup_memory_max() - the least limit from a group up, in bytes; 0: none. Context: any-thread. */
uint64_t cs_cgroup_memory_max(const struct cs_cgroup_group *group);

/**
 * cs_cgroup_read() - what holds a process
 * @uid: who made us ask: collector/processes/reading.h
 * @ret: what is not known of it, or gone with it, is empty
 *
 * Another may have had its pid: the caller asks afterwards. Mounts of our own are read once.
 * Context: loop.
 */
void cs_cgroup_read(int32_t pid, uint32_t uid, struct cs_container *ret);

/**
 * cs_cgroup_read_group() - the same by the number of a group of version 2, of a process that is gone
 * @id: inode in its file system, as PIDFD_GET_INFO tells it
 *
 * The group must be there still, and we be allowed to open it by a handle (CAP_DAC_READ_SEARCH).
 * Context: loop.
 */
void cs_cgroup_read_group(uint64_t id, struct cs_container *ret);
