/* SPDX-License-Identifier: Apache-2.0 */

/* Mode exec: one process for each request; body on its stdin, answer from its stdout. */
#pragma once

#include "runtime/call.h"

/**
 * cs_exec_run() - start a process for @call and answer it with what the process writes
 *
 * Status 0 makes a 200. Any other end makes a 500, the time limit a 504, too long an answer a 502;
 * in each case the process group is gone when the answer is sent (but for a process that the kernel
 * cannot end: then the answer comes a second later).
 *
 * Context:   loop.
 * Ownership: takes the call over.
 */
void cs_exec_run(struct cs_call *call);
