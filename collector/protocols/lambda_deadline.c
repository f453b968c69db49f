/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events that ran into their deadline. The platform kills the process then (SIGKILL, to its group), and
 * says so to nobody that we can hear: it is told from the deadline that came with the event, the
 * signal, and the moment of the end.
 */
#include "collector/assembler/assembled.h"

#include <signal.h>

#include "preload/wire/clock.h"

/* A deadline has whole milliseconds, and its killer a timer and a clock of its own. */
#define EARLY_NS 2000000u
#define MS_NS    1000000u

static uint64_t wall(const struct cs_assembled *instance, uint64_t stamp_ns)
{
	return cs_clock_to_realtime(stamp_ns, instance->identity.anchor_monotonic_ns,
				    instance->identity.anchor_realtime_ns);
}

void cs_lambda_settle_deadline(struct cs_request *request)
{
	struct cs_lambda_event *lambda = request->lambda;
	struct cs_whisk_event *whisk = request->whisk;
	uint64_t deadline_ns = lambda  ? lambda->deadline_unix_ms
			       : whisk ? whisk->deadline_unix_ms
				       : 0;

	if (!deadline_ns || deadline_ns > UINT64_MAX / MS_NS ||
	    request->outcome.cause == CS_CAUSE_NONE)
		return;
	deadline_ns *= MS_NS;
	/* One that was over before the event came is of another clock. */
	if (deadline_ns < wall(request->instance, request->start_ns) ||
	    deadline_ns > wall(request->instance, request->end_ns) + EARLY_NS)
		return;
	*(lambda ? &lambda->deadline_passed : &whisk->deadline_passed) = true;
	if (request->outcome.cause == CS_CAUSE_SIGNAL && request->outcome.code == SIGKILL)
		request->outcome.cause = CS_CAUSE_TIMEOUT;
}
