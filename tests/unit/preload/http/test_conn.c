/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/conn: what is told of a connection, one line an event. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/http/conn.h"
#include "preload/wire/records.h"

#define GENERATION 7u
#define FD         5
#define GET_A      "GET /a HTTP/1.1\r\n\r\n"                        /* 19 bytes */
#define HEAD_A     "HEAD /a HTTP/1.1\r\n\r\n"                       /* 20 bytes */
#define PUT_3      "PUT /p HTTP/1.1\r\nContent-Length: 3\r\n\r\n"   /* 38 bytes */
#define OK_2       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" /* 40 bytes */
#define OK_CLOSE   "HTTP/1.0 200 OK\r\n\r\n"                        /* 19 bytes */

static unsigned char conn_items[4 * sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[2 * sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static struct cs_pool conns, texts;
static _Atomic uint32_t forks;
static char told[2048];
static size_t told_len;
static struct cs_conn *conn;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(told + told_len, sizeof(told) - told_len, format, args);
	va_end(args);
	told_len += (size_t)n;
}

static bool asides_said;
static bool env_wants; /* the callback wants the bodies of requests */

static void emit(struct cs_conn *of, const struct cs_conn_event *event)
{
	if (event->probe)
		say("probe: ");
	if (event->load)
		say("load: ");
	switch (event->type) {
	case CS_CONN_REQUEST:
		say("request %u %.*s %.*s @%lu\n", event->sequence, event->text->method_len,
		    event->text->bytes, event->text->target_len,
		    event->text->bytes + event->text->method_len, event->time_ns);
		of->wants_body = env_wants;
		break;
	case CS_CONN_REQUEST_END:
		if (env_wants)
			say("body whole\n");
		else
			say("asked %u in %lu @%lu\n", event->sequence, event->request_bytes,
			    event->time_ns);
		break;
	case CS_CONN_RESPONSE:
		say("response %u %u @%lu\n", event->sequence, event->status, event->time_ns);
		break;
	case CS_CONN_RESPONSE_END:
		say("end %u %u in %lu out %lu @%lu%s%s%s\n", event->sequence, event->status,
		    event->request_bytes, event->response_bytes, event->time_ns,
		    event->flags & CS_RESPONSE_CLOSED ? " closed" : "",
		    event->flags & CS_RESPONSE_ABORTED ? " aborted" : "",
		    event->flags & CS_RESPONSE_UNFOLLOWED ? " unfollowed" : "");
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		say("unfollowed\n");
		break;
	case CS_CONN_ASIDE:
		if (asides_said)
			say("aside @%lu\n", event->time_ns);
		break;
	case CS_CONN_ASIDE_OVER:
		if (asides_said)
			say("aside over @%lu\n", event->time_ns);
		break;
	}
}

static void content(struct cs_conn *of, const unsigned char *data, size_t len)
{
	if (data)
		say("content %.*s\n", (int)len, data);
	else
		say("content of %d\n", (int)len);
}

static bool env_loads; /* the process is brought its code */
static uint64_t clock_ns;
static unsigned clock_looks;

static uint64_t clock_now(void)
{
	clock_looks++;
	return ++clock_ns;
}

static const struct cs_conn_env env = { .conns = &conns,
					.texts = &texts,
					.emit = emit,
					.content = content,
					.now = clock_now,
					.forks = &forks,
					.loads = &env_loads };

static void setup(void)
{
	cs_pool_init(&conns, conn_items, 4, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 2, sizeof(struct cs_conn_text));
	conn = cs_pool_item(&conns, cs_conn_open(&env, GENERATION, FD, 3));
}

static void received_by(struct cs_conn *of, uint32_t generation, const char *bytes, uint64_t at)
{
	struct iovec iov = { .iov_base = (char *)bytes, .iov_len = strlen(bytes) };

	cs_conn_received(&env, of, generation, &iov, iov.iov_len, at);
}

static void received(const char *bytes, uint64_t at)
{
	received_by(conn, GENERATION, bytes, at);
}

static void sent(const char *bytes, uint64_t begin, uint64_t end)
{
	struct iovec iov = { .iov_base = (char *)bytes, .iov_len = strlen(bytes) };

	cs_conn_sent(&env, conn, GENERATION, &iov, iov.iov_len, begin, end);
}

static void closed(uint64_t at)
{
	cs_conn_unref(&env, conn, GENERATION, true, at);
}

/* All that was told since the last call. */
#define TOLD(expected)                                                                             \
	do {                                                                                       \
		cr_assert(eq(str, told, (char *)(expected)));                                      \
		told_len = 0;                                                                      \
		told[0] = '\0';                                                                    \
	} while (0)

TestSuite(conn, .init = setup);

struct probe_case {
	char head[160]; /* without the empty line */
	bool probe;
};

#define AGENT(name) "GET /hello HTTP/1.1\r\nHost: a\r\nUser-Agent: " name "\r\n"

ParameterizedTestParameters(conn, probes_are_known_by_what_nobody_else_sends)
{
	static struct probe_case cases[] = {
		{ AGENT("kube-probe/1.29"), true },
		{ AGENT("kube-probe/"), true },
		{ AGENT("GoogleHC/1.0"), true },
		{ AGENT("ELB-HealthChecker/2.0"), true },
		{ AGENT("Amazon-Route53-Health-Check-Service (ref 0123; report http://a/b)"),
		  true },
		{ AGENT("Knative-Queue-Proxy-Probe"), true },
		{ AGENT("Knative-Activator-Probe"), true },
		{ AGENT("Knative-Ingress-Probe"), true },
		{ AGENT("Knative-Autoscaling-Probe"), true },
		{ "GET / HTTP/1.1\r\nK-Network-Probe: queue\r\n", true },
		{ "GET / HTTP/1.1\r\nK-Network-Hash: 12\r\nK-NETWORK-PROBE:probe\r\n", true },
		{ "GET / HTTP/1.1\r\nk-kubelet-probe: queue\r\nUser-Agent: Go\r\n", true },
		{ "GET /_/health HTTP/1.1\r\n", true },
		{ "HEAD /_/health HTTP/1.1\r\n", true },
		{ "GET /_/ready?x HTTP/1.0\r\n", true },
		{ "POST /f HTTP/1.1\r\nUser-Agent: kube-probe/1.29\r\n", true },
		/* Users */
		{ AGENT("curl/8.5.0"), false },
		{ AGENT(""), false },
		{ AGENT("my kube-probe/1.29"), false },
		{ AGENT("kube-prober/1.29"), false },
		{ AGENT("KUBE-PROBE/1.29"), false },
		{ AGENT("GoogleHC"), false },
		{ "GET / HTTP/1.1\r\nX-User-Agent: kube-probe/1.29\r\n", false },
		{ "GET / HTTP/1.1\r\nUser-Agents: kube-probe/1.29\r\n", false },
		{ "GET / HTTP/1.1\r\nK-Network-Probe: \r\n", false },
		{ "GET / HTTP/1.1\r\nK-Network-Hash: 12\r\nK-Proxy-Request: activator\r\n", false },
		{ "GET / HTTP/1.1\r\nX-K-Network-Probe: queue\r\n", false },
		{ "POST /_/health HTTP/1.1\r\n", false },
		{ "GET /_/healthy HTTP/1.1\r\n", false },
		{ "GET /a/_/health HTTP/1.1\r\n", false },
		{ "GET /healthz HTTP/1.1\r\n", false },
		{ "GET /health HTTP/1.1\r\n", false },
		{ "GET / HTTP/1.1\r\n", false },
	};

	return cr_make_param_array(struct probe_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct probe_case *c, conn, probes_are_known_by_what_nobody_else_sends)
{
	char *wanted = c->probe ? (char *)"probe: request 0" : (char *)"request 0 ";
	char request[200];

	setup();
	snprintf(request, sizeof(request), "%s\r\n", c->head);
	/* In pieces, as the rest of a head may come later */
	for (size_t i = 0; i < strlen(request); i += 7) {
		char piece[8];

		snprintf(piece, sizeof(piece), "%s", request + i);
		received(piece, 10 + i);
	}
	cr_assert(eq(int, strncmp(told, wanted, strlen(wanted)), 0), "%s%s", c->head, told);
	told_len = 0;
	received(request, 50); /* and whole: runs of bytes are taken at once */
	wanted = c->probe ? (char *)"probe: request 1" : (char *)"request 1 ";
	cr_assert(eq(int, strncmp(told, wanted, strlen(wanted)), 0), "%s%s", c->head, told);
}

Test(conn, all_that_is_told_of_a_probe_says_so)
{
	received("GET /_/health HTTP/1.1\r\n\r\n", 10);
	TOLD("probe: request 0 GET /_/health @10\n");
	received(GET_A, 11);
	TOLD("request 1 GET /a @11\n");
	sent(OK_2, 20, 21);
	TOLD("probe: response 0 200 @20\nprobe: end 0 200 in 26 out 40 @21\n");
	sent(OK_2, 22, 23);
	TOLD("response 1 200 @22\nend 1 200 in 19 out 40 @23\n");
	received("GET /_/health HTTP/1.1\r\n\r\n", 30);
	TOLD("probe: request 2 GET /_/health @30\n");
	closed(40);
	TOLD("probe: end 2 0 in 26 out 0 @40 aborted\n");
}

Test(conn, all_that_is_told_of_code_that_is_brought_says_so)
{
	static const char init[] = "POST /init HTTP/1.1\r\nContent-Length: 1\r\n\r\nx";

	env_loads = true;
	received(init, 1);
	sent("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", 2, 3);
	TOLD("load: request 0 POST /init @1\nload: response 0 502 @2\n"
	     "load: end 0 502 in 43 out 38 @3\n");
	received("POST /inits HTTP/1.1\r\n\r\n", 4);
	sent(OK_2, 5, 6);
	received("GET /init HTTP/1.1\r\n\r\n", 7);
	sent(OK_2, 8, 9);
	env_loads = false;
	received(init, 10);
	TOLD("request 1 POST /inits @4\nresponse 1 200 @5\nend 1 200 in 24 out 40 @6\n"
	     "request 2 GET /init @7\nresponse 2 200 @8\nend 2 200 in 22 out 40 @9\n"
	     "request 3 POST /init @10\n");
}

Test(conn, a_body_that_is_wanted_is_shown_without_its_framing)
{
	env_wants = true;
	received("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", 10);
	TOLD("request 0 POST /a @10\ncontent ab\n");
	sent(OK_2, 20, 21); /* an answer that does not wait for it changes nothing */
	TOLD("response 0 200 @20\nend 0 200 in 53 out 40 @21\n");
	received("c\r\n1\r\nd\r\n0\r\n\r\n" PUT_3, 30);
	TOLD("content c\ncontent d\nbody whole\nrequest 1 PUT /p @30\n");
	received("xyz" GET_A, 40);
	TOLD("content xyz\nbody whole\nrequest 2 GET /a @40\nbody whole\n");
}

Test(conn, a_body_that_is_wanted_gives_its_memory_back_when_it_is_lost)
{
	env_wants = true;
	received("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz", 10);
	TOLD("request 0 POST /a @10\n");
	received("3\r\nabc\r\n", 11);
	TOLD("");
	closed(20);
	TOLD("end 0 0 in 49 out 0 @20 aborted\n");
	for (unsigned i = 0; i < 2; i++)
		cr_assert(ne(u32, cs_pool_take(&texts), CS_POOL_NONE));
}

Test(conn, keep_alive_is_one_invocation_after_the_other)
{
	received(GET_A, 10);
	TOLD("request 0 GET /a @10\n");
	sent(OK_2, 20, 21);
	TOLD("response 0 200 @20\nend 0 200 in 19 out 40 @21\n");
	received(PUT_3 "abc", 30);
	sent(OK_2, 40, 41);
	closed(50);
	TOLD("request 1 PUT /p @30\nresponse 1 200 @40\nend 1 200 in 41 out 40 @41\n");
}

Test(conn, a_response_that_begins_as_the_last_one_is_told_alike, .init = setup)
{
	for (uint64_t n = 0; n < 3; n++) {
		received(n == 1 ? HEAD_A : GET_A, 10);
		told_len = 0;
		sent(n == 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK_2, 20, 21);
	}
	TOLD("response 2 200 @20\nend 2 200 in 19 out 40 @21\n");
	received(GET_A, 30);
	sent("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 40, 41);
	TOLD("request 3 GET /a @30\nresponse 3 200 @40\nend 3 200 in 19 out 41 @41\n");
}

Test(conn, a_write_in_the_middle_of_the_only_response_needs_no_clock, .init = setup)
{
	received(GET_A, 10);
	cr_assert(not(cs_conn_answering(conn, GENERATION)));
	sent("HTTP/1.1 200 OK\r\nConte", 20, 21);
	cr_assert(not(cs_conn_answering(conn, GENERATION)));
	sent("nt-Length: 2\r\n\r\n", 22, 23);
	cr_assert(cs_conn_answering(conn, GENERATION));
	cr_assert(not(cs_conn_answering(conn, GENERATION + 1)));
	sent("h", CS_CONN_UNTIMED, 25);
	cr_assert(cs_conn_answering(conn, GENERATION));
	sent("i", CS_CONN_UNTIMED, 27);
	cr_assert(not(cs_conn_answering(conn, GENERATION)));
	cr_assert(eq(
		str, told,
		(char *)"request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 40 @27\n"));
}

Test(conn, a_write_may_begin_the_next_response_where_one_is_asked_for, .init = setup)
{
	received(GET_A, 10);
	sent("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 20, 21);
	received(GET_A, 30);
	cr_assert(not(cs_conn_answering(conn, GENERATION)));
	sent("h", 40, 41);
	cr_assert(not(cs_conn_answering(conn, GENERATION)));
	/* The clock was left alone before the second came: its response begins now. */
	clock_ns = 70;
	sent("i" OK_2, CS_CONN_UNTIMED, 0);
	cr_assert(eq(
		str, told,
		(char *)"request 0 GET /a @10\nresponse 0 200 @20\nrequest 1 GET /a @30\n"
			"end 0 200 in 19 out 40 @71\nresponse 1 200 @72\nend 1 200 in 19 out 40 @73\n"));
	cs_conn_skip(&env, conn, GENERATION, 80);
	cr_assert(not(cs_conn_answering(conn, GENERATION)));
}

Test(conn, time_is_that_of_the_first_byte_in_and_out_and_of_the_last_out)
{
	received("G", 10);
	received("ET /a HTTP/1.1\r\n\r\n", 11);
	TOLD("request 0 GET /a @10\n");
	sent("HTTP", 20, 21);
	TOLD("");
	sent("/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 22, 23);
	sent("h", 24, 25);
	TOLD("response 0 200 @20\n");
	sent("i", 26, 27);
	TOLD("end 0 200 in 19 out 40 @27\n");
}

Test(conn, body_that_comes_in_while_the_response_goes_out_counts)
{
	received(PUT_3, 10);
	received("a", 11);
	sent("HTTP/1.1 100 Continue\r\n\r\n", 15, 16);
	TOLD("request 0 PUT /p @10\n");
	received("bc", 17);
	sent(OK_2, 20, 21);
	TOLD("response 0 200 @20\nend 0 200 in 41 out 40 @21\n");
}

Test(conn, interim_responses_are_no_part_of_the_response)
{
	received(GET_A, 10);
	sent("HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" OK_2, 20, 21);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 40 @21\n");
}

Test(conn, head_has_no_response_body)
{
	received(HEAD_A GET_A, 10);
	sent("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" OK_2, 20, 21);
	TOLD("request 0 HEAD /a @10\nrequest 1 GET /a @10\n"
	     "response 0 200 @20\nend 0 200 in 20 out 38 @21\n"
	     "response 1 200 @20\nend 1 200 in 19 out 40 @21\n");
}

Test(conn, pipelined_requests_are_answered_in_order_and_limited)
{
	for (unsigned i = 0; i < CS_CONN_PIPELINE; i++)
		received(GET_A, 10);
	told_len = 0;
	received(GET_A GET_A, 11);
	TOLD("unfollowed\n");
	for (unsigned i = 0; i < CS_CONN_PIPELINE - 1; i++)
		sent(OK_2, 20, 21);
	told_len = 0;
	sent(OK_2, 22, 23);
	TOLD("response 7 200 @22\nend 7 200 in 19 out 40 @23\n");
	sent(OK_2, 24, 25);
	received(GET_A, 30);
	closed(31);
	TOLD("");
}

Test(conn, close_ends_what_only_it_can_end)
{
	received(GET_A, 10);
	sent(OK_CLOSE "until the end", 20, 21);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\n");
	closed(30);
	TOLD("end 0 200 in 19 out 32 @30 closed\n");
}

Test(conn, shutdown_ends_like_close_and_only_once)
{
	received(GET_A, 10);
	sent(OK_CLOSE "x", 20, 21);
	cs_conn_shutdown(&env, conn, GENERATION, 25);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 20 @25 closed\n");
	closed(30);
	TOLD("");
}

Test(conn, close_before_the_end_aborts)
{
	received(GET_A GET_A, 10);
	sent("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", 20, 21);
	closed(30);
	TOLD("request 0 GET /a @10\nrequest 1 GET /a @10\nresponse 0 200 @20\n"
	     "end 0 200 in 19 out 39 @30 aborted\nend 1 0 in 19 out 0 @30 unfollowed\n");
}

/* Its answer said that it is the last one, or nobody looked any further. */
Test(conn, what_came_behind_the_last_answer_need_not_have_been_looked_at)
{
	received(GET_A GET_A GET_A, 10);
	sent(OK_2, 20, 21);
	sent("HTTP/1.1 200 OK\r\n", 22, 23);
	closed(30);
	TOLD("request 0 GET /a @10\nrequest 1 GET /a @10\nrequest 2 GET /a @10\n"
	     "response 0 200 @20\nend 0 200 in 19 out 40 @21\n"
	     "response 1 0 @22\nend 1 0 in 19 out 17 @30 aborted\n"
	     "end 2 0 in 19 out 0 @30 unfollowed\n");
}

Test(conn, what_came_after_an_answer_and_has_none_is_aborted)
{
	received(GET_A, 10);
	sent(OK_2, 20, 21);
	received(GET_A, 22);
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 40 @21\n"
	     "request 1 GET /a @22\nend 1 0 in 19 out 0 @30 aborted\n");
}

Test(conn, close_within_a_response_head_tells_that_it_began)
{
	received(GET_A, 10);
	sent("HTTP/1.1 2", 20, 21);
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 0 @20\nend 0 0 in 19 out 10 @30 aborted\n");
}

Test(conn, a_close_after_a_fork_may_leave_the_answer_to_the_child)
{
	received(GET_A, 10);
	atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
	closed(30);
	TOLD("request 0 GET /a @10\nend 0 0 in 19 out 0 @30 unfollowed\n");
}

static void forked(void)
{
	atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

Test(conn, a_close_after_a_fork_may_leave_the_rest_to_the_child)
{
	received(GET_A, 10);
	sent("HTTP/1.1 20", 20, 21);
	forked();
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 0 @20\nend 0 0 in 19 out 11 @30 unfollowed\n");
}

Test(conn, a_body_without_length_may_go_on_in_a_child_forked_within_it)
{
	received(GET_A, 10);
	sent(OK_CLOSE, 20, 21);
	forked();
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 19 @30 unfollowed\n");
}

Test(conn, a_body_without_length_ends_by_close_after_an_earlier_fork)
{
	received(GET_A, 10);
	forked();
	sent(OK_CLOSE, 20, 21);
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 19 @30 closed\n");
}

Test(conn, a_close_after_it_was_handed_on_may_leave_the_answer_to_another)
{
	received(GET_A, 10);
	cs_conn_share(conn, GENERATION);
	closed(30);
	TOLD("request 0 GET /a @10\nend 0 0 in 19 out 0 @30 unfollowed\n");
}

Test(conn, what_is_handed_on_and_answered_here_is_whole)
{
	received(GET_A, 10);
	cs_conn_share(conn, GENERATION);
	sent(OK_2, 20, 21);
	received(GET_A, 22);
	sent(OK_CLOSE, 23, 24);
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 40 @21\n"
	     "request 1 GET /a @22\nresponse 1 200 @23\nend 1 200 in 19 out 19 @30 unfollowed\n");
}

Test(conn, an_old_generation_hands_nothing_on)
{
	received(GET_A, 10);
	cs_conn_share(conn, GENERATION - 1);
	closed(30);
	TOLD("request 0 GET /a @10\nend 0 0 in 19 out 0 @30 aborted\n");
}

Test(conn, an_unseen_close_is_no_abort)
{
	received(GET_A, 10);
	cs_conn_unref(&env, conn, GENERATION, false, 30);
	TOLD("request 0 GET /a @10\nend 0 0 in 19 out 0 @30 unfollowed\n");
}

Test(conn, the_last_of_several_descriptors_closes)
{
	received(GET_A, 10);
	cr_assert(cs_conn_ref(conn, GENERATION));
	closed(20);
	sent(OK_2, 30, 31);
	received(GET_A, 40);
	TOLD("request 0 GET /a @10\nresponse 0 200 @30\nend 0 200 in 19 out 40 @31\n"
	     "request 1 GET /a @40\n");
	closed(50);
	TOLD("end 1 0 in 19 out 0 @50 aborted\n");
	cr_assert(not(cs_conn_ref(conn, GENERATION)));
}

Test(conn, another_generation_changes_nothing)
{
	received_by(conn, GENERATION + 1, GET_A, 10);
	cs_conn_shutdown(&env, conn, GENERATION + 1, 20);
	cs_conn_unref(&env, conn, GENERATION + 1, true, 20);
	TOLD("");
	received(GET_A, 30);
	TOLD("request 0 GET /a @30\n");
	closed(40);
	received(GET_A, 50);
	TOLD("end 0 0 in 19 out 0 @40 aborted\n");
}

Test(conn, response_that_is_no_http_begins_and_is_not_followed)
{
	received(GET_A, 10);
	sent("hello", 20, 21);
	received(GET_A, 30);
	closed(40);
	TOLD("request 0 GET /a @10\nresponse 0 0 @20\nend 0 0 in 19 out 1 @21 unfollowed\n");
}

Test(conn, other_protocols_are_silent)
{
	received("\x16\x03\x01", 10);
	received(GET_A, 11);
	sent(OK_2, 20, 21);
	closed(30);
	TOLD("");
}

Test(conn, words_before_the_first_request_end_the_following)
{
	sent("220 hello\r\n", 5, 6);
	received(GET_A, 10);
	closed(20);
	TOLD("");
}

Test(conn, an_upgrade_ends_the_following)
{
	received(GET_A, 10);
	sent("HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x01x", 20, 21);
	received(GET_A, 30);
	closed(40);
	TOLD("request 0 GET /a @10\nresponse 0 101 @20\nend 0 101 in 19 out 36 @21\n");
}

#define CONNECT "CONNECT a:1 HTTP/1.1\r\n\r\n" /* 24 bytes */

Test(conn, bytes_in_a_tunnel_are_nobodys_requests)
{
	received(CONNECT, 10);
	sent("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 20, 21);
	received(GET_A, 30);
	sent(OK_2, 31, 32);
	closed(40);
	TOLD("request 0 CONNECT a:1 @10\nresponse 0 200 @20\nend 0 200 in 24 out 38 @21\n");
}

Test(conn, bytes_behind_a_connect_wait_for_their_tunnel)
{
	received(CONNECT GET_A, 10);
	sent("HTTP/1.1 200 OK\r\n\r\n", 20, 21);
	closed(40);
	TOLD("request 0 CONNECT a:1 @10\nresponse 0 200 @20\nend 0 200 in 24 out 19 @21\n");
}

Test(conn, a_refused_connect_has_a_response_with_a_body)
{
	received(CONNECT, 10);
	sent("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", 20, 21);
	closed(40);
	TOLD("request 0 CONNECT a:1 @10\nresponse 0 407 @20\nend 0 407 in 24 out 40 @21\n");
}

Test(conn, an_ambiguous_head_is_counted_and_not_told)
{
	received("GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 10);
	received(GET_A, 20);
	closed(30);
	TOLD("unfollowed\n");
}

Test(conn, no_room_for_a_head_is_counted)
{
	struct cs_conn *other = cs_pool_item(&conns, cs_conn_open(&env, 8, 6, 3));
	struct cs_conn *third = cs_pool_item(&conns, cs_conn_open(&env, 9, 8, 3));

	received("GET", 10);
	received_by(other, 8, "GET", 10);
	received_by(third, 9, "GET", 10);
	TOLD("unfollowed\n");
	closed(20);
	cs_conn_unref(&env, third, 9, true, 20);
	third = cs_pool_item(&conns, cs_conn_open(&env, 10, 8, 3));
	received_by(third, 10, GET_A, 30);
	TOLD("request 0 GET /a @30\n");
}

Test(conn, what_is_lost_ends_there)
{
	received(GET_A, 10);
	cs_conn_lose(&env, conn, GENERATION + 1, 15);
	TOLD("request 0 GET /a @10\n");
	cs_conn_lose(&env, conn, GENERATION, 20);
	TOLD("end 0 0 in 19 out 0 @20 unfollowed\n");
	cs_conn_lose(&env, conn, GENERATION, 21);
	received(GET_A, 30);
	sent(OK_2, 31, 32);
	closed(40);
	TOLD("");
}

Test(conn, pieces_in_several_buffers_are_one_stream)
{
	struct iovec in[] = { { .iov_base = (char *)"GET /a HT", .iov_len = 9 },
			      { .iov_base = NULL, .iov_len = 0 },
			      { .iov_base = (char *)"TP/1.1\r\n\r\nnot sent", .iov_len = 18 } };
	struct iovec out[] = { { .iov_base = (char *)"HTTP/1.1 200 OK\r\n", .iov_len = 17 },
			       { .iov_base = (char *)"Content-Length: 2\r\n\r\n", .iov_len = 21 } };

	cs_conn_received(&env, conn, GENERATION, in, 19, 10);
	cs_conn_sent(&env, conn, GENERATION, out, 38, 20, 21);
	cs_conn_sent(&env, conn, GENERATION, NULL, 2, 22, 23); /* sendfile */
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 40 @23\n");
}

Test(conn, the_clock_is_looked_at_where_a_response_ends)
{
	clock_ns = 100;
	received(GET_A, 10);
	sent("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 20, 0);
	sent("o", 30, 0);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\n");
	cr_assert(eq(uint, clock_looks, 0));
	sent("k", 40, 0);
	TOLD("end 0 200 in 19 out 40 @101\n");
	cr_assert(eq(uint, clock_looks, 1));
}

Test(conn, the_clock_is_looked_at_where_following_ends)
{
	asides_said = true;
	clock_ns = 100;
	received(GET_A, 10);
	sent("HTTP/2 200\r\n", 20, 0);
	TOLD("request 0 GET /a @10\nresponse 0 0 @20\nend 0 0 in 19 out 6 @101 unfollowed\naside @102\n");
}

Test(conn, too_many_at_once_are_refused_until_one_ends)
{
	for (unsigned i = 0; i < 3; i++)
		cr_assert(ne(u32, cs_conn_open(&env, 20 + i, 10, 0), CS_POOL_NONE));
	cr_assert(eq(u32, cs_conn_open(&env, 30, 10, 0), CS_POOL_NONE));
	closed(1);
	cr_assert(ne(u32, cs_conn_open(&env, 30, 10, 0), CS_POOL_NONE));
}

static void tells_asides(void)
{
	setup();
	asides_said = true;
}

TestSuite(aside, .init = tells_asides);

Test(aside, what_is_not_followed_is_told_of_until_it_is_closed)
{
	received("\x16\x03\x01", 10);
	sent("\x16\x03\x03", 20, 21);
	TOLD("aside @10\n");
	closed(30);
	TOLD("aside over @30\n");
}

Test(aside, one_that_is_followed_is_none)
{
	received(GET_A, 10);
	sent(OK_2, 20, 21);
	closed(30);
	TOLD("request 0 GET /a @10\nresponse 0 200 @20\nend 0 200 in 19 out 40 @21\n");
}

Test(aside, a_tunnel_begins_when_the_request_for_it_is_over)
{
	received(CONNECT, 10);
	TOLD("request 0 CONNECT a:1 @10\n");
	sent("HTTP/1.1 200 OK\r\n\r\n", 20, 21);
	closed(40);
	TOLD("response 0 200 @20\nend 0 200 in 24 out 19 @21\naside @21\naside over @40\n");
}

Test(aside, behind_a_refused_connect_nothing_is_looked_at)
{
	received(CONNECT, 10);
	sent("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", 20, 21);
	closed(40);
	TOLD("request 0 CONNECT a:1 @10\nresponse 0 407 @20\nend 0 407 in 24 out 38 @21\n"
	     "aside @21\naside over @40\n");
}

Test(aside, one_that_says_no_more_is_none)
{
	received(GET_A, 10);
	cs_conn_shutdown(&env, conn, GENERATION, 20);
	received("tail", 25);
	closed(30);
	TOLD("request 0 GET /a @10\nend 0 0 in 19 out 0 @20 aborted\n");
}

Test(aside, what_is_lost_with_a_request_in_flight_is_told_of_once)
{
	received(GET_A, 10);
	cs_conn_lose(&env, conn, GENERATION, 20);
	cs_conn_lose(&env, conn, GENERATION, 21);
	closed(40);
	TOLD("request 0 GET /a @10\nend 0 0 in 19 out 0 @20 unfollowed\naside @20\naside over @40\n");
}

Test(conn, each_wait_for_a_connection_is_told_once)
{
	cr_assert(not(cs_conn_was_waited_for(conn)));
	cs_conn_set_waited(conn, GENERATION + 1);
	cr_assert(not(cs_conn_was_waited_for(conn)));
	cs_conn_set_waited(conn, GENERATION);
	cr_assert(cs_conn_was_waited_for(conn));
	cr_assert(not(cs_conn_was_waited_for(conn)));
	cs_conn_set_blocking(conn, GENERATION, true);
	cr_assert(cs_conn_was_waited_for(conn) && cs_conn_was_waited_for(conn));
	cs_conn_share(conn, GENERATION);
	cs_conn_set_waited(conn, GENERATION);
	cr_assert(not(cs_conn_was_waited_for(conn)));
}
