/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the files share that make spans: spans.c (the batch), spans_cold_start.c, spans_invocation.c,
 * spans_links.c, spans_lambda.c, spans_call.c.
 */
#pragma once

#include "collector/spans/attr_list.h"
#include "collector/spans/spans.h"

/**
 * cs_spans_new() - a span of this instance, to be filled; NULL: no memory
 *
 * It counts once cs_spans_finish() was called; until then the next call gives the same one.
 */
struct cs_span *cs_spans_new(struct cs_spans *spans, const struct cs_identity *identity);

/** cs_spans_finish() - the span that cs_spans_new() gave is complete. */
void cs_spans_finish(struct cs_spans *spans, const struct cs_identity *identity);

/**
 * cs_spans_keep() - a copy that lives with the batch; NULL of NULL, and without memory
 *
 * Strings of the model live with their instance only.
 */
const char *cs_spans_keep(struct cs_spans *spans, const char *s);

/** cs_spans_wall() - a stamp of an instance as wall time, ns since 1970. */
uint64_t cs_spans_wall(const struct cs_identity *identity, uint64_t stamp_ns);

/** cs_spans_set_context() - ids, trace state and flags. */
void cs_spans_set_context(struct cs_spans *spans, struct cs_span *span,
			  const struct cs_span_context *context);

/** cs_spans_add_end() - how the process ended: its status, or its signal. */
void cs_spans_add_end(struct cs_attr_list *list, struct cs_outcome outcome);

/** cs_spans_ended_badly() - is that an Error? */
bool cs_spans_ended_badly(struct cs_outcome outcome);

/** cs_spans_set_outcome() - Error status with its cause, where the process did not end well. */
void cs_spans_set_outcome(struct cs_spans *spans, struct cs_span *span, struct cs_attr_list *list,
			  struct cs_outcome outcome);

/**
 * cs_spans_add_said() - what a program said of it: attributes that have no other meaning, events, status
 *
 * Return: false: no memory.
 */
bool cs_spans_add_said(struct cs_spans *spans, struct cs_span *span, struct cs_attr_list *list,
		       const struct cs_identity *identity, const struct cs_api_said *said);

/** cs_spans_add_links() - of an invocation; false: no memory. */
bool cs_spans_add_links(struct cs_spans *spans, struct cs_span *span,
			const struct cs_invocation *invocation);

/**
 * cs_spans_add_ids() - those that came with an invocation
 * @own_id: that its protocol gave it, besides headers; NULL: none
 *
 * Those of the invocation come first: the first of them is its id, whatever platform gave it.
 */
void cs_spans_add_ids(struct cs_attr_list *list, const struct cs_inbound *inbound,
		      const char *own_id);

#define CS_ACCOUNT_MAX 32u /* AWS's have twelve digits */

/* Texts made for attributes: as long as the list is not kept. */
struct cs_lambda_texts {
	char resource[CS_TELEMETRY_STRING_MAX];
	char account[CS_ACCOUNT_MAX];
};

/** cs_spans_add_batch() - how many messages it has, and whether all are known. */
void cs_spans_add_batch(struct cs_attr_list *list, const struct cs_lambda_event *event);

/** cs_spans_add_stdio() - what is known of an event of an action loop. */
void cs_spans_add_stdio(struct cs_attr_list *list, const struct cs_invocation *invocation);

/** cs_spans_add_lambda() - what is known of an event that a runtime has asked for. */
void cs_spans_add_lambda(struct cs_attr_list *list, const struct cs_invocation *invocation,
			 struct cs_lambda_texts *texts);
