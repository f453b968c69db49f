/* SPDX-License-Identifier: Apache-2.0 */

/* Counters of a destination under test. What must not be ends the test. */
#pragma once

#include <event2/event.h>

#include "exporters/exporter.h"

/** checked_stats_of() - counters of a signal, after a look at the identity that always holds */
struct cs_exporter_stats checked_stats_of(const struct cs_exporter *exporter,
					  enum cs_signal signal);

/** checked_stats() - idem, of traces */
struct cs_exporter_stats checked_stats(const struct cs_exporter *exporter);

/** settled_stats() - those of traces: runs @base until nothing of it is queued any more; 10 s must do */
struct cs_exporter_stats settled_stats(struct event_base *base, struct cs_exporter *exporter);
