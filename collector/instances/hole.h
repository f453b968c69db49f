/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When the reader of a lane may go on past a record that was not committed: the rules of
 * preload/wire/README.md, "Holes". The inside of instance.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/instances/instance.h"

/**
 * cs_hole_step_over() - give up the hole at the lane's position, if it is time
 *
 * Context: loop. A segment that broke the format is marked so.
 * Return:  true if the reader may go on.
 */
bool cs_hole_step_over(struct cs_instance *instance, struct cs_instance_lane *lane,
		       uint64_t now_ns);

/** cs_hole_blocks() - does the reader stand at a hole that is known? Context: loop. */
bool cs_hole_blocks(const struct cs_instance_lane *lane);
