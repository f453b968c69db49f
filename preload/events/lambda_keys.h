/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The part of lambda_scan.h that knows events: what a value is to us, by the keys on the way to it. How values
 * come, and what is kept of them, is lambda_scan.c's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/events/lambda_scan.h"

/* What a value is to us. */
enum cs_scan_node {
	CS_NODE_SKIP,
	/* objects */
	CS_NODE_EVENT,
	CS_NODE_MESSAGE,
	CS_NODE_QUEUE_ATTRIBUTES,
	CS_NODE_ATTRIBUTES,
	CS_NODE_ATTRIBUTE,
	CS_NODE_TOPIC,
	CS_NODE_TOPIC_ATTRIBUTES,
	CS_NODE_TOPIC_ATTRIBUTE,
	CS_NODE_STORE,
	CS_NODE_CONTEXT,
	CS_NODE_CLOUD_EVENT,
	CS_NODE_AZURE_CALL,
	CS_NODE_AZURE_METADATA,
	CS_NODE_HEADERS,
	CS_NODE_MULTI_HEADERS,
	CS_NODE_LAST_OBJECT = CS_NODE_MULTI_HEADERS,
	/* arrays */
	CS_NODE_MESSAGES,
	CS_NODE_CLOUD_EVENTS,
	CS_NODE_MULTI_HEADER,
	CS_NODE_LAST_ARRAY = CS_NODE_MULTI_HEADER,
	/* strings */
	CS_NODE_ID,
	CS_NODE_COUNT,
	CS_NODE_TRACE,
	CS_NODE_HEADER,
	CS_NODE_SOURCE,
	CS_NODE_EVENT_ID,
	CS_NODE_DETAIL_TYPE,
};

/**
 * cs_lambda_value_of() - what the value behind the key in @scan's name is, which stands in a @within
 *
 * Of a header that is kept its name, in lower case, is then in @scan's header.
 * Context: signal (pure).
 */
enum cs_scan_node cs_lambda_value_of(struct cs_lambda_scan *scan, enum cs_scan_node within);

/** cs_lambda_names_baggage() - is @scan's header the one that has members? Context: signal (pure). */
bool cs_lambda_names_baggage(const struct cs_lambda_scan *scan);

/** cs_lambda_source_of() - enum cs_event_service whose word @scan's name is. Context: signal (pure). */
uint8_t cs_lambda_source_of(const struct cs_lambda_scan *scan);
