/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One command under the shim, with a collector of its own in this process: what `coldspan run` does once, and
 * `coldspan assert` many times. The command's end stops the collector, and leaves the loop when destinations
 * have got everything.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "agent/child.h"
#include "agent/scratch.h"
#include "base/diag.h"
#include "collector/collector.h"
#include "collector/farewell.h"

struct cs_watched {
	struct event_base *base; /* borrowed */
	struct cs_collector *collector;
	struct cs_child child;
	bool bare;                 /* the command is started without the shim; set before */
	bool followed;             /* the kernel tells of processes, too */
	struct cs_diag unfollowed; /* why it does not */
	bool reaped;
	int status;          /* as wait(2) encodes it, once reaped */
	struct rusage usage; /* idem */

	/* The command was waited for; NULL: nobody asks. */
	void (*ended)(void *context);
	void *context;

	struct event ending;
	struct cs_farewell farewell;
	struct cs_scratch scratch;
};

/**
 * cs_watched_open() - a collector that waits for the command
 * @options: but for the socket, which is the watched's own
 *
 * Context: startup. Close with cs_watched_close(), also after a failure. A zeroed one may be closed.
 * Return:  0; negative errno, @diag says what.
 */
int cs_watched_open(struct cs_watched *watched, struct event_base *base,
		    const struct cs_collector_options *options, struct cs_diag *diag) cs_must_use;

/**
 * cs_watched_start() - start the command; run the loop then
 * @command: env: beside ours; NULL: this process's own
 *
 * Context: startup.
 * Return:  0; as cs_child_start(), whose @child.exec_failed tells a command that could not be executed;
 *          -ENOENT the shim was not found.
 */
int cs_watched_start(struct cs_watched *watched, const struct cs_child_command *command,
		     struct cs_diag *diag) cs_must_use;

/** cs_watched_close() - forget the collector and the folder; the command is left as it is. */
void cs_watched_close(struct cs_watched *watched);
