/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What stands in an event of the Lambda Runtime API, by the records of its body: who made it, its own
 * id and context, of a batch those of its messages. Pure. What the shim keeps of which service:
 * preload/events/lambda_scan.h.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "collector/assembler/inbound.h"
#include "collector/assembler/model.h"
#include "preload/wire/records.h"

#define CS_MESSAGES_MAX 128u /* of an event that are remembered: a span's links, by default */

/**
 * cs_lambda_messages_take() - take over what an EVENT record says
 * @inbound: of its request: what one event, not a batch, brings with it
 * @text:    what stands behind @rec's event id; every byte is anybody's
 *
 * What there is no memory for is missing.
 * Ownership: strings are the event's, and @inbound's.
 */
void cs_lambda_messages_take(struct cs_lambda_event *event, struct cs_inbound *inbound,
			     const struct cs_rec_event *rec, const char *text, size_t text_len);

/** cs_lambda_messages_deinit() - free them. */
void cs_lambda_messages_deinit(struct cs_lambda_event *event);

/** cs_lambda_messages_bytes() - of memory that they take. */
size_t cs_lambda_messages_bytes(const struct cs_lambda_event *event);

/** cs_event_service_name() - value of coldspan.event.service; NULL: not known. */
const char *cs_event_service_name(enum cs_event_service service);

/** cs_event_service_trigger() - value of faas.trigger. */
const char *cs_event_service_trigger(enum cs_event_service service);
