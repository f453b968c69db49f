/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What `coldspan run` says in the end: waterfalls for people, coldspan.run/v1 for programs
 * (docs/schema/coldspan.run.v1.json). Gathered while cold starts and invocations come in.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "agent/recording/warmth.h"
#include "agent/terminal.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "collector/assembler/model.h"

struct cs_outside;

struct cs_run_report {
	struct cs_terminal terminal;
	struct cs_buffer text; /* waterfalls, in the order of their starts' ends */
	json_t *cold_starts;   /* owned */
	json_t *invocations;   /* owned */
	json_t *outside;       /* owned; NULL until it was taken in */
	struct cs_warmth warmth;
	unsigned cold_starts_count;
	bool outside_seen; /* programs without a shim were */
	bool failed;       /* out of memory: what is here is not all */
};

/* What was seen and lost, for "accounting". */
struct cs_run_accounting {
	uint64_t instances;
	uint64_t records;
	uint64_t dropped;
	uint64_t torn;
};

/** cs_run_report_init() - an empty report. Free with cs_run_report_deinit(). */
void cs_run_report_init(struct cs_run_report *report, const struct cs_terminal *terminal);

/** cs_run_report_deinit() - free it. */
void cs_run_report_deinit(struct cs_run_report *report);

/** cs_run_report_cold_start() - take one in. */
void cs_run_report_cold_start(struct cs_run_report *report, const struct cs_cold_start *cold);

/** cs_run_report_invocation() - take one in. */
void cs_run_report_invocation(struct cs_run_report *report, const struct cs_invocation *invocation);

/**
 * cs_run_report_outside() - take in what the kernel told of processes
 * @outside: NULL: it did not, for @reason
 */
void cs_run_report_outside(struct cs_run_report *report, const struct cs_outside *outside,
			   const char *reason);

/**
 * cs_run_report_write() - write the JSON document
 * @out:    its error mark tells whether all could be written
 * @status: of the command, as wait(2) encodes it
 *
 * Return: 0; negative errno, @diag says what.
 */
int cs_run_report_write(const struct cs_run_report *report, FILE *out, char *const *command,
			int status, const struct cs_run_accounting *accounting,
			struct cs_diag *diag);
