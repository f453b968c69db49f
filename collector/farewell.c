/* SPDX-License-Identifier: Apache-2.0 */

/* Stopping, and waiting for destinations; see farewell.h. */
#include "collector/farewell.h"

#include <inttypes.h>

#include "base/log.h"

#define LOOK_EVERY_US 2000

static void on_flushing(evutil_socket_t fd, short what, void *context)
{
	struct cs_farewell *farewell = context;

	if (cs_collector_flushed(farewell->collector))
		event_base_loopbreak(farewell->base);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	struct cs_farewell *farewell = context;

	cs_log(CS_LOG_WARN, "gave up on spans that were not acknowledged within %d s",
	       CS_FAREWELL_LIMIT_S);
	event_base_loopbreak(farewell->base);
}

static void tell_lost(struct cs_collector *collector)
{
	uint64_t lost = cs_collector_get_self(collector)->announces_lost;

	if (lost)
		cs_log(CS_LOG_WARN,
		       "at least %" PRIu64 " announces were not taken in, and their processes are "
		       "missing: too few descriptors or too little memory; raise the limits "
		       "(ulimit -n)",
		       lost);
}

void cs_farewell_begin(struct cs_farewell *farewell, struct event_base *base,
		       struct cs_collector *collector)
{
	const struct timeval often = { .tv_usec = LOOK_EVERY_US };
	const struct timeval limit = { .tv_sec = CS_FAREWELL_LIMIT_S };

	farewell->base = base;
	farewell->collector = collector;
	event_assign(&farewell->flushing, base, -1, EV_PERSIST, on_flushing, farewell);
	event_assign(&farewell->limit, base, -1, 0, on_limit, farewell);
	cs_collector_stop(collector);
	tell_lost(collector);
	event_add(&farewell->flushing, &often);
	event_add(&farewell->limit, &limit);
	on_flushing(-1, 0, farewell);
}

void cs_farewell_end(struct cs_farewell *farewell)
{
	if (!farewell->base)
		return;
	event_del(&farewell->flushing);
	event_del(&farewell->limit);
	farewell->base = NULL;
}
