/* SPDX-License-Identifier: Apache-2.0 */

/* The formats that a result can be written in; docs/ci.md says which is for whom. */
#pragma once

#include "agent/output/result.h"
#include "base/buffer.h"
#include "base/cleanup.h"

#define CS_MARKDOWN_BYTES_MAX                                                                      \
	(900u << 10) /* GitHub takes 1 MiB of a step's summary, or none of it */
#define CS_HTML_BYTES_MAX 1000000u
#define CS_JUNIT_BYTES_MAX                                                                         \
	1000000u /* GitLab takes 30 MB a file; viewers of tests are made for less */
#define CS_GITLAB_BYTES_MAX 1000000u /* what is in no report is said by its last entry */
#define CS_ANNOTATIONS_MAX                                                                         \
	10u /* that GitHub shows of a step and kind; more are dropped without a word */

struct cs_format {
	const char *name;
	/* Appends to @out. Return: 0; -ENOMEM. */
	int (*write)(const struct cs_result *result, struct cs_buffer *out);
};

/** cs_format_find() - by its name; NULL there is none. */
const struct cs_format *cs_format_find(const char *name);

/** cs_format_near() - the name nearest to a mistyped one; NULL none is near. */
const char *cs_format_near(const char *name);

/** cs_format_function() - one function as on a terminal, with its label. */
void cs_format_function(const struct cs_result *result, const struct cs_result_function *function,
			const struct cs_terminal *terminal, struct cs_buffer *out);

/** cs_format_text() - as on a terminal without colours. */
int cs_format_text(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_json() - coldspan.assert/v1. */
int cs_format_json(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_junit() - JUnit XML as testmoapp/junitxml describes it, valid for Jenkins' junit-10.xsd; at most CS_JUNIT_BYTES_MAX. */
int cs_format_junit(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_markdown() - a table, worst first, with details folded; at most CS_MARKDOWN_BYTES_MAX. */
int cs_format_markdown(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_github() - at most CS_ANNOTATIONS_MAX workflow commands, the worst. */
int cs_format_github(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_gitlab() - GitLab's Code Quality report, of what is not kept; at most CS_GITLAB_BYTES_MAX. */
int cs_format_gitlab(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_openmetrics() - OpenMetrics 1.0 text. */
int cs_format_openmetrics(const struct cs_result *result, struct cs_buffer *out) cs_must_use;

/** cs_format_html() - one page that needs nothing else, with the samples inside; at most CS_HTML_BYTES_MAX. */
int cs_format_html(const struct cs_result *result, struct cs_buffer *out) cs_must_use;
