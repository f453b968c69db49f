/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The collector as a library: `coldspan-collector` and `coldspan run` are thin mains around it. It
 * lives on the caller's event base and does all its work there; threads only close what a hostile
 * peer sent, and read what may block (collector/processes/reading.h).
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "collector/assembler/assembler.h"
#include "collector/metrics/collect.h"
#include "collector/metrics/settings.h"
#include "collector/sampler/sampler.h"
#include "collector/self.h"
#include "exporters/exporter.h"

struct cs_arena;
struct cs_collector;
struct cs_metric_batch;
struct cs_outside;

struct cs_collector_options {
	const char *socket_path;            /* copied */
	mode_t socket_mode;                 /* 0666: every uid may announce; 0600: ours and root */
	uint32_t instances_per_uid;         /* 0: half of RLIMIT_NOFILE */
	bool xray_parent;                   /* functions report to X-Ray: docs/traces.md */
	struct cs_sampler_options sampling; /* copied; all zero: everything is exported */
	struct cs_assembler_sink observer;  /* sees all that is exported; callbacks may be NULL */
	void (*quiet)(
		void); /* may be NULL: nothing is held any more, a moment to give memory back */
};

/**
 * cs_collector_new() - listen, and collect whenever @base runs
 * @base: borrowed; outlives the collector
 * @diag: filled in on failure: one line for people
 * @ret:  untouched on failure
 *
 * Functions may start as soon as it returns: what they send waits in the socket.
 *
 * Context: startup.
 * Return:  0; negative errno.
 */
int cs_collector_new(struct event_base *base, const struct cs_collector_options *options,
		     struct cs_diag *diag, struct cs_collector **ret) cs_must_use;

/**
 * cs_collector_add_exporter() - send all spans to this destination, too
 *
 * Ownership: taken, also on failure. Return: 0; -E2BIG more than CS_OUTLET_EXPORTERS_MAX.
 */
int cs_collector_add_exporter(struct cs_collector *collector, struct cs_exporter *exporter)
	cs_must_use;

/**
 * cs_collector_measure() - count from now on: metrics, for exporters that take them and for scrapes
 *
 * Once; a second call changes nothing. Context: startup. Return: 0; -ENOMEM.
 */
int cs_collector_measure(struct cs_collector *collector, const struct cs_metric_settings *settings)
	cs_must_use;

/**
 * cs_collector_scrape() - all metrics as they are now, cumulative; pushes are not disturbed
 * @reader: who asks: CS_READER_LOOK or one of the scrapers (collector/metrics/collect.h)
 * @past:   of a scraper: what it has been told
 * @ret:    lives in @arena, until the loop goes on
 *
 * Context: loop. Return: false: nothing is counted, or there is no memory.
 */
bool cs_collector_scrape(struct cs_collector *collector, unsigned reader, enum cs_reader_past past,
			 struct cs_arena *arena, struct cs_metric_batch *ret) cs_must_use;

/**
 * cs_collector_follow() - have the kernel tell of what the calling thread starts from now on, too
 *
 * Context: startup. Return: 0; negative errno, @diag says who refused: all else is as it was.
 */
int cs_collector_follow(struct cs_collector *collector, struct cs_diag *diag) cs_must_use;

/** cs_collector_get_outside() - what it told; NULL: it does not. Valid as long as the collector. */
const struct cs_outside *cs_collector_get_outside(const struct cs_collector *collector);

/**
 * cs_collector_leave_out() - @pid only starts something for the caller: the kernel's word on it is not heard
 *
 * Context: startup, before the loop runs.
 */
void cs_collector_leave_out(struct cs_collector *collector, pid_t pid);

/**
 * cs_collector_child_started() - the caller started a child of its own, at these times
 * @spawn_begin_ns, @exec_ns: CLOCK_MONOTONIC
 *
 * Context: loop.
 */
void cs_collector_child_started(struct cs_collector *collector, pid_t pid, uint64_t spawn_begin_ns,
				uint64_t exec_ns);

/**
 * cs_collector_child_ending() - a child of the caller's own has ended, and is about to be waited for
 *
 * Takes in what it announced, and looks at what it used, while the kernel still knows it.
 *
 * Context: loop.
 */
void cs_collector_child_ending(struct cs_collector *collector, pid_t pid);

/**
 * cs_collector_child_ended() - the caller waited for a child of its own: that is how it ended
 * @status: as wait(2) encodes it
 * @usage:  may be NULL
 *
 * Context: loop.
 */
void cs_collector_child_ended(struct cs_collector *collector, pid_t pid, int status,
			      const struct rusage *usage);

/**
 * cs_collector_look() - the caller is about to end what it watches: look once more, while the kernel still knows it
 *
 * Of a process that its parent waits for nothing can be read any more. Context: loop.
 */
void cs_collector_look(struct cs_collector *collector);

/**
 * cs_collector_stop() - take in what was announced, read all rings once more, end what lives
 *
 * All spans are with the exporters afterwards; run @base until cs_collector_flushed().
 * Context: loop.
 */
void cs_collector_stop(struct cs_collector *collector);

/** cs_collector_flushed() - has every destination dealt with all it was given? Context: loop. */
bool cs_collector_flushed(const struct cs_collector *collector);

/** cs_collector_get_self() - counters, valid as long as the collector. Context: loop. */
const struct cs_self *cs_collector_get_self(struct cs_collector *collector);

/** cs_collector_exporters() - to print their counters. Context: loop. */
struct cs_exporter *const *cs_collector_exporters(const struct cs_collector *collector,
						  unsigned *ret_count);

/** cs_collector_free() - what was not sent is dropped and counted as such. Return: NULL. */
struct cs_collector *cs_collector_free(struct cs_collector *collector);
