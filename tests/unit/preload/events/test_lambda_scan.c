/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of preload/lambda_scan: what is kept of events, and that it is what a JSON library finds.
 * Shapes of events: AWS Lambda developer guide.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/events/lambda_scan.h"
#include "preload/wire/records.h"
#include "tests/support/event_oracle.h"

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static struct event_told told, looked_up;

static const char *scan(const char *json)
{
	event_scan(CS_SCAN_LAMBDA, (const unsigned char *)json, strlen(json), SIZE_MAX, &told);
	told.text[told.len] = '\0';
	return told.text;
}

struct row {
	unsigned service;
	unsigned messages;
	char lines[256];
	char json[640];
};

ParameterizedTestParameters(lambda_scan, events_of_services)
{
	static struct row rows[] = {
		{ CS_EVENT_SQS, 2,
		  "count: 3\nid: m-1\ntraceparent: " PARENT
		  "\nx-amzn-trace-id: Root=1\n\nid: m-2\n\n",
		  "{\"Records\":[{\"messageId\":\"m-1\",\"body\":\"{\\\"id\\\":\\\"S\\\"}\","
		  "\"attributes\":{\"ApproximateReceiveCount\":\"3\",\"SenderId\":\"S\","
		  "\"AWSTraceHeader\":\"Root=1\"},\"messageAttributes\":{\"traceparent\":"
		  "{\"stringValue\":\"" PARENT "\",\"dataType\":\"String\"},\"secret\":"
		  "{\"stringValue\":\"S\"}},\"eventSource\":\"aws:sqs\"},"
		  "{\"eventSource\":\"aws:sqs\",\"messageId\":\"m-2\",\"attributes\":{}}]}" },
		/* What stands behind the batch is not of it. */
		{ CS_EVENT_SQS, 1, "id: m-1\n\n",
		  "{\"Records\":[{\"messageId\":\"m-1\",\"eventSource\":\"aws:sqs\"}],"
		  "\"id\":\"S\",\"detail-type\":\"Scheduled Event\"}" },
		{ CS_EVENT_SNS, 1, "id: m-1\ntraceparent: " PARENT "\nx-request-id: q\n\n",
		  "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"MessageId\":\"m-1\","
		  "\"Message\":\"S\",\"MessageAttributes\":{\"traceparent\":{\"Type\":\"String\","
		  "\"Value\":\"" PARENT "\"},\"X-Request-Id\":{\"Value\":\"q\"},"
		  "\"other\":{\"Value\":\"S\"}}}}]}" },
		{ CS_EVENT_KINESIS, 1, "id: shardId-0:1\n\n",
		  "{\"Records\":[{\"kinesis\":{\"data\":\"S\"},\"eventSource\":\"aws:kinesis\","
		  "\"eventID\":\"shardId-0:1\"}]}" },
		{ CS_EVENT_DYNAMODB, 1, "id: 1\n\n",
		  "{\"Records\":[{\"eventID\":\"1\",\"dynamodb\":{\"Keys\":{}},"
		  "\"eventSource\":\"aws:dynamodb\"}]}" },
		{ CS_EVENT_S3, 1, "id: D82B\n\n",
		  "{\"Records\":[{\"eventSource\":\"aws:s3\",\"responseElements\":"
		  "{\"x-amz-request-id\":\"D82B\"},\"s3\":{\"object\":{\"key\":\"S\"}}}]}" },
		{ CS_EVENT_EVENTBRIDGE, 1, "id: e-1\n\n",
		  "{\"id\":\"e-1\",\"detail-type\":\"S\",\"source\":\"S\",\"detail\":{\"id\":\"S\"}}" },
		{ CS_EVENT_SCHEDULE, 1, "id: e-1\n\n",
		  " {\"detail-type\" : \"Scheduled Event\", \"id\" : \"e-1\" } " },
		{ CS_EVENT_HTTP, 1,
		  "id: c6\ntraceparent: " PARENT "\nx-correlation-id: c\nx-request-id: q\n\n",
		  "{\"headers\":{\"Authorization\":\"S\",\"Traceparent\":\"" PARENT "\","
		  "\"x-request-id\":\"q\",\"X-Correlation-ID\":\"c\",\"cookie\":\"S\"},"
		  "\"multiValueHeaders\":{\"x-request-id\":[\"q\"]},\"path\":\"/S\","
		  "\"requestContext\":{\"requestId\":\"c6\",\"identity\":{\"user\":\"S\"}},\"body\":\"S\"}" },
		{ CS_EVENT_HTTP, 1, "tracestate: a=1\ntracestate: b=2\n\n",
		  "{\"requestContext\":{\"elb\":{}},\"multiValueHeaders\":"
		  "{\"tracestate\":[\"a=1\",\"b=2\"]},\"headers\":{\"b3\":\"0\"}}" },
		{ CS_EVENT_HTTP, 1, "id: a/b\nx-call-id: A\n\n",
		  "{\"requestContext\":{\"request\\u0049d\":\"a\\/b\"},\"headers\":{\"x-request-id\":"
		  "\"a\\nb\",\"b3\":\"\\u00e9\",\"x-call-id\":\"\\u0041\",\"uber-trace-id\":\"\"}}" },
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, lambda_scan, events_of_services)
{
	cr_assert(eq(str, (char *)scan(row->json), row->lines));
	cr_assert(eq(u32, told.service, row->service));
	cr_assert(eq(u32, told.messages, row->messages));
	cr_assert(told.followed && !told.cut);
}

struct whole {
	char lines[128];
	char json[1600];
};

/* Events with all that they have in the developer guide: a value that may be told has no "S" in it, all others are that. */
ParameterizedTestParameters(lambda_scan, of_whole_events_nothing_else_is_kept)
{
	static struct whole rows[] = {
		{ "count: 1\nid: m-1\n\n",
		  "{\"Records\":[{\"messageId\":\"m-1\",\"receiptHandle\":\"S\",\"body\":\"S\","
		  "\"attributes\":{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"S\","
		  "\"SequenceNumber\":\"S\",\"MessageGroupId\":\"S\",\"SenderId\":\"S\","
		  "\"MessageDeduplicationId\":\"S\",\"DeadLetterQueueSourceArn\":\"S\","
		  "\"ApproximateFirstReceiveTimestamp\":\"S\"},\"messageAttributes\":{"
		  "\"Attribute3\":{\"binaryValue\":\"S\",\"stringListValues\":[\"S\"],"
		  "\"binaryListValues\":[\"S\"],\"stringValue\":\"S\",\"dataType\":\"S\"}},"
		  "\"md5OfMessageAttributes\":\"S\",\"md5OfBody\":\"S\",\"eventSource\":\"aws:sqs\","
		  "\"eventSourceARN\":\"S\",\"awsRegion\":\"S\"}]}" },
		{ "id: m-1\n\n",
		  "{\"Records\":[{\"EventVersion\":\"S\",\"EventSubscriptionArn\":\"S\","
		  "\"EventSource\":\"aws:sns\",\"Sns\":{\"SignatureVersion\":\"S\","
		  "\"Timestamp\":\"S\",\"Signature\":\"S\",\"SigningCertURL\":\"S\","
		  "\"SigningCertUrl\":\"S\",\"MessageId\":\"m-1\",\"Message\":\"S\","
		  "\"MessageAttributes\":{\"Test\":{\"Type\":\"S\",\"Value\":\"S\"}},"
		  "\"Type\":\"S\",\"UnsubscribeURL\":\"S\",\"TopicArn\":\"S\",\"Subject\":\"S\"}}]}" },
		{ "id: e-1\n\n",
		  "{\"Records\":[{\"kinesis\":{\"kinesisSchemaVersion\":\"S\",\"partitionKey\":\"S\","
		  "\"sequenceNumber\":\"S\",\"data\":\"S\",\"encryptionType\":\"S\","
		  "\"approximateArrivalTimestamp\":1545084650.987},\"eventSource\":\"aws:kinesis\","
		  "\"eventVersion\":\"S\",\"eventID\":\"e-1\",\"eventName\":\"S\","
		  "\"invokeIdentityArn\":\"S\",\"awsRegion\":\"S\",\"eventSourceARN\":\"S\"}]}" },
		{ "id: e-1\n\n",
		  "{\"Records\":[{\"eventID\":\"e-1\",\"eventVersion\":\"S\",\"dynamodb\":{"
		  "\"Keys\":{\"Id\":{\"N\":\"S\"}},\"NewImage\":{\"Message\":{\"S\":\"S\"},"
		  "\"messageId\":{\"S\":\"S\"}},\"OldImage\":{\"eventID\":\"S\"},"
		  "\"SequenceNumber\":\"S\",\"SizeBytes\":26,\"StreamViewType\":\"S\","
		  "\"ApproximateCreationDateTime\":1},\"awsRegion\":\"S\",\"eventName\":\"S\","
		  "\"eventSourceARN\":\"S\",\"eventSource\":\"aws:dynamodb\","
		  "\"userIdentity\":{\"principalId\":\"S\",\"type\":\"S\"}}]}" },
		{ "id: r-1\n\n",
		  "{\"Records\":[{\"eventVersion\":\"S\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"S\","
		  "\"eventTime\":\"S\",\"eventName\":\"S\",\"userIdentity\":{\"principalId\":\"S\"},"
		  "\"requestParameters\":{\"sourceIPAddress\":\"S\"},\"responseElements\":{"
		  "\"x-amz-request-id\":\"r-1\",\"x-amz-id-2\":\"S\"},\"s3\":{"
		  "\"s3SchemaVersion\":\"S\",\"configurationId\":\"S\",\"bucket\":{\"name\":\"S\","
		  "\"ownerIdentity\":{\"principalId\":\"S\"},\"arn\":\"S\"},\"object\":{\"key\":\"S\","
		  "\"size\":1,\"eTag\":\"S\",\"versionId\":\"S\",\"sequencer\":\"S\"}}}]}" },
		{ "id: e-1\n\n",
		  "{\"version\":\"S\",\"id\":\"e-1\",\"detail-type\":\"S\",\"source\":\"S\","
		  "\"account\":\"S\",\"time\":\"S\",\"region\":\"S\",\"resources\":[\"S\"],"
		  "\"detail\":{\"id\":\"S\",\"requestId\":\"S\",\"headers\":{\"x-request-id\":\"S\"}}}" },
		{ "id: r-1\nx-request-id: q\n\n",
		  "{\"version\":\"S\",\"routeKey\":\"S\",\"rawPath\":\"S\",\"rawQueryString\":\"S\","
		  "\"cookies\":[\"S\"],\"headers\":{\"authorization\":\"S\",\"cookie\":\"S\","
		  "\"host\":\"S\",\"user-agent\":\"S\",\"x-api-key\":\"S\",\"x-forwarded-for\":\"S\","
		  "\"x-request-id\":\"q\"},\"queryStringParameters\":{\"id\":\"S\"},"
		  "\"requestContext\":{\"accountId\":\"S\",\"apiId\":\"S\",\"authentication\":{"
		  "\"clientCert\":{\"serialNumber\":\"S\"}},\"authorizer\":{\"jwt\":{\"claims\":"
		  "{\"requestId\":\"S\"}}},\"domainName\":\"S\",\"http\":{\"method\":\"S\","
		  "\"path\":\"S\",\"sourceIp\":\"S\"},\"requestId\":\"r-1\",\"routeKey\":\"S\","
		  "\"stage\":\"S\",\"time\":\"S\",\"timeEpoch\":1},\"body\":\"S\","
		  "\"pathParameters\":{\"traceparent\":\"S\"},\"isBase64Encoded\":false,"
		  "\"stageVariables\":{\"x-request-id\":\"S\"}}" },
		{ "id: r-1\n\n",
		  "{\"resource\":\"S\",\"path\":\"S\",\"httpMethod\":\"S\",\"headers\":{"
		  "\"Authorization\":\"S\",\"X-Amz-Security-Token\":\"S\"},\"multiValueHeaders\":{"
		  "\"Authorization\":[\"S\"],\"Cookie\":[\"S\",\"S\"]},"
		  "\"multiValueQueryStringParameters\":{\"traceparent\":[\"S\"]},"
		  "\"requestContext\":{\"extendedRequestId\":\"S\",\"requestId\":\"r-1\","
		  "\"identity\":{\"accessKey\":\"S\",\"caller\":\"S\",\"sourceIp\":\"S\","
		  "\"cognitoIdentityId\":\"S\",\"requestId\":\"S\"},\"connectionId\":\"S\"},"
		  "\"body\":\"S\"}" },
		{ "x-amzn-trace-id: Root=1\n\n",
		  "{\"requestContext\":{\"elb\":{\"targetGroupArn\":\"S\"}},\"httpMethod\":\"S\","
		  "\"path\":\"S\",\"queryStringParameters\":{\"query\":\"S\"},\"headers\":{"
		  "\"accept\":\"S\",\"cookie\":\"S\",\"x-amzn-trace-id\":\"Root=1\","
		  "\"x-forwarded-proto\":\"S\"},\"body\":\"S\",\"isBase64Encoded\":false}" },
	};

	return cr_make_param_array(struct whole, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct whole *row, lambda_scan, of_whole_events_nothing_else_is_kept)
{
	cr_assert(eq(str, (char *)scan(row->json), row->lines));
	cr_assert(told.followed && !told.cut);
}

struct long_id {
	char before[112];
	char after[64];
};

/* What is too long for an id may be anything. */
ParameterizedTestParameters(lambda_scan, an_id_that_is_too_long_is_left_out_and_said)
{
	static struct long_id rows[] = {
		{ "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"", "\"}]}" },
		{ "{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"eventID\":\"", "\"}]}" },
		{ "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"MessageId\":\"",
		  "\"}}]}" },
		{ "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"attributes\":{"
		  "\"ApproximateReceiveCount\":\"",
		  "\"}}]}" },
		{ "{\"requestContext\":{\"requestId\":\"", "\"}}" },
	};

	return cr_make_param_array(struct long_id, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct long_id *row, lambda_scan, an_id_that_is_too_long_is_left_out_and_said)
{
	char id[CS_LAMBDA_SCAN_ID + 2], text[512];

	for (size_t len = CS_LAMBDA_SCAN_ID; len <= CS_LAMBDA_SCAN_ID + 1; len++) {
		bool fits = len <= CS_LAMBDA_SCAN_ID;

		memset(id, '7', len);
		id[len] = '\0';
		snprintf(text, sizeof(text), "%s%s%s", row->before, id, row->after);
		scan(text);
		cr_assert(eq(int, strstr(told.text, "7") != NULL, fits), "%zu: %s", len, told.text);
		cr_assert(eq(int, told.cut, !fits), "%zu", len);
	}
}

struct text {
	char json[160];
};

ParameterizedTestParameters(lambda_scan, of_events_that_no_service_made_nothing_is_kept)
{
	static struct text rows[] = {
		{ "{\"id\":\"S\",\"messageId\":\"S\"}" },
		{ "{\"headers\":{\"x-request-id\":\"S\"}}" },
		{ "{\"id\":\"S\\u00e9\",\"detail-type\":\"S\"}" },
		{ "{\"Records\":[{\"messageId\":\"S\"},{\"messageId\":\"S\",\"eventSource\":\"S\"}]}" },
		{ "{\"Records\":{\"messageId\":\"S\",\"eventSource\":\"aws:sqs\"}}" },
		{ "[{\"requestContext\":{\"requestId\":\"S\"}}]" },
		{ "{\"requestContext\":[{\"requestId\":\"S\"}],\"id\":\"S\"}" },
		{ "{\"detail\":{\"requestContext\":{\"requestId\":\"S\"}}}" },
		{ "{\"requestContext\":{\"requestId\":{\"id\":\"S\"}}}" },
		{ "\"S\"" },
		{ "null" },
	};

	return cr_make_param_array(struct text, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct text *row, lambda_scan, of_events_that_no_service_made_nothing_is_kept)
{
	scan(row->json);
	cr_assert(not(told.known), "%s", row->json);
	cr_assert(told.followed, "%s", row->json);
}

ParameterizedTestParameters(lambda_scan, what_is_no_json_is_followed_no_further)
{
	static struct text rows[] = {
		{ "{" },         { "}" },           { "[1,]" },          { "{\"a\":1,}" },
		{ "{\"a\" 1}" }, { "{'a':1}" },     { "[01]" },          { "[1.]" },
		{ "[.5]" },      { "[-]" },         { "[1e]" },          { "[1e+]" },
		{ "[+1]" },      { "[NaN]" },       { "[tru]" },         { "[nulll]" },
		{ "[\"a]" },     { "[\"\\x\"]" },   { "[\"\\u12g4\"]" }, { "[\"a\nb\"]" },
		{ "[1}" },       { "{\"a\":1]" },   { "[1 2]" },         { "[] []" },
		{ "{a:1}" },     { "{\"a\":1 2}" }, { "[,1]" },          { "{,}" },
		{ "[--1]" },     { "[1.5.5]" },     { "[0x1]" },         { "[1]]" },
	};

	return cr_make_param_array(struct text, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct text *row, lambda_scan, what_is_no_json_is_followed_no_further)
{
	event_look_up((const unsigned char *)row->json, strlen(row->json), &looked_up);
	cr_assert(not(looked_up.followed), "%s", row->json);
	scan(row->json);
	cr_assert(not(told.followed), "%s", row->json);
}

ParameterizedTestParameters(lambda_scan, of_an_event_that_breaks_off_nothing_is_kept)
{
	static struct text rows[] = {
		{ "{\"requestContext\":{\"requestId\":\"S\"}" },
		{ "{\"requestContext\":{\"requestId\":\"S\"},\"body\":\"" },
		{ "{\"id\":\"S\",\"detail-type\":\"S\"," },
	};

	return cr_make_param_array(struct text, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct text *row, lambda_scan, of_an_event_that_breaks_off_nothing_is_kept)
{
	scan(row->json);
	cr_assert(not(told.known), "%s", row->json);
}

Test(lambda_scan, messages_of_another_source_are_none_of_the_batch)
{
	static const char json[] = "{\"Records\":[{\"messageId\":\"S\"},"
				   "{\"messageId\":\"m-1\",\"eventSource\":\"aws:sqs\"},"
				   "{\"messageId\":\"S\",\"eventSource\":\"aws:sns\"},"
				   "{\"messageId\":\"S\",\"eventSource\":\"S\"},"
				   "{\"messageId\":\"m-2\",\"eventSource\":\"aws:sqs\"}]}";

	cr_assert(eq(str, (char *)scan(json), (char *)"id: m-1\n\nid: m-2\n\n"));
	cr_assert(eq(u32, told.service, CS_EVENT_SQS));
	cr_assert(eq(u32, told.messages, 2));
}

/* 300 small messages: some are told at once, the last 172 only counted. */
Test(lambda_scan, of_a_large_batch_all_are_counted_and_the_first_kept)
{
	static char json[32768];
	size_t len = (size_t)snprintf(json, sizeof(json), "{\"Records\":[");
	unsigned lines = 0;

	for (unsigned i = 0; i < 300; i++)
		len += (size_t)snprintf(json + len, sizeof(json) - len,
					"%s{\"messageId\":\"m-%u\",\"eventSource\":\"aws:sqs\"}",
					i ? "," : "", i);
	snprintf(json + len, sizeof(json) - len, "]}");
	scan(json);
	for (size_t i = 0; i < told.len; i++)
		lines += told.text[i] == '\n';
	cr_assert(eq(u32, told.messages, 300));
	cr_assert(eq(u32, lines, 2 * CS_LAMBDA_SCAN_MESSAGES));
	cr_assert(not(told.cut));
	event_look_up((const unsigned char *)json, strlen(json), &looked_up);
	cr_assert(eq(sz, looked_up.len, told.len));
	cr_assert(eq(int, memcmp(looked_up.text, told.text, told.len), 0));
}

Test(lambda_scan, no_more_than_its_limit_is_looked_at)
{
	static char json[CS_KEPT_BYTES + 256];
	size_t len = (size_t)snprintf(
		json, sizeof(json),
		"{\"Records\":[{\"messageId\":\"m-1\",\"eventSource\":\"aws:sqs\"},"
		"{\"messageId\":\"m-2\",\"body\":\"");

	memset(json + len, 'x', CS_KEPT_BYTES - len);
	snprintf(json + CS_KEPT_BYTES, 256, "\",\"eventSource\":\"aws:sqs\"}]}");
	cr_assert(eq(str, (char *)scan(json), (char *)"id: m-1\n\n"));
	cr_assert(eq(u32, told.messages, 1));
	cr_assert(told.cut);
}

Test(lambda_scan, what_is_too_deep_to_be_followed_is_said)
{
	static char json[128 + CS_JSON_DEPTH];
	size_t len = (size_t)snprintf(
		json, sizeof(json),
		"{\"Records\":[{\"messageId\":\"m-1\",\"eventSource\":\"aws:sqs\"},"
		"{\"messageId\":\"m-2\",\"body\":");

	memset(json + len, '[', CS_JSON_DEPTH);
	cr_assert(eq(str, (char *)scan(json), (char *)"id: m-1\n\n"));
	cr_assert(told.cut);
}

/* In any pieces, with bytes that went by unseen in between. */
Test(lambda_scan, what_went_by_unseen_ends_the_look)
{
	static const char json[] =
		"{\"Records\":[{\"messageId\":\"m-1\",\"eventSource\":\"aws:sqs\"},";
	struct cs_lambda_scan scan;

	cs_lambda_scan_begin(&scan, CS_SCAN_LAMBDA, "r-1", 3);
	cr_assert(
		eq(sz, cs_lambda_scan_feed(&scan, (const void *)json, strlen(json)), strlen(json)));
	cr_assert(eq(sz, cs_lambda_scan_feed(&scan, NULL, 10), 10));
	cr_assert(eq(sz, cs_lambda_scan_feed(&scan, (const void *)"}}}}", 4), 4));
	cr_assert(cs_lambda_scan_end(&scan));
	cr_assert(scan.lines.cut);
	cr_assert(eq(int, memcmp(scan.text, "r-1id: m-1\n\n", scan.done), 0));
}

/* --- against jansson --- */

static uint64_t seed = 4711;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

static char json[65536];
static size_t json_len;

static void put(const char *text)
{
	size_t len = strlen(text);

	if (json_len + len < sizeof(json)) {
		memcpy(json + json_len, text, len);
		json_len += len;
	}
}

/* What leads somewhere within the event that is being made. */
static const char *const *likely;

/* Words of events, and others; some are escaped. */
static void put_string(void)
{
	static const char *const words[] = {
		"Records",
		"requestContext",
		"headers",
		"id",
		"detail-type",
		"requestId",
		"eventSource",
		"EventSource",
		"messageId",
		"eventID",
		"attributes",
		"messageAttributes",
		"Sns",
		"MessageId",
		"MessageAttributes",
		"stringValue",
		"Value",
		"ApproximateReceiveCount",
		"AWSTraceHeader",
		"traceparent",
		"X-Request-Id",
		"x-correlation-id",
		"aws:sqs",
		"aws:sns",
		"aws:kinesis",
		"3",
		PARENT,
		"Scheduled Event",
		"a\\u0041\\n",
		"\\ud83d\\ude00",
		"\\\"\\\\\\/",
		"",
		"multiValueHeaders",
		"responseElements",
		"x-amz-request-id",
		"a longer text than any name of ours is ever going to be",
	};

	put("\"");
	put(likely && pick(3) ? likely[pick(4)] : words[pick(sizeof(words) / sizeof(words[0]))]);
	put("\"");
}

static void put_value(unsigned depth)
{
	static const char *const scalars[] = { "0",     "-1.5e+3", "12",  "true",
					       "false", "null",    "1E2", "0.25" };
	unsigned what = pick(depth < 7 ? 10 : 4), n = pick(5);

	put(pick(8) ? "" : " \n");
	if (what < 3) {
		put_string();
	} else if (what == 3) {
		put(scalars[pick(8)]);
	} else if (what < 8) {
		put("{");
		for (unsigned i = 0; i < n; i++) {
			put(i ? "," : "");
			put_string();
			put(":");
			put_value(depth + 1);
		}
		put("}");
	} else {
		put("[");
		for (unsigned i = 0; i < n; i++) {
			put(i ? "," : "");
			put_value(depth + 1);
		}
		put("]");
	}
}

/* A batch, or one event, mostly. */
static void put_event(void)
{
	static const struct {
		const char *head, *tail;
		const char *likely[4];
	} shapes[] = {
		{ "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"attributes\":{\"SenderId\":0,",
		  "}}]}",
		  { "ApproximateReceiveCount", "AWSTraceHeader", "3", "Root=1" } },
		{ "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"MessageAttributes\":{",
		  "}}}]}",
		  { "traceparent", "Value", "X-Request-Id", "b3" } },
		{ "{\"requestContext\":{},\"headers\":{",
		  "}}",
		  { "traceparent", "X-Request-Id", "b3", "x-correlation-id" } },
		{ "{\"requestContext\":{", "}}", { "requestId", "id", "http", "3" } },
		{ "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageAttributes\":{",
		  "}}]}",
		  { "traceparent", "stringValue", "x-request-id", "b3" } },
	};
	unsigned which = pick(6);

	json_len = 0;
	likely = NULL;
	if (which == 5) {
		put_value(0);
		return;
	}
	likely = shapes[which].likely;
	put(shapes[which].head);
	put_string();
	put(":");
	put_value(3);
	put(shapes[which].tail);
}

Test(lambda_scan, says_what_a_json_library_finds)
{
	unsigned followed = 0, known = 0;

	for (unsigned i = 0; i < 40000; i++) {
		put_event();
		event_scan(CS_SCAN_LAMBDA, (const unsigned char *)json, json_len, 1 + pick(64),
			   &told);
		event_look_up((const unsigned char *)json, json_len, &looked_up);
		cr_assert(told.followed, "%.*s", (int)json_len, json);
		if (!looked_up.followed)
			continue; /* a key comes twice */
		followed++;
		known += told.known && told.len;
		cr_assert(eq(int, told.known, looked_up.known), "%.*s", (int)json_len, json);
		cr_assert(eq(u32, told.service, looked_up.service), "%.*s", (int)json_len, json);
		cr_assert(eq(u32, told.messages, looked_up.messages), "%.*s", (int)json_len, json);
		cr_assert(told.len == looked_up.len && !memcmp(told.text, looked_up.text, told.len),
			  "%.*s", (int)json_len, json);
	}
	cr_assert(followed > 20000 && known > 2000, "%u %u", followed, known);
}
