/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looks through an event, of the Lambda Runtime API or in a request's body, JSON in any pieces, for what tells it apart from
 * others: ids, counts of deliveries, and trace contexts, at the places where AWS's services put them
 * (AWS Lambda developer guide, "Invoking Lambda with events from other AWS services"). Nothing else of an event is
 * kept, and of an event that no such service made, nothing at all. Pure: no allocation, bounded in
 * memory, depth and bytes.
 *
 * What was found stands in `text`: the id of the event, then for each message its lines
 * "name: value\n" and an empty one. Names are "id", "count", and those of headers that are kept
 * (http_fields.h), in lower case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/events/kept_scan.h"

#define CS_LAMBDA_SCAN_PATH 6u   /* levels of it that hold anything of ours */
#define CS_LAMBDA_SCAN_ID   128u /* longer ids are left out */
#define CS_LAMBDA_SCAN_TEXT 1792u
#define CS_LAMBDA_SCAN_MESSAGES                                                                    \
	128u /* of a batch that are kept: as many links as a span gets by default */

/* What is looked through: the form of an event. */
enum cs_scan_form {
	CS_SCAN_LAMBDA,
	CS_SCAN_CLOUD_EVENT,  /* in structured mode; its attributes become headers of binary mode */
	CS_SCAN_CLOUD_EVENTS, /* a batch */
	CS_SCAN_AZURE,        /* what Azure's Functions host asks a custom handler */
};

struct cs_lambda_scan {
	struct cs_kept lines;
	uint32_t messages; /* of the batch, those not kept as well */
	uint32_t messages_told;
	uint16_t kept; /* of them */
	uint16_t id_len;
	uint16_t done;                     /* bytes of text that are whole messages, and the id */
	uint8_t path[CS_LAMBDA_SCAN_PATH]; /* what the enclosing values are to us */
	uint8_t node;                      /* what the value being read, or next, is */
	uint8_t source;                    /* enum cs_event_service of the whole */
	uint8_t message_source;
	uint8_t headers_from; /* the node that headers are taken from */
	bool batch;
	bool beyond; /* more came than is looked at */
	uint8_t header_len;
	uint8_t event_id_len;
	char header[CS_KEPT_NAME];   /* whose value comes next */
	char event_id[CS_KEPT_NAME]; /* EventBridge's, if the event is one */
	char text[CS_LAMBDA_SCAN_TEXT];
};

/**
 * cs_lambda_scan_begin() - before the first byte of event @id
 * @id: at most CS_LAMBDA_SCAN_ID bytes; may lie in @scan's own memory
 *
 * Context: signal (pure).
 */
void cs_lambda_scan_begin(struct cs_lambda_scan *scan, enum cs_scan_form form, const char *id,
			  size_t id_len);

/**
 * cs_lambda_scan_feed() - take the next bytes
 * @data: NULL: they went by unseen
 *
 * Context: signal (pure).
 * Return:  how many were taken: less than @len only where it is full.
 */
size_t cs_lambda_scan_feed(struct cs_lambda_scan *scan, const unsigned char *data, size_t len);

/** cs_lambda_scan_end() - nothing more comes; true: there is something to tell. Context: signal. */
bool cs_lambda_scan_end(struct cs_lambda_scan *scan);

/** cs_lambda_scan_told() - what was found so far is told: there is room again. Context: signal. */
void cs_lambda_scan_told(struct cs_lambda_scan *scan);
