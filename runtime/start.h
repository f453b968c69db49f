/* SPDX-License-Identifier: Apache-2.0 */

/* What both modes need to start a function's process: its descriptors, its program, its errors. */
#pragma once

#include "runtime/call.h"
#include "runtime/lines.h"
#include "runtime/process.h"

struct cs_start {
	int child_fds[3]; /* the process's ends, owned until it has started; -EBADF */
};

/** cs_start_init() - nothing open yet. */
void cs_start_init(struct cs_start *start);

/** cs_start_deinit() - close what is the process's; to be called after every try. */
void cs_start_deinit(struct cs_start *start);

/**
 * cs_start_pipe() - a pipe between the process's descriptor @fd (0 to 2) and us
 * @ret: receives our end: non-blocking, closed on exec, the caller's
 *
 * Return: 0; a negative errno of pipe2.
 */
cs_must_use int cs_start_pipe(struct cs_start *start, int fd, int *ret);

/** cs_start_null() - let the process's descriptor @fd be /dev/null. Return: 0; a negative errno. */
cs_must_use int cs_start_null(struct cs_start *start, int fd);

/** cs_start_same() - let the process's descriptor @fd be what its @other is. */
cs_must_use int cs_start_same(struct cs_start *start, int fd, int other);

/** cs_start_lines() - as cs_start_pipe(), with @lines at our end. */
cs_must_use int cs_start_lines(struct cs_start *start, int fd, struct event_base *base,
			       const struct cs_function *function, struct cs_lines *lines);

/**
 * cs_start_process() - find the function's program and start it
 * @variables: its whole environment
 *
 * Context: loop.
 * Return:  as cs_process_start(); -ENOENT also when the program was not found.
 */
cs_must_use int cs_start_process(struct cs_start *start, struct cs_faas *faas,
				 const struct cs_function *function,
				 const struct cs_variables *variables, struct cs_process *process);

/** cs_start_fail() - answer @call: its process could not be started for @error (negative errno). */
void cs_start_fail(struct cs_call *call, int error);

/** cs_start_fail_late() - answer @call: 504, its time limit has passed. */
void cs_start_fail_late(struct cs_call *call);
