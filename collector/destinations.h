/* SPDX-License-Identifier: Apache-2.0 */

/* Destinations as the command line names them, for coldspan-collector and coldspan run. */
#pragma once

#include <event2/event.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "collector/collector.h"

/**
 * cs_destinations_add_file() - lines of OTLP JSON, appended to @path ("-": standard output)
 *
 * Changes of its state are logged. Context: startup. Return: 0; negative errno, @diag filled in.
 */
int cs_destinations_add_file(struct cs_collector *collector, struct event_base *base,
			     const char *path, struct cs_diag *diag) cs_must_use;

/**
 * cs_destinations_add_otlp() - OTLP over HTTP
 * @url: base URL; NULL: as OTEL_EXPORTER_OTLP_ENDPOINT, _TRACES_ENDPOINT and so on say
 *
 * Headers and time-outs come from OTEL_EXPORTER_OTLP_*; of variables that cannot be followed a
 * warning is logged, once a process. Context: startup; the program ignores SIGPIPE.
 * Return:  0; negative errno, @diag filled in.
 */
int cs_destinations_add_otlp(struct cs_collector *collector, struct event_base *base,
			     const char *url, struct cs_diag *diag) cs_must_use;

/** cs_destinations_otlp_wanted() - does the environment name an OTLP endpoint? */
bool cs_destinations_otlp_wanted(void);

/**
 * cs_destinations_measure() - count what the destinations that there are take, or who scrapes
 * @buckets: bounds of explicit buckets; borrowed for as long as @collector lives
 *
 * Of variables that cannot be followed a warning is logged. Context: startup, behind all others.
 * Return: 0; -ENOMEM, @diag filled in.
 */
int cs_destinations_measure(struct cs_collector *collector, bool scraped,
			    const struct cs_bucket_settings *buckets, struct cs_diag *diag)
	cs_must_use;
