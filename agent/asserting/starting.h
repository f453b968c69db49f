/* SPDX-License-Identifier: Apache-2.0 */

/* How a function of coldspan.yaml becomes a command: its words, and its environment. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/plan.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/diag.h"

struct cs_starting {
	char *const *argv;
	char *const *env;
	const char *path; /* of the first event; NULL: as the plan says */
	bool refused;     /* cs_starting_make() failed by the function's folder */
};

/**
 * cs_starting_make() - of one start
 * @folder:   where it runs; a function's folder begins there
 * @port:     for PORT, or where coldspan-faas listens; 0: none
 * @api_port: of the Runtime API; 0: it is not one of Lambda's
 *
 * A function by its folder is served by the reference runtime, which is told to hand our variables on.
 *
 * Context:   startup.
 * Ownership: the arena's, and the function's.
 * Return:    0; -ENOENT the runtime is not there; errors of realpath(3) of the folder; -ENOMEM; @diag says what.
 */
int cs_starting_make(const struct cs_plan_function *function, const char *folder, uint16_t port,
		     uint16_t api_port, struct cs_arena *arena, struct cs_diag *diag,
		     struct cs_starting *ret) cs_must_use;
