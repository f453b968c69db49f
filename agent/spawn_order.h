/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What coldspan and coldspan-spawn, the small process that starts a command for it, say to each other: an
 * order, then how it went, each in one piece over a socket whose number is its first argument. The second is
 * "PATH=..." of coldspan, by which the command is looked for, empty if it has none; then the command's own. Both
 * are of one build.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cs_spawn_order {
	sigset_t mask;  /* of the command */
	bool own_group; /* it leads a process group of its own */
};

struct cs_spawned {
	pid_t pid;         /* a child of coldspan's; negative: there is none, @error says why */
	int error;         /* errno of its exec; 0: it was executed */
	uint64_t begin_ns; /* CLOCK_MONOTONIC, before it was made */
	uint64_t exec_ns;  /* idem, before its exec */
};
