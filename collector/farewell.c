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

static void tell_given_up(const struct cs_exporter *exporter)
{
	for (unsigned signal = 0; signal < CS_SIGNAL_COUNT; signal++) {
		struct cs_exporter_stats stats;

		cs_exporter_get_stats(exporter, signal, &stats);
		if (stats.queued)
			cs_log(CS_LOG_WARN,
			       "%s: gave up on %" PRIu64
			       " %s that were not acknowledged within %d s",
			       cs_exporter_get_name(exporter), stats.queued,
			       cs_signal_items(signal), CS_FAREWELL_LIMIT_S);
	}
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	struct cs_farewell *farewell = context;
	struct cs_exporter *const *exporters;
	unsigned count;

	exporters = cs_collector_exporters(farewell->collector, &count);
	for (unsigned i = 0; i < count; i++)
		tell_given_up(exporters[i]);
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
