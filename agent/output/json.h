/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coldspan.assert/v1 (docs/schema/coldspan.assert.v1.json): results with all their samples, written, and
 * read back to be judged again. Reading is strict: what it reads may come from anywhere.
 */
#pragma once

#include <stddef.h>

#include "agent/output/result.h"
#include "base/buffer.h"
#include "base/diag.h"

#define CS_RESULT_JSON_SCHEMA    "coldspan.assert/v1"
#define CS_RESULT_JSON_BYTES_MAX (64u << 20) /* 10,000 pairs of 40 metrics are some 8 MiB */
#define CS_RESULT_KEY_BYTES      64u

enum cs_result_json_form {
	CS_RESULT_JSON_FILE,   /* a line */
	CS_RESULT_JSON_SCRIPT, /* without `<` and newline: goes into an element of HTML */
};

/** cs_result_json_write() - append the document. Return: 0; -ENOMEM. */
int cs_result_json_write(const struct cs_result *result, enum cs_result_json_form form,
			 struct cs_buffer *out) cs_must_use;

/** cs_result_json_key() - a metric's name among samples, with its unit: "cpu_ns". Return: @buf. */
const char *cs_result_json_key(unsigned metric, char buf[CS_RESULT_KEY_BYTES]);

/** cs_result_json_noise_key() - the same of what the machine did: "steal_ns". Return: @buf. */
const char *cs_result_json_noise_key(unsigned kind, char buf[CS_RESULT_KEY_BYTES]);

/* Members in which a document has the samples that were made beside a function's. */
struct cs_result_others_keys {
	const char *samples;
	const char *noise;
};

/** cs_result_json_others() - of those of a baseline, a reference, or without the shim. */
struct cs_result_others_keys cs_result_json_others(enum cs_budget_against against);

/**
 * cs_result_json_read() - add the functions of a document to @result, judged by its plan
 * @file: its name, for messages and labels; borrowed by the diag only
 * @text: @len bytes of any content: the document, or HTML with it inside
 *
 * Samples of one function are counted together where cs_origin allows it; where not, the function is there
 * more than once, each with a label.
 *
 * Context: startup.
 * Return:  0; -EINVAL, -E2BIG @diag says what is wrong with it; -EEXIST it has starts that are counted already; -ENOENT a function that the
 *          plan has not; -ENOMEM. After a failure @result may hold a part.
 */
int cs_result_json_read(struct cs_result *result, const char *file, const char *text, size_t len,
			struct cs_diag *diag) cs_must_use;
