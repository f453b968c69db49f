/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What `coldspan doctor` finds, one line each on standard output, or one document in the end. Names and paths in it are a stranger's:
 * whatever is in them, a line stays one line and moves no cursor.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct cs_findings {
	unsigned obstacles;
};

/**
 * cs_findings_gather() - print nothing from here on: all goes into a document
 *
 * Context: startup.
 */
void cs_findings_gather(void);

/**
 * cs_findings_take() - the document of what was found since, coldspan.doctor/v1
 * @can: it can be watched, or is
 *
 * Context: startup, after cs_findings_gather(); once.
 * Return:  owned by the caller; NULL: out of memory.
 */
json_t *cs_findings_take(bool can);

/** cs_finding_ok() - something that is as it must be. Context: startup. */
void cs_finding_ok(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** cs_finding_note() - something to know that is no obstacle. Context: startup. */
void cs_finding_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** cs_finding_obstacle() - what it is, and the @remedy on a line of its own. Context: startup. */
void cs_finding_obstacle(struct cs_findings *findings, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** cs_finding_verdict() - the last line. Context: startup. */
void cs_finding_verdict(const char *format, ...) __attribute__((format(printf, 1, 2)));
