/* SPDX-License-Identifier: Apache-2.0 */

/* Why the shim did not get into a process that runs. */
#pragma once

#include "agent/doctor/finding.h"
#include "agent/doctor/running.h"
#include "base/arena.h"

/**
 * cs_not_mapped() - find the reasons; at least one
 * @process: without the shim among what it has mapped
 *
 * Context: startup. Prints.
 */
void cs_not_mapped(struct cs_findings *findings, struct cs_arena *arena,
		   const struct cs_running *process);
