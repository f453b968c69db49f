/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/http: connections that fail, answers that do not come, and giving up. */
#include "tests/unit/exporters/otlp/http_fixture.h"

Test(otlp_http, a_closed_connection_without_reply_is_retried)
{
	static const struct answer answers[] = { { .status = 0 } };
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(answers, 1);
	s = send_spans(exporter, 2);
	cr_assert(eq(u64, s.sent, 2));
	cr_assert(eq(u64, s.requests, 2));
	cs_exporter_free(exporter);
}

Test(otlp_http, a_reply_that_is_cut_off_is_retried_without_waiting_for_the_time_limit)
{
	static const char *const cut[] = {
		"H",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trail",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200",
	};

	options.timeout_ms = 0; /* nothing but the end of the connection can end a call */
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct answer answers[] = { { .raw = cut[i] } };
		struct cs_exporter *exporter;
		struct cs_exporter_stats s;

		server_deinit(&server);
		server_init(&server, base, NULL, 0);
		exporter = open_exporter();
		tell(answers, 1);
		s = send_spans(exporter, 2);
		cr_assert(eq(u64, s.sent, 2), "%s", cut[i]);
		cr_assert(eq(u64, s.requests, 2), "%s", cut[i]);
		cr_assert(eq(str, (char *)s.last_error, (char *)"the reply was cut off; retrying"));
		cs_exporter_free(exporter);
	}
}

Test(otlp_http, a_reply_without_a_length_ends_with_its_connection)
{
	static const struct answer answers[] = { { .raw = "HTTP/1.1 200 OK\r\n\r\nfine" } };
	struct cs_exporter *exporter = open_exporter();

	tell(answers, 1);
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 2));
	cr_assert(eq(sz, server.requests, 1));
	cs_exporter_free(exporter);
}

Test(otlp_http, a_reply_that_is_cut_off_on_a_kept_connection_is_no_stale_one)
{
	static const struct answer answers[] = { { .status = 200 }, { .raw = "HTTP/1.1 2" } };
	struct cs_exporter *exporter;

	options.give_up_ms = 0; /* a retry in place of the second try at once would be too late */
	exporter = open_exporter();
	tell(answers, 2);
	send_spans(exporter, 2);
	cr_assert(eq(u64, send_spans(exporter, 2).dropped[CS_DROP_RETRY_EXHAUSTED], 2));
	cs_exporter_free(exporter);
}

struct operations {
	unsigned well, failed;
};

static void on_operated(void *user, const struct cs_exporter *exporter, uint64_t took_ns,
			const char *error)
{
	struct operations *operations = user;

	if (error)
		operations->failed++;
	else
		operations->well++;
}

Test(otlp_http, a_stale_connection_is_no_operation_that_failed)
{
	static const struct answer answers[] = { { .status = 200 }, { .status = 0 } };
	struct operations operations = { 0 };
	struct cs_exporter *exporter = open_exporter();

	cs_exporter_set_operated(exporter, on_operated, &operations);
	tell(answers, 2);
	send_spans(exporter, 2);
	cr_assert(eq(u64, send_spans(exporter, 2).retries, 1));
	cr_assert(eq(uint, operations.well, 2));
	cr_assert(eq(uint, operations.failed, 0));
	cs_exporter_free(exporter);
}

Test(otlp_http, a_stale_connection_is_no_reason_to_wait)
{
	static const struct answer answers[] = { { .status = 200 }, { .status = 0 } };
	struct cs_exporter *exporter;
	uint64_t begin = now_ms();

	options.backoff_first_ms = options.backoff_max_ms = 60000;
	exporter = open_exporter();
	tell(answers, 2);
	send_spans(exporter, 2);
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 4));
	cr_assert(now_ms() - begin < 50000);
	cs_exporter_free(exporter);
}

Test(otlp_http, an_answer_that_never_comes_ends_at_the_time_limit)
{
	static const struct answer answers[] = { { .status = -1 } };
	struct cs_exporter *exporter;
	struct cs_exporter_stats s;

	options.timeout_ms = 2000; /* enough for the answer to the second try */
	exporter = open_exporter();
	tell(answers, 1);
	s = send_spans(exporter, 2);
	cr_assert(eq(u64, s.sent, 2));
	cr_assert(eq(u64, s.retries, 1));
	cs_exporter_free(exporter);
}

