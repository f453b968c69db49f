/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/baggage: which members of a request's baggage are kept, by W3C Baggage section 3. */
#include "preload/http/baggage.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "preload/events/lambda_scan.h"
#include "preload/events/stdio_scan.h"
#include "preload/http/http_request.h"
#include "preload/wire/records.h"

static struct cs_baggage_keys keys;

static void name(const char *list)
{
	cs_baggage_name(&keys, list);
}

#define KEYS "SomeKey, key2 ,userId,serverNode,isProduction,k"

/* What is kept of a request with these header lines, which come @step bytes at a time. */
static void keep(const char *lines, size_t step, struct cs_http_text *ret)
{
	static char head[16384];
	struct cs_http_request request = { 0 };
	size_t len = (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n%s\r\n", lines);

	cr_assert(len < sizeof(head));
	for (size_t at = 0; at < len;) {
		size_t part = len - at < step ? len - at : step, used;

		cr_assert(cs_http_request_feed(&request, ret, (unsigned char *)head + at, part,
					       &used) <= CS_HTTP_HEAD);
		at += used;
	}
}

static void expect(const char *lines, const char *kept)
{
	static struct cs_http_text text;
	char *got;

	for (size_t step = 1; step < 9999; step = step * 3 + 1) {
		keep(lines, step, &text);
		got = text.bytes + text.method_len + text.target_len;
		got[text.headers_len] = '\0';
		cr_expect(eq(str, got, (char *)kept), "%s, by %zu", lines, step);
		cr_expect(eq(int, text.flags, 0));
	}
}

struct row {
	char lines[160];
	char kept[96];
};

ParameterizedTestParameters(baggage, lists)
{
	static struct row rows[] = {
		/* the specification's examples (3.3.4, 3.4) */
		{ "baggage: userId=alice,serverNode=DF%2028,isProduction=false\r\n",
		  "baggage.userId: alice\nbaggage.serverNode: DF%2028\nbaggage.isProduction: false\n" },
		{ "baggage: userId=alice\r\nbaggage: serverNode=DF%2028,isProduction=false\r\n",
		  "baggage.userId: alice\nbaggage.serverNode: DF%2028\nbaggage.isProduction: false\n" },
		{ "baggage: userId =   alice\r\nbaggage: serverNode = DF%2028, isProduction = false\r\n",
		  "baggage.userId: alice\nbaggage.serverNode: DF%2028\nbaggage.isProduction: false\n" },
		{ "baggage: key1=value1;property1;property2, key2 = value2, key3=value3; "
		  "propertyKey=propertyValue\r\n",
		  "baggage.key2: value2\n" },
		/* its tests' */
		{ "Baggage: SomeKey=SomeValue\r\n", "baggage.SomeKey: SomeValue\n" },
		{ "BAGGAGE: SomeKey \t = \t SomeValue \t ; \t SomeProp \t , \t key2 \t = \t V \t ; \t a "
		  "\t = \t b\r\n",
		  "baggage.SomeKey: SomeValue\nbaggage.key2: V\n" },
		{ "baggage: SomeKey=SomeValue=equals\r\n", "baggage.SomeKey: SomeValue=equals\n" },
		{ "baggage: k=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29\r\n",
		  "baggage.k: %09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29\n" },
		/* keys are case-sensitive, and whole */
		{ "baggage: somekey=1,SomeKey2=2,omeKey=3,K=4,kk=5\r\n", "" },
		{ "baggage: k=\r\n", "baggage.k: \n" },
		{ "baggage: k= ,key2=1\r\n", "baggage.k: \nbaggage.key2: 1\n" },
		{ "baggage: k=!#'()*+-./:<=>?@[]^_`{|}~\r\n",
		  "baggage.k: !#'()*+-./:<=>?@[]^_`{|}~\n" },
		/* one that is there twice: both, in their order (3.3.1) */
		{ "baggage: k=1,key2=0,k=2\r\n", "baggage.k: 1\nbaggage.key2: 0\nbaggage.k: 2\n" },
		/* malformed ones: they alone */
		{ "baggage: k,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: =k,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k k=1,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: ke y2=1,userId=1\r\n", "baggage.userId: 1\n" },
		{ "baggage: \"k\"=1,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k=a b,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k=a \"b\",key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k=\"a\",key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k=a\\b,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k=a\xc3\xa4,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: k;p=1,key2=1\r\n", "baggage.key2: 1\n" },
		{ "baggage: ,, ,key2=1,,\r\n", "baggage.key2: 1\n" },
		{ "baggage: \r\n", "" },
		/* properties are anything */
		{ "baggage: k=1;p=\"a b\\c\" \xc3\xa4;;,key2=1\r\n",
		  "baggage.k: 1\nbaggage.key2: 1\n" },
		/* a header more between, and names that are not it */
		{ "baggage: k=1\r\nce-id: 7\r\nbaggage: key2=2\r\n",
		  "baggage.k: 1\nce-id: 7\nbaggage.key2: 2\n" },
		{ "x-baggage: k=1\r\nbaggages: k=2\r\nbaggag: k=3\r\n", "" },
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, baggage, lists)
{
	name(KEYS);
	expect(row->lines, row->kept);
}

Test(baggage, nothing_is_kept_unless_it_is_named)
{
	expect("baggage: k=1,key2=2\r\n", "");
	name("");
	name(" , ,");
	expect("baggage: k=1,key2=2\r\n", "");
}

Test(baggage, no_wildcards_and_no_bad_names)
{
	char longest[CS_BAGGAGE_KEY_MAX + 1], line[64], kept[64], list[128] = "";

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	snprintf(list, sizeof(list), "*,a b,\"q\",a=b,%sx,%s", longest, longest);
	name(list);
	cr_expect(eq(u32, keys.count, 2));
	expect("baggage: k=1,a=2,q=3\r\n", "");
	snprintf(line, sizeof(line), "baggage: %s=1\r\n", longest);
	snprintf(kept, sizeof(kept), "baggage.%s: 1\n", longest);
	expect(line, kept);
	snprintf(line, sizeof(line), "baggage: %sx=1\r\n", longest);
	expect(line, "");
}

Test(baggage, as_many_names_as_there_is_room_for)
{
	for (int c = 'a'; c <= 'z'; c++)
		name((char[]){ (char)c, '\0' });
	expect("baggage: a=1,p=2,q=3\r\n", "baggage.a: 1\nbaggage.p: 2\n");
}

/* A list of @before members that nobody wants, then k=1. */
static char *many(unsigned before)
{
	static char lines[2048];
	int len = snprintf(lines, sizeof(lines), "baggage: ");

	for (unsigned i = 0; i < before; i++)
		len += snprintf(lines + len, sizeof(lines) - (size_t)len, "x%u=%u,", i, i);
	snprintf(lines + len, sizeof(lines) - (size_t)len, "k=1\r\n");
	return lines;
}

Test(baggage, sixty_four_members_are_looked_at)
{
	name(KEYS);
	expect(many(63), "baggage.k: 1\n");
	expect(many(64), "");
}

/* A list of @bytes bytes in all, which ends with k=1; in two headers, if @split. */
static char *wide(size_t bytes, bool split)
{
	static char lines[9000];
	size_t fill = bytes - strlen("x=,k=1");
	char *at = lines;

	at += sprintf(at, "baggage: x=");
	memset(at, 'y', fill);
	sprintf(at + fill, split ? "\r\nbaggage: k=1\r\n" : ",k=1\r\n");
	return lines;
}

Test(baggage, eight_kibibytes_are_looked_at)
{
	name(KEYS);
	expect(wide(8192, false), "baggage.k: 1\n");
	expect(wide(8193, false), "");
	expect(wide(8192, true), "baggage.k: 1\n");
	expect(wide(8193, true), "");
}

Test(baggage, what_is_too_long_is_left_out_and_told)
{
	static struct cs_http_text text;
	char line[1024], *end = line;

	name(KEYS);
	end += sprintf(end, "baggage: k=");
	memset(end, 'v', CS_BAGGAGE_VALUE_MAX + 1);
	end += CS_BAGGAGE_VALUE_MAX + 1;
	sprintf(end, ",key2=2\r\n");
	keep(line, 7, &text);
	text.bytes[cs_http_text_used(&text)] = '\0';
	cr_expect(eq(str, text.bytes + 4, (char *)"baggage.key2: 2\n"));
	cr_expect(eq(int, text.flags, CS_REQUEST_HEADERS_CUT));
	memmove(end - 1, end, strlen(end) + 1);
	keep(line, 7, &text);
	cr_expect(eq(int, text.flags, 0));
	cr_expect(eq(sz, text.headers_len,
		     sizeof("baggage.k: \nbaggage.key2: 2\n") - 1 + CS_BAGGAGE_VALUE_MAX));
}

/* What an event's body keeps, without the empty line behind a message. */
static void expect_event(const char *event, const char *kept, bool cut)
{
	for (size_t step = 1; step < 999; step = step * 3 + 1) {
		struct cs_lambda_scan scan;
		size_t len = strlen(event);

		cs_lambda_scan_begin(&scan, CS_SCAN_LAMBDA, "", 0);
		for (size_t at = 0; at < len; at += step)
			cs_lambda_scan_feed(&scan, (const unsigned char *)event + at,
					    len - at < step ? len - at : step);
		cs_lambda_scan_end(&scan);
		scan.text[scan.done] = '\0';
		cr_expect(eq(str, scan.text, (char *)kept), "%s, by %zu", event, step);
		cr_expect(eq(int, scan.lines.cut, cut), "%s", event);
	}
}

Test(baggage, headers_of_an_event_from_a_gateway)
{
	name(KEYS);
	expect_event(
		"{\"requestContext\":{\"requestId\":\"r\"},\"headers\":{\"Baggage\":"
		"\"userId=al\\u0069ce, k=\\\"2\\\",key2=v;p\",\"ce-id\":\"7\",\"host\":\"h\"}}",
		"id: r\nbaggage.userId: alice\nbaggage.key2: v\nce-id: 7\n\n", false);
	expect_event(
		"{\"requestContext\":{},\"multiValueHeaders\":{\"baggage\":[\"k=1\",\"key2=2\"]}}",
		"baggage.k: 1\nbaggage.key2: 2\n\n", false);
	expect_event("{\"headers\":{\"baggage\":\"k=1\"}}", "", false);
	expect_event("{\"requestContext\":{},\"headers\":{\"baggage\":{\"k\":\"k=1\"}}}", "",
		     false);
}

/* A message of a batch is not the invocation. */
Test(baggage, attributes_of_messages_are_left_alone)
{
	name(KEYS);
	expect_event("{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\","
		     "\"messageAttributes\":{\"baggage\":{\"stringValue\":\"k=1\"}}}]}",
		     "id: m\n\n", false);
}

static void expect_line(const char *line, const char *kept)
{
	for (size_t step = 1; step < 999; step = step * 3 + 1) {
		struct cs_stdio_scan scan;
		size_t len = strlen(line);

		cs_stdio_scan_begin(&scan, false);
		for (size_t at = 0; at < len; at += step)
			cs_stdio_scan_feed(&scan, (const unsigned char *)line + at,
					   len - at < step ? len - at : step);
		cs_stdio_scan_end(&scan);
		scan.text[scan.lines.used] = '\0';
		cr_expect(eq(str, scan.text, (char *)kept), "%s, by %zu", line, step);
	}
}

Test(baggage, headers_of_a_web_action)
{
	name(KEYS);
	expect_line("{\"value\":{\"__ow_headers\":{\"baggage\":\"k=1, userId=a;p, x=3\","
		    "\"x-call-id\":\"c\"}},\"activation_id\":\"a\"}",
		    "baggage.k: 1\nbaggage.userId: a\nx-call-id: c\nactivation_id: a\n");
	expect_line("{\"baggage\":\"k=1\",\"value\":{\"baggage\":\"k=2\"}}", "");
	expect_line("{\"value\":{\"__ow_headers\":{\"baggage\":[\"k=1\"],\"ce-id\":\"7\"}}}",
		    "ce-id: 7\n");
}

/* What breaks off in the middle of a member. */
Test(baggage, half_a_member_is_none)
{
	name(KEYS);
	expect_line("{\"value\":{\"__ow_headers\":{\"baggage\":\"key2=2,k=1", "baggage.key2: 2\n");
	expect_line("{\"value\":{\"__ow_headers\":{\"baggage\":\"key2=2,k=1;p",
		    "baggage.key2: 2\n");
}

/* So does an event that is longer than what is looked at. */
Test(baggage, half_a_member_of_an_event_is_none)
{
	static const char head[] = "{\"pad\":\"";
	static const char tail[] = "\",\"requestContext\":{\"requestId\":\"r\"},\"headers\":"
				   "{\"baggage\":\"key2=2,k=1;p";
	static char event[CS_KEPT_BYTES + 1];
	static struct cs_lambda_scan scan;

	name(KEYS);
	memset(event, 'p', sizeof(event));
	memcpy(event, head, sizeof(head) - 1);
	memcpy(event + CS_KEPT_BYTES - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	cs_lambda_scan_begin(&scan, CS_SCAN_LAMBDA, "", 0);
	cs_lambda_scan_feed(&scan, (unsigned char *)event, sizeof(event));
	cs_lambda_scan_end(&scan);
	scan.text[scan.done] = '\0';
	cr_expect(eq(str, scan.text, (char *)"id: r\nbaggage.key2: 2\n\n"));
}
