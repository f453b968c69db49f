/* SPDX-License-Identifier: Apache-2.0 */

/* The event loop of a program; see loop.h. */
#include "collector/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static bool making; /* the warnings on the way to a failure are no news of their own */
static int exit_code;

static void on_log(int severity, const char *text)
{
	if (severity == EVENT_LOG_ERR && making)
		cs_log(CS_LOG_ERROR, "cannot make an event loop: %s; see the limits (ulimit -n)",
		       text);
	else if (severity == EVENT_LOG_ERR)
		cs_log(CS_LOG_ERROR, "the event loop failed: %s", text);
	else if (severity == EVENT_LOG_WARN && !making)
		cs_log(CS_LOG_WARN, "event loop: %s", text);
	else
		cs_log(CS_LOG_DEBUG, "event loop: %s", text);
}

/* libevent ends the process with 1 if this returns. At once: nothing is to run on what is half made. */
static void on_fatal(int code)
{
	_exit(exit_code);
}

struct event_base *cs_loop_new(int fatal_code, struct cs_diag *diag)
{
	struct event_base *base;

	exit_code = fatal_code;
	event_set_log_callback(on_log);
	event_set_fatal_callback(on_fatal);
	making = true;
	base = event_base_new();
	making = false;
	if (!base)
		cs_diag_set(diag, -errno, "cannot make an event loop: %s", strerror(errno));
	return base;
}
