/* SPDX-License-Identifier: Apache-2.0 */

/* What the values of an event are, by the keys on the way to them; see lambda_keys.h. */
#include "preload/events/lambda_keys.h"

#include "preload/http/http_fields.h"
#include "preload/http/http_names.h"
#include "preload/wire/records.h"

#define KEY_BYTES 25

static const struct {
	uint8_t within;
	uint8_t node;
	uint8_t len;
	char name[KEY_BYTES];
} keys[] = {
#define K(within, name, node)                                                                      \
	{                                                                                          \
		CS_NODE_##within, CS_NODE_##node, sizeof(name) - 1, name                           \
	}
	K(EVENT, "Records", MESSAGES),
	K(EVENT, "requestContext", CONTEXT),
	K(EVENT, "headers", HEADERS),
	K(EVENT, "multiValueHeaders", MULTI_HEADERS),
	K(EVENT, "id", EVENT_ID),
	K(EVENT, "detail-type", DETAIL_TYPE),
	K(CONTEXT, "requestId", ID),
	K(MESSAGE, "eventSource", SOURCE),
	K(MESSAGE, "EventSource", SOURCE), /* SNS */
	K(MESSAGE, "messageId", ID),       /* SQS */
	K(MESSAGE, "eventID", ID),         /* Kinesis, DynamoDB */
	K(MESSAGE, "attributes", QUEUE_ATTRIBUTES),
	K(MESSAGE, "messageAttributes", ATTRIBUTES),
	K(MESSAGE, "Sns", TOPIC),
	K(MESSAGE, "responseElements", STORE), /* S3 */
	K(QUEUE_ATTRIBUTES, "ApproximateReceiveCount", COUNT),
	K(QUEUE_ATTRIBUTES, "AWSTraceHeader", TRACE),
	K(ATTRIBUTE, "stringValue", HEADER),
	K(TOPIC, "MessageId", ID),
	K(TOPIC, "MessageAttributes", TOPIC_ATTRIBUTES),
	K(TOPIC_ATTRIBUTE, "Value", HEADER),
	K(STORE, "x-amz-request-id", ID),
	K(AZURE_CALL, "Metadata", AZURE_METADATA),
	K(AZURE_METADATA, "DequeueCount", COUNT),
#undef K
};

static const struct {
	uint8_t source;
	uint8_t len;
	char name[KEY_BYTES];
} sources[] = {
#define S(source, name)                                                                            \
	{                                                                                          \
		source, sizeof(name) - 1, name                                                     \
	}
	S(CS_EVENT_SQS, "aws:sqs"),         S(CS_EVENT_SNS, "aws:sns"),
	S(CS_EVENT_KINESIS, "aws:kinesis"), S(CS_EVENT_DYNAMODB, "aws:dynamodb"),
	S(CS_EVENT_S3, "aws:s3"),
#undef S
};

uint8_t cs_lambda_source_of(const struct cs_lambda_scan *scan)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (cs_kept_name_is(&scan->lines, sources[i].name, sources[i].len))
			return sources[i].source;
	}
	return CS_EVENT_UNKNOWN;
}

bool cs_lambda_names_baggage(const struct cs_lambda_scan *scan)
{
	return cs_baggage_is_header(scan->header, scan->header_len);
}

/* A name of a header: of its value, if that is one that is kept, in lower case. */
static enum cs_scan_node header_of(struct cs_lambda_scan *scan, enum cs_scan_node node)
{
	for (size_t i = 0; i < scan->lines.name_len && i < CS_KEPT_NAME; i++)
		scan->header[i] = cs_http_lower((unsigned char)scan->lines.name[i]);
	scan->header_len = scan->lines.name_len;
	if (scan->lines.name_len > CS_KEPT_NAME)
		return CS_NODE_SKIP;
	if (cs_lambda_names_baggage(scan))
		return node == CS_NODE_HEADER || node == CS_NODE_MULTI_HEADER ? node : CS_NODE_SKIP;
	return cs_http_is_kept(scan->header, scan->header_len) ? node : CS_NODE_SKIP;
}

/* An attribute of a CloudEvent: as if it had come in a header. */
static enum cs_scan_node attribute_of(struct cs_lambda_scan *scan)
{
	if (scan->lines.name_len > CS_KEPT_NAME - 3)
		return CS_NODE_SKIP;
	scan->header[0] = 'c';
	scan->header[1] = 'e';
	scan->header[2] = '-';
	for (size_t i = 0; i < scan->lines.name_len; i++)
		scan->header[3 + i] = scan->lines.name[i];
	scan->header_len = (uint8_t)(scan->lines.name_len + 3);
	return cs_http_is_kept(scan->header, scan->header_len) ? CS_NODE_HEADER : CS_NODE_SKIP;
}

enum cs_scan_node cs_lambda_value_of(struct cs_lambda_scan *scan, enum cs_scan_node within)
{
	switch (within) {
	case CS_NODE_ATTRIBUTES:
		return header_of(scan, CS_NODE_ATTRIBUTE);
	case CS_NODE_TOPIC_ATTRIBUTES:
		return header_of(scan, CS_NODE_TOPIC_ATTRIBUTE);
	case CS_NODE_HEADERS:
		return header_of(scan, CS_NODE_HEADER);
	case CS_NODE_MULTI_HEADERS:
		return header_of(scan, CS_NODE_MULTI_HEADER);
	case CS_NODE_CLOUD_EVENT:
		return attribute_of(scan);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].within == within &&
		    cs_kept_name_is(&scan->lines, keys[i].name, keys[i].len))
			return scan->batch && within == CS_NODE_EVENT &&
					       keys[i].node != CS_NODE_MESSAGES
				       ? CS_NODE_SKIP
				       : (enum cs_scan_node)keys[i].node;
	}
	return CS_NODE_SKIP;
}
