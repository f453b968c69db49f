/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One cold start of a function of coldspan.yaml: started under the shim, given its first event, ended, and
 * made a sample of. What it writes is kept for whoever asks why it failed, and shown to nobody else.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>

#include "agent/asserting/evicting.h"
#include "agent/asserting/file_set.h"
#include "agent/asserting/modules.h"
#include "agent/asserting/tail.h"
#include "agent/budget/judge.h"
#include "agent/budget/plan.h"
#include "base/cleanup.h"
#include "base/diag.h"

struct cs_dispositions;

enum cs_sampling_outcome {
	CS_SAMPLING_DONE,
	CS_SAMPLING_NEVER_READY, /* its time was over */
	CS_SAMPLING_ENDED,       /* it ended before it was ready, or badly */
	CS_SAMPLING_NOT_STARTED, /* its command could not be executed */
	CS_SAMPLING_UNPREPARED,  /* what is to be run before it failed */
	CS_SAMPLING_REFUSED,     /* it answered its first event with an error of the server */
	CS_SAMPLING_UNSEEN,      /* it did all it should, and the shim told nothing of it */
};

struct cs_sampling_result {
	enum cs_sampling_outcome outcome;
	struct cs_sample sample; /* of what was seen, whatever came out */
	int status; /* as wait(2) encodes it; of what was not started an exit with 126 or 127, as env(1) */
	int answer;                       /* HTTP status of its first answer; 0: there was none */
	char forbidden[CS_MODULES_FOUND]; /* the first forbidden module and its file; "" none */
	struct cs_opened_paths opened; /* owned, with cache: evict; also after -EINTR; else none */
	const char *last_phase;        /* that it was in; NULL: none was seen */
	struct cs_tail
		tail; /* the last that it wrote, its preparation, or why it was not started; settled */
};

/**
 * cs_sampling_start() - one start, from spawn to the end of the process
 * @folder: where relative names of @function begin, and where it runs
 * @files:  receives the names of files that it opens; NULL: nobody asks
 * @ret:    set on success
 *
 * Runs @base. Ends by itself within the function's time limit and 3 s.
 *
 * Context: startup; one at a time.
 * Return:  0, whatever became of the function; -EINTR SIGINT, SIGTERM or SIGHUP came, and it was killed;
 *          negative errno: we failed, or what is ours (coldspan-faas) is not there; @diag says what.
 */
int cs_sampling_start(struct event_base *base, const struct cs_plan_function *function,
		      const char *folder, const struct cs_dispositions *dispositions,
		      struct cs_file_set *files, struct cs_diag *diag,
		      struct cs_sampling_result *ret) cs_must_use;