Test(otlp_http, a_reply_without_end_is_cut_and_not_retried)
{
	static char large[100000];
	struct answer answers[] = { { .status = 503, .body = large, .body_len = sizeof(large) } };
	struct cs_exporter *exporter;
	struct cs_exporter_stats s;

	options.reply_bytes = 1000;
	exporter = open_exporter();
	tell(answers, 1);
	s = send_spans(exporter, 2);
	cr_assert(eq(u64, s.requests, 1));
	cr_assert(eq(u64, s.dropped[CS_DROP_REFUSED], 2));
	cr_assert(
		eq(str, (char *)s.last_error, (char *)"the reply is too large; spans are dropped"));
	cs_exporter_free(exporter);
}

struct reports {
	unsigned failures, recoveries;
	char text[512];
};

static void report(void *user, const struct cs_exporter *exporter, bool failing, const char *text)
{
	struct reports *r = user;

	if (failing)
		snprintf(r->text, sizeof(r->text), "%s", text);
	r->failures += failing;
	r->recoveries += !failing;
}

static void start_server(evutil_socket_t fd, short what, void *arg)
{
	server_init(&server, base, NULL, *(uint16_t *)arg);
}

Test(otlp_http, a_refused_endpoint_is_said_once_and_retried_until_it_listens)
{
	struct timeval later = { .tv_usec = 100000 };
	struct cs_exporter *exporter = open_exporter();
	struct reports reports = { 0 };
	struct cs_exporter_stats s;
	uint16_t port = server.port;

	server_deinit(&server);
	cs_exporter_set_report(exporter, report, &reports);
	event_base_once(base, -1, EV_TIMEOUT, start_server, &port, &later);
	s = send_spans(exporter, 3);
	cr_assert(eq(u64, s.sent, 3));
	cr_assert(s.retries > 1);
	cr_assert(eq(u32, reports.failures, 1));
	cr_assert(eq(u32, reports.recoveries, 1));
	cr_assert(eq(
		str, reports.text,
		(char *)"cannot connect: nobody listens there (is the collector running?); retrying"));
	cs_exporter_free(exporter);
}

Test(otlp_http, what_cannot_be_sent_in_time_is_dropped)
{
	struct cs_exporter *exporter;
	struct cs_exporter_stats s;

	options.give_up_ms = 60;
	exporter = open_exporter();
	server_deinit(&server);
	s = send_spans(exporter, 3);
	cr_assert(eq(u64, s.dropped[CS_DROP_RETRY_EXHAUSTED], 3));
	cr_assert(s.retries >= 2);
	cs_exporter_free(exporter);
}

Test(otlp_http, freeing_it_with_a_request_under_way_leaves_nothing_behind)
{
	static const struct answer answers[] = { { .status = -1 } };
	struct cs_exporter *exporter = open_exporter();

	tell(answers, 1);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	while (server.requests == 0)
		cr_assert(eq(int, event_base_loop(base, EVLOOP_ONCE), 0));
	cr_assert(eq(u64, checked_stats(exporter).queued, 2));
	cr_assert(eq(ptr, cs_exporter_free(exporter), NULL));
	event_base_loop(base, EVLOOP_NONBLOCK);
}

Test(otlp_http, what_is_abandoned_is_dropped_and_the_next_batch_sent)
{
	static const struct answer answers[] = { { .status = -1 } };
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(answers, 1);
	cs_exporter_abandon(exporter); /* nothing there yet */
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	while (server.requests == 0)
		cr_assert(eq(int, event_base_loop(base, EVLOOP_ONCE), 0));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 3)));
	cs_exporter_abandon(exporter);
	s = checked_stats(exporter);
	cr_assert(cs_exporter_idle(exporter));
	cr_assert(eq(u64, s.dropped[CS_DROP_SHUTDOWN], 5));
	cr_assert(eq(u64, send_spans(exporter, 4).sent, 4));
	cs_exporter_free(exporter);
}
