/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which container a process is in, by the texts in which the kernel says so: /proc/PID/cgroup
 * (cgroups(7)), where runtimes name control groups after containers, and /proc/PID/mountinfo
 * (proc_pid_mountinfo(5)), where the host's files for a container's /etc stand. The first is the word of
 * who made the control groups, which may be the process's own user. What is told: docs/platforms.md. Pure.
 *
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define CS_CONTAINER_ID_BYTES 65u /* 64 hexadecimal digits, and a NUL */
#define CS_POD_UID_BYTES      37u /* a UUID, and a NUL */

struct cs_container {
	char id[CS_CONTAINER_ID_BYTES]; /* container.id; empty: in none, or not known */
	char pod_uid[CS_POD_UID_BYTES]; /* k8s.pod.uid; idem */
	uint64_t memory_max_bytes;      /* see cgroup.h; 0: no limit is known */
};

/** cs_container_copy() - NULL: nothing is known in it, or no memory. Accepts NULL. */
const struct cs_container *cs_container_copy(const struct cs_container *container,
					     struct cs_arena *arena) cs_must_use;

/**
 * cs_container_of_cgroups() - by the names of its control groups, the innermost that has the form of one
 * @text: of /proc/PID/cgroup
 * @ret:  what is found is set, and the rest left as it is
 */
void cs_container_of_cgroups(const char *text, struct cs_container *ret);

/**
 * cs_container_of_mount() - by one of its mounts
 * @root:  of the mount in its file system
 * @point: where it is, as the process sees it
 * @ret:   as cs_container_of_cgroups()
 */
void cs_container_of_mount(const char *root, const char *point, struct cs_container *ret);

/* One line of mountinfo, taken apart in place. */
struct cs_mount {
	const char *root;
	const char *point;
	const char *type;
	const char *options; /* of the file system */
};

/** cs_mount_parse() - @line, without its newline, is written over. Return: false: it is none. */
bool cs_mount_parse(char *line, struct cs_mount *ret);
