/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every destination offers the collector: take a batch, say later what became of it. One slow
 * destination never delays another; each keeps its own queue within a byte budget and, for each
 * signal, its own counters, for which at any time
 *
 *     accepted = sent + rejected + dropped (by reason) + queued
 *
 * holds (docs/architecture.md, "Out"). `sent` moves only after the acknowledgement.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "exporters/batch.h"

struct cs_exporter;

/* Why items were dropped; the words are the `reason` label of the self-metrics. */
enum cs_drop_reason {
	CS_DROP_QUEUE_FULL,      /* byte budget exhausted */
	CS_DROP_RETRY_EXHAUSTED, /* gave up after the retry time limit */
	CS_DROP_REFUSED,         /* answered with a status that must not be retried */
	CS_DROP_TOO_LARGE,       /* one item larger than a request may be */
	CS_DROP_ENCODE,   /* out of memory while encoding, an id of zeros, a point of no time */
	CS_DROP_IO,       /* the pipe or terminal could not be written */
	CS_DROP_SHUTDOWN, /* time limit of the last flush passed */
	CS_DROP_REASON_COUNT,
};

/* Counters of one signal at one destination, in its items. Read on the loop thread. */
struct cs_exporter_stats {
	uint64_t accepted;
	uint64_t sent;
	uint64_t rejected; /* by partial_success */
	uint64_t dropped[CS_DROP_REASON_COUNT];
	uint64_t queued;   /* encoded, not yet acknowledged or written */
	uint64_t requests; /* HTTP requests or file writes attempted */
	uint64_t retries;
	const char *last_error; /* one line for people, "" if none; valid until the next call */
};

/**
 * cs_exporter_report_fn - told when a destination begins to fail, and when it works again
 * @failing: false: it works again
 * @text:    one line for people, without the destination's name; valid during the call
 *
 * Not called once per failed request: a program may log every call. Must not free the exporter.
 */
typedef void (*cs_exporter_report_fn)(void *user, const struct cs_exporter *exporter, bool failing,
				      const char *text);

/** cs_signal_name() - "traces", "metrics", "logs"; static. Context: any-thread. */
const char *cs_signal_name(enum cs_signal signal);

/** cs_signal_items() - "spans", "data points", "log records"; static. Context: any-thread. */
const char *cs_signal_items(enum cs_signal signal);

/** cs_drop_reason_name() - "queue_full" and so on; static. Context: any-thread. */
const char *cs_drop_reason_name(enum cs_drop_reason reason);

/**
 * cs_exporter_submit() - queue one batch; encodes at once, so @batch is free on return
 *
 * Context: loop. Never blocks, never fails: what cannot be queued is counted as dropped.
 */
void cs_exporter_submit(struct cs_exporter *exporter, struct cs_batch batch);

/** cs_exporter_takes() - does it want batches of that signal? Others are not to be submitted. */
bool cs_exporter_takes(const struct cs_exporter *exporter, enum cs_signal signal);

/** cs_exporter_idle() - nothing queued and nothing in flight? Context: loop. */
bool cs_exporter_idle(const struct cs_exporter *exporter);

/** cs_exporter_get_stats() - copy the counters of one signal. Context: loop. */
void cs_exporter_get_stats(const struct cs_exporter *exporter, enum cs_signal signal,
			   struct cs_exporter_stats *ret);

/** cs_exporter_get_name() - e.g. "otlp http://127.0.0.1:4318/v1/traces"; borrowed. */
const char *cs_exporter_get_name(const struct cs_exporter *exporter);

/** cs_exporter_set_report() - whom to tell of trouble; NULL: nobody. Context: loop. */
void cs_exporter_set_report(struct cs_exporter *exporter, cs_exporter_report_fn report, void *user);

/**
 * cs_exporter_operated_fn - told of each request or write, whatever came of it
 * @error: one word or number of what went wrong, as error.type has it; NULL: nothing did
 *
 * Must not free the exporter.
 */
typedef void (*cs_exporter_operated_fn)(void *user, const struct cs_exporter *exporter,
					uint64_t took_ns, const char *error);

/** cs_exporter_set_operated() - whom to tell; NULL: nobody. Context: loop. */
void cs_exporter_set_operated(struct cs_exporter *exporter, cs_exporter_operated_fn operated,
			      void *user);

/** cs_exporter_settled_fn() - nothing is queued any more. Must not free the exporter. */
typedef void (*cs_exporter_settled_fn)(void *user, const struct cs_exporter *exporter);

/**
 * cs_exporter_set_settled() - whom to tell when the last queued item was acknowledged or dropped
 *
 * Told each time that the destination becomes idle, from the loop, so that nobody need look again
 * and again. Nothing queued, nothing told. NULL: nobody. Context: loop.
 */
void cs_exporter_set_settled(struct cs_exporter *exporter, cs_exporter_settled_fn settled,
			     void *user);

/**
 * cs_exporter_reopen() - its file was moved away: make it anew under its name
 * @diag: what is wrong; it goes on with the old file then
 *
 * Context: loop. Return: 1 reopened; 0 it has no name that could be moved; negative errno.
 */
int cs_exporter_reopen(struct cs_exporter *exporter, struct cs_diag *diag) cs_must_use;

/**
 * cs_exporter_abandon() - give up what is queued or under way: it is dropped (CS_DROP_SHUTDOWN)
 *
 * For the end of a program, when the limit of its last flush has passed and before it prints the
 * counters. The settled function is not told. Context: loop.
 */
void cs_exporter_abandon(struct cs_exporter *exporter);

/**
 * cs_exporter_free() - release the destination, after cs_exporter_idle() or cs_exporter_abandon()
 *
 * Return: NULL. Accepts NULL.
 */
struct cs_exporter *cs_exporter_free(struct cs_exporter *exporter);
