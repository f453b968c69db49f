/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A command of somebody else that does a job for us (git, a build) and is nothing that we measure: run to its
 * end, what it wrote last is kept. Who stops us stops it, and all that it started.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>

#include "agent/asserting/tail.h"
#include "base/cleanup.h"
#include "base/diag.h"

struct cs_dispositions;

struct cs_tool_command {
	char *const *argv; /* ends with NULL */
	char *const *
		env; /* ends with NULL; NULL: ours, in the C locale, without the variables of git's hooks */
	const char *folder; /* where it runs */
	const struct cs_dispositions *dispositions;
	unsigned limit_s; /* after that it is killed */
};

struct cs_tool_result {
	int status;          /* as wait(2) encodes it; of -EINTR the signal */
	struct cs_tail tail; /* of standard output and error, settled */
};

/**
 * cs_tool_run() - run it, without standard input
 * @ret: set on success and on -EINTR
 *
 * Runs @base.
 *
 * Context: startup; one at a time.
 * Return:  0, however it ended; -EINTR SIGINT, SIGTERM or SIGHUP came, and it was killed; negative errno: it
 *          could not be started, @diag says why.
 */
int cs_tool_run(struct event_base *base, const struct cs_tool_command *command,
		struct cs_diag *diag, struct cs_tool_result *ret) cs_must_use;

/** cs_tool_succeeded() - did it end with 0? */
bool cs_tool_succeeded(const struct cs_tool_result *result);

/** cs_tool_line() - the last line that it wrote, in place: what is after it is cut. "": none. */
const char *cs_tool_line(struct cs_tool_result *result);
