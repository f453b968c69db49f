/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the Lambda Runtime API said of one event, and its runtime of the answer, out of the header
 * lines that the shim kept. Pure. Formats: AWS's guide for custom runtimes; X-Ray's tracing header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "preload/wire/records.h"

/**
 * cs_lambda_event_new() - from an INVOCATION record
 * @text_len: bytes behind @rec that really are there
 *
 * Ownership: the caller's, until cs_lambda_event_free().
 * Return:    NULL when out of memory, malformed, or without an id.
 */
struct cs_lambda_event *cs_lambda_event_new(const struct cs_rec_invocation *rec, const char *text,
					    size_t text_len) cs_must_use;

/** cs_lambda_event_free() - Accepts NULL. */
void cs_lambda_event_free(struct cs_lambda_event *event);

/** cs_lambda_event_bytes() - of memory that it takes; 0 for NULL. */
size_t cs_lambda_event_bytes(const struct cs_lambda_event *event);

/** cs_lambda_event_answer() - take over what an INVOCATION_END record says; checked before. */
void cs_lambda_event_answer(struct cs_lambda_event *event, const struct cs_rec_invocation_end *rec,
			    const char *text);

/** cs_lambda_error_type() - what an INVOCATION_END names its error; own copy, NULL: nothing. */
char *cs_lambda_error_type(const struct cs_rec_invocation_end *rec, const char *text) cs_must_use;

/**
 * cs_lambda_resource() - the function that an ARN invokes, by its version where that is known
 * @buf: receives it; an alias in @arn is a way to it, no name of its own
 *
 * Return: @buf; NULL: no ARN of a function, or @size is too small.
 */
const char *cs_lambda_resource(const char *arn, const char *version, char *buf, size_t size);

/** cs_lambda_account() - the account in an ARN, idem. */
const char *cs_lambda_account(const char *arn, char *buf, size_t size);
