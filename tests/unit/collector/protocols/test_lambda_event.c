/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/lambda_event: what header lines of the Lambda Runtime API say. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/protocols/lambda_event.h"

#define ID  "lambda-runtime-aws-request-id: r-1\n"
#define ARN "arn:aws:lambda:eu-central-1:123456789012:function:f"

static struct cs_lambda_event *event_of(const char *text)
{
	struct cs_rec_invocation rec = { .text_len = (uint16_t)strlen(text),
					 .id_offset = 31,
					 .id_len = 3 };

	return cs_lambda_event_new(&rec, text, strlen(text));
}

Test(lambda_event, says_all_that_the_service_said)
{
	struct cs_lambda_event *event =
		event_of(ID "lambda-runtime-deadline-ms: 1700000000123\n"
			    "lambda-runtime-invoked-function-arn: " ARN ":live\n"
			    "lambda-runtime-aws-tenant-id: blue\n");

	cr_assert(eq(str, event->id, (char *)"r-1"));
	cr_assert(eq(u64, event->deadline_unix_ms, 1700000000123));
	cr_assert(eq(str, event->arn, (char *)ARN ":live"));
	cr_assert(eq(str, event->tenant, (char *)"blue"));
	cr_assert(not(event->xray));
	cs_lambda_event_free(event);
}

Test(lambda_event, of_two_headers_that_should_be_one_there_is_none)
{
	struct cs_lambda_event *event = event_of(ID "lambda-runtime-aws-tenant-id: blue\n"
						    "lambda-runtime-aws-tenant-id: red\n");

	cr_assert(eq(ptr, event->tenant, NULL));
	cs_lambda_event_free(event);
}

Test(lambda_event, lengths_are_not_believed)
{
	struct cs_rec_invocation rec = { .text_len = 10, .id_offset = 8, .id_len = 2 };

	cr_assert(eq(ptr, cs_lambda_event_new(&rec, "0123456789", 9), NULL));
	rec.id_len = 3;
	cr_assert(eq(ptr, cs_lambda_event_new(&rec, "0123456789", 10), NULL));
	rec.id_len = 0;
	cr_assert(eq(ptr, cs_lambda_event_new(&rec, "0123456789", 10), NULL));
}

struct xray_row {
	bool good;
	uint8_t flags;
	char header[128];
};

ParameterizedTestParameters(lambda_event, tracing_header)
{
#define ROOT   "Root=1-5759e988-bd862e3fe1be46a994272793"
#define PARENT "Parent=53995c3f42cd8ad8"
	static struct xray_row rows[] = {
		{ true, 1, ROOT ";" PARENT ";Sampled=1" },
		{ true, 0, ROOT ";" PARENT ";Sampled=0" },
		{ true, 1, ROOT ";" PARENT }, /* the decision is ours */
		{ true, 1, PARENT ";Sampled=1;" ROOT ";Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2" },
		{ false, 0, ROOT },
		{ false, 0, ROOT ";Sampled=1" },
		{ false, 0, PARENT ";Sampled=1" },
		{ false, 0, "Root=1-5759e988-bd862e3fe1be46a99427279;" PARENT },
		{ false, 0, "Root=1-5759e98-bd862e3fe1be46a994272793a;" PARENT },
		{ false, 0, "Root=2-5759e988-bd862e3fe1be46a994272793;" PARENT },
		{ false, 0, "Root=1-5759e988-bd862e3fe1be46a99427279g;" PARENT },
		{ false, 0, ROOT ";Parent=53995c3f42cd8ad" },
		{ false, 0, ROOT ";Parent=" },
		{ false, 0, "Root=1-" },
	};

	return cr_make_param_array(struct xray_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct xray_row *row, lambda_event, tracing_header)
{
	static const struct cs_trace_id trace = { { 0x57, 0x59, 0xe9, 0x88, 0xbd, 0x86, 0x2e, 0x3f,
						    0xe1, 0xbe, 0x46, 0xa9, 0x94, 0x27, 0x27,
						    0x93 } };
	static const struct cs_span_id span = { { 0x53, 0x99, 0x5c, 0x3f, 0x42, 0xcd, 0x8a,
						  0xd8 } };
	struct cs_lambda_event *event;
	char text[256];

	snprintf(text, sizeof(text), ID "lambda-runtime-trace-id: %s\n", row->header);
	event = event_of(text);
	cr_assert(eq(int, event->xray, row->good), "%s", row->header);
	if (row->good) {
		cr_assert(eq(u8, event->xray_context.flags, row->flags));
		cr_assert(eq(int, memcmp(event->xray_context.trace_id, &trace, sizeof(trace)), 0));
		cr_assert(eq(int, memcmp(event->xray_context.parent_id, &span, sizeof(span)), 0));
	}
	cs_lambda_event_free(event);
}

struct arn_row {
	char arn[96];
	char version[8];
	char resource[96];
};

ParameterizedTestParameters(lambda_event, resource_of_an_arn)
{
	static struct arn_row rows[] = {
		{ ARN, "$LATEST", ARN },
		{ ARN ":live", "7", ARN ":7" },
		{ ARN ":7", "7", ARN ":7" },
		{ ARN ":live", "", ARN },
		{ "arn:aws:s3:::bucket", "7", "" },
		{ "function:f", "7", "" },
		{ "arn:aws:lambda:eu-central-1:1:layer:f", "7", "" },
	};

	return cr_make_param_array(struct arn_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct arn_row *row, lambda_event, resource_of_an_arn)
{
	char buf[96];
	const char *found =
		cs_lambda_resource(row->arn, *row->version ? row->version : NULL, buf, sizeof(buf));

	cr_assert(eq(str, (char *)(found ? found : ""), row->resource));
}

Test(lambda_event, an_account_is_part_of_an_arn)
{
	char buf[16];

	cr_assert(
		eq(str, (char *)cs_lambda_account(ARN, buf, sizeof(buf)), (char *)"123456789012"));
	cr_assert(eq(ptr, (void *)cs_lambda_account(ARN, buf, 12), NULL));
	cr_assert(eq(ptr,
		     (void *)cs_lambda_account("arn:aws:lambda:r::function:f", buf, sizeof(buf)),
		     NULL));
	cr_assert(eq(ptr, (void *)cs_lambda_account(NULL, buf, sizeof(buf)), NULL));
}
