/* SPDX-License-Identifier: Apache-2.0 */

/* Counters of a destination under test; see settling.h. */
#include "tests/support/settling.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_S 60

struct cs_exporter_stats checked_stats_of(const struct cs_exporter *exporter, enum cs_signal signal)
{
	struct cs_exporter_stats s;
	uint64_t sum;

	cs_exporter_get_stats(exporter, signal, &s);
	sum = s.sent + s.rejected + s.queued;
	for (size_t i = 0; i < CS_DROP_REASON_COUNT; i++)
		sum += s.dropped[i];
	if (sum != s.accepted) {
		fprintf(stderr, "the accounting identity does not hold\n");
		abort();
	}
	return s;
}

struct cs_exporter_stats checked_stats(const struct cs_exporter *exporter)
{
	return checked_stats_of(exporter, CS_SIGNAL_TRACES);
}

static void give_up(evutil_socket_t fd, short what, void *arg)
{
	fprintf(stderr, "nothing settled within %d s\n", PATIENCE_S);
	abort();
}

static void stop(void *user, const struct cs_exporter *exporter)
{
	checked_stats(exporter);
	event_base_loopbreak(user);
}

struct cs_exporter_stats settled_stats(struct event_base *base, struct cs_exporter *exporter)
{
	struct timeval limit = { .tv_sec = PATIENCE_S };
	struct event *timer = event_new(base, -1, 0, give_up, NULL);

	event_add(timer, &limit);
	cs_exporter_set_settled(exporter, stop, base);
	if (!cs_exporter_idle(exporter))
		event_base_dispatch(base);
	event_free(timer);
	return checked_stats(exporter);
}
