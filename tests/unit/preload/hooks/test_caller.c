/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/conn, for connections that the process made itself: it asks, others answer. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "preload/http/conn.h"

#define GENERATION 7u
#define NEXT       "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
#define EVENT                                                                                      \
	"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\nContent-Length: 2\r\n"           \
	"X-Other: o\r\nLambda-Runtime-Deadline-Ms:  17 \r\n\r\n"
#define POST                                                                                       \
	"POST /r-1/response HTTP/1.1\r\nLambda-Runtime-Function-Error-Type: A.B\r\n"               \
	"Content-Length: 5\r\n\r\n"
#define TAKEN "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

static unsigned char conn_items[sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[4 * sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static struct cs_pool conns, texts;
static _Atomic uint32_t forks;
static char told[2048];
static size_t told_len;
static struct cs_conn *conn;

static void emit(struct cs_conn *of, const struct cs_conn_event *event);

static const struct cs_conn_env env = {
	.conns = &conns, .texts = &texts, .emit = emit, .forks = &forks, .caller = true
};

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(told + told_len, sizeof(told) - told_len, format, args);
	va_end(args);
	told_len += (size_t)n;
}

static void say_text(const struct cs_http_text *text)
{
	say(" [%.*s]", text ? (int)cs_http_text_used(text) : 4, text ? text->bytes : "none");
}

static void emit(struct cs_conn *of, const struct cs_conn_event *event)
{
	const struct cs_http_text *asked;

	switch (event->type) {
	case CS_CONN_REQUEST:
		say("request %u @%lu", event->sequence, event->time_ns);
		say_text(event->text);
		break;
	case CS_CONN_REQUEST_END:
		say("whole %u %lu bytes from %lu%s", event->sequence, event->request_bytes,
		    event->time_ns, event->failed ? ", failed" : "");
		say_text(event->text);
		break;
	case CS_CONN_RESPONSE:
		say("response %u %u @%lu", event->sequence, event->status, event->time_ns);
		say_text(event->text);
		asked = cs_conn_asked(&env, of);
		if (asked)
			say(" to %.*s", asked->target_len, asked->bytes + asked->method_len);
		break;
	case CS_CONN_RESPONSE_END:
		say("end %u", event->sequence);
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		say("unfollowed");
		break;
	case CS_CONN_ASIDE:
	case CS_CONN_ASIDE_OVER:
		say("aside");
		break;
	}
	say("\n");
}

static void setup(void)
{
	cs_pool_init(&conns, conn_items, 1, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 4, sizeof(struct cs_conn_text));
	conn = cs_pool_item(&conns, cs_conn_open(&env, GENERATION, 5, 0));
}

static void writes(const char *bytes, uint64_t at)
{
	struct iovec iov = { .iov_base = (char *)bytes, .iov_len = strlen(bytes) };

	cs_conn_received(&env, conn, GENERATION, &iov, iov.iov_len, at);
}

static void reads(const char *bytes, uint64_t at)
{
	struct iovec iov = { .iov_base = (char *)bytes, .iov_len = strlen(bytes) };

	cs_conn_sent(&env, conn, GENERATION, &iov, iov.iov_len, at, at);
}

/* All that was told since the last call. */
#define TOLD(expected)                                                                             \
	do {                                                                                       \
		cr_assert(eq(str, told, (char *)(expected)));                                      \
		told_len = 0;                                                                      \
		told[0] = '\0';                                                                    \
	} while (0)

/* All texts are given back with the connection. */
static void close_all(void)
{
	cs_conn_unref(&env, conn, GENERATION, true, 99);
	for (unsigned i = 0; i < 4; i++)
		cr_assert(ne(u32, cs_pool_take(&texts), CS_POOL_NONE));
	cr_assert(ne(u32, cs_pool_take(&conns), CS_POOL_NONE));
}

TestSuite(caller, .init = setup);

Test(caller, the_head_of_a_response_is_kept_as_far_as_it_is_listed)
{
	writes(NEXT, 10);
	TOLD("request 0 @10 [GET/next]\nwhole 0 31 bytes from 10 [GET/next]\n");
	reads(EVENT, 20);
	TOLD("response 0 200 @20 [lambda-runtime-aws-request-id: r-1\n"
	     "lambda-runtime-deadline-ms: 17\n] to /next\n");
	reads("{}", 21);
	TOLD("end 0\n");
	close_all();
}

Test(caller, any_split_of_the_bytes_says_the_same)
{
	char all[2048];

	for (size_t cut = 1; cut < strlen(EVENT "{}"); cut++) {
		setup();
		told_len = 0;
		writes(NEXT, 10);
		snprintf(all, sizeof(all), "%.*s", (int)cut, EVENT "{}");
		reads(all, 20);
		reads(&(EVENT "{}")[cut], 20);
		TOLD("request 0 @10 [GET/next]\nwhole 0 31 bytes from 10 [GET/next]\n"
		     "response 0 200 @20 [lambda-runtime-aws-request-id: r-1\n"
		     "lambda-runtime-deadline-ms: 17\n] to /next\nend 0\n");
		close_all();
	}
}

Test(caller, a_request_is_whole_with_the_last_byte_of_its_body)
{
	writes(POST, 10);
	TOLD("request 0 @10 [POST/r-1/responselambda-runtime-function-error-type: A.B\n]\n");
	writes("1234", 11);
	TOLD("");
	writes("5", 12);
	TOLD("whole 0 96 bytes from 10"
	     " [POST/r-1/responselambda-runtime-function-error-type: A.B\n]\n");
	reads(TAKEN, 20);
	TOLD("response 0 202 @20 [] to /r-1/response\nend 0\n");
	close_all();
}

#define STREAM "POST /r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"

struct stream_row {
	bool failed;
	char kept[16]; /* of the type */
	char trailers[128];
};

ParameterizedTestParameters(caller, a_stream_may_say_at_its_end_that_it_failed)
{
	static struct stream_row rows[] = {
		{ true, "A.B", "Lambda-Runtime-Function-Error-Type: A.B\r\n" },
		{ true, "A.B", "Lambda-Runtime-Function-Error-Type:A.B\r\n" },
		{ true, "A B", "Lambda-Runtime-Function-Error-Type: \t A B\r\n" },
		{ true, "", "Lambda-Runtime-Function-Error-Type: A\tB\r\n" },
		{ true, "", "lambda-runtime-function-ERROR-TYPE:\r\n" },
		{ true, "", "lambda-runtime-function-ERROR-TYPE:  \r\n" },
		{ true, "A.B", "X: y\r\nLambda-Runtime-Function-Error-Type: A.B\r\nY: z\r\n" },
		{ false, "", "" },
		{ false, "", "X-Lambda-Runtime-Function-Error-Type: A.B\r\n" },
		{ false, "", "Lambda-Runtime-Function-Error-Types: A.B\r\n" },
		{ false, "", "Lambda-Runtime-Function-Error-Body: e30=\r\n" },
		{ false, "", "X: Lambda-Runtime-Function-Error-Type: A.B\r\n" },
	};

	return cr_make_param_array(struct stream_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct stream_row *row, caller, a_stream_may_say_at_its_end_that_it_failed)
{
	char line[80];

	setup();
	writes(STREAM, 10);
	writes(row->trailers, 11);
	writes("\r\n", 12);
	cr_assert(eq(int, strstr(told, ", failed") != NULL, row->failed), "%s", told);
	snprintf(line, sizeof(line), "lambda-runtime-function-error-type: %s\n]", row->kept);
	cr_assert(eq(int, strstr(told, line) != NULL, row->kept[0] != 0), "%s", told);
	cr_assert(eq(int, strstr(told, "function-error-type") != NULL, row->kept[0] != 0));
	reads(TAKEN, 20);
	told_len = 0;
	writes(POST "12345", 30);
	cr_assert(eq(ptr, strstr(told, ", failed"), NULL), "%s", told);
}

Test(caller, a_connection_is_used_again_and_again)
{
	for (unsigned i = 0; i < 20; i++) {
		writes(NEXT, 10);
		reads(EVENT "{}", 20);
		writes(POST "12345", 30);
		reads(TAKEN, 40);
		told_len = 0;
	}
	writes(NEXT, 50);
	TOLD("request 40 @50 [GET/next]\nwhole 40 31 bytes from 50 [GET/next]\n");
	close_all();
}

Test(caller, an_interim_response_leaves_nothing_behind)
{
	writes(NEXT, 10);
	told_len = 0;
	reads("HTTP/1.1 100 Continue\r\nLambda-Runtime-Aws-Request-Id: false\r\n\r\n", 15);
	reads(EVENT, 20);
	TOLD("response 0 200 @20 [lambda-runtime-aws-request-id: r-1\n"
	     "lambda-runtime-deadline-ms: 17\n] to /next\n");
	close_all();
}

Test(caller, a_refusal_may_come_before_the_request_is_whole)
{
	writes(POST "12", 10);
	told_len = 0;
	reads("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", 20);
	TOLD("response 0 413 @20 [] to /r-1/response\nend 0\n");
	close_all();
}

Test(caller, a_request_before_the_response_to_the_last_is_not_followed)
{
	writes(NEXT NEXT, 10);
	TOLD("request 0 @10 [GET/next]\nwhole 0 31 bytes from 10 [GET/next]\nunfollowed\n");
	reads(EVENT "{}", 20);
	TOLD("response 0 200 @20 [lambda-runtime-aws-request-id: r-1\n"
	     "lambda-runtime-deadline-ms: 17\n] to /next\nend 0\n");
	writes(NEXT, 30);
	TOLD("");
	close_all();
}

Test(caller, without_room_for_its_head_a_response_is_told_without_it)
{
	writes(NEXT, 10);
	for (unsigned i = 0; i < 3; i++)
		cr_assert(ne(u32, cs_pool_take(&texts), CS_POOL_NONE));
	told_len = 0;
	reads(EVENT, 20);
	TOLD("response 0 200 @20 [none] to /next\n");
}
