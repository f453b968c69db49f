/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/http against a real server on loopback. */
#include "exporters/otlp/http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "coldspan_config.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"
#include "tests/support/http_server.h"
#include "tests/support/logs.h"
#include "tests/support/metrics.h"
#include "tests/support/settling.h"
#include "tests/support/spans.h"

static struct event_base *base;
static struct server server;
static struct cs_arena arena;
static struct cs_otlp_http_options options;

static void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	server_init(&server, base, NULL, 0);
	cs_otlp_http_options_init(&options);
	options.url = server.url;
	options.backoff_first_ms = 2;
	options.backoff_max_ms = 8;
}

static void tear_down(void)
{
	server_deinit(&server);
	event_base_free(base);
	cs_arena_deinit(&arena);
}

TestSuite(otlp_http, .init = set_up, .fini = tear_down);

static struct cs_exporter *open_exporter(void)
{
	struct cs_exporter *exporter = NULL;
	struct cs_diag diag = { 0 };

	cr_assert(eq(int, cs_otlp_http_new(base, &options, &exporter, &diag), 0), "%s", diag.text);
	return exporter;
}

static struct cs_exporter_stats send_spans(struct cs_exporter *exporter, size_t count)
{
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, count)));
	return settled_stats(base, exporter);
}

static void tell(const struct answer *answers, size_t count)
{
	server.answers = answers;
	server.answers_count = count;
}

static size_t spans_in(size_t request)
{
	Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest *read =
		opentelemetry__proto__collector__trace__v1__export_trace_service_request__unpack(
			NULL, server.seen[request].body_len,
			(const uint8_t *)server.seen[request].body);
	size_t n = 0;

	cr_assert(ne(ptr, read, NULL));
	for (size_t i = 0; i < read->n_resource_spans; i++)
		n += read->resource_spans[i]->scope_spans[0]->n_spans;
	protobuf_c_message_free_unpacked(&read->base, NULL);
	return n;
}

Test(otlp_http, a_batch_is_posted_and_acknowledged)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;
	char host[64];

	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 5)));
	cr_assert(eq(u64, checked_stats(exporter).queued, 5), "nothing is sent before the answer");
	s = settled_stats(base, exporter);
	cr_assert(eq(u64, s.sent, 5));
	cr_assert(eq(sz, server.requests, 1));
	cr_assert(eq(str, server.seen[0].path, (char *)"/v1/traces"));
	cr_assert(eq(sz, spans_in(0), 5));
	snprintf(host, sizeof(host), "Host: 127.0.0.1:%u\n", server.port);
	cr_assert(strstr(server.seen[0].headers, host) != NULL);
	cr_assert(strstr(server.seen[0].headers, "Content-Type: application/x-protobuf\n") != NULL);
	cr_assert(strstr(server.seen[0].headers, "User-Agent: coldspan/" CS_VERSION
						 " OTel-OTLP-Exporter-C/" CS_VERSION "\n") != NULL);
	cs_exporter_free(exporter);
}

Test(otlp_http, log_records_go_to_their_own_path)
{
	struct cs_exporter_stats s;
	struct cs_exporter *exporter;

	options.signal = CS_SIGNAL_LOGS;
	exporter = open_exporter();
	cr_assert(cs_exporter_takes(exporter, CS_SIGNAL_LOGS));
	cr_assert(not(cs_exporter_takes(exporter, CS_SIGNAL_TRACES)));
	cs_exporter_submit(exporter, cs_batch_of_logs(sample_logs(&arena, 5)));
	settled_stats(base, exporter);
	s = checked_stats_of(exporter, CS_SIGNAL_LOGS);
	cr_assert(eq(u64, s.sent, 5));
	cr_assert(eq(str, server.seen[0].path, (char *)"/v1/logs"));
	cs_exporter_free(exporter);
}

Test(otlp_http, data_points_go_to_their_own_path_and_are_what_is_counted)
{
	static const struct answer answers[] = { { .status = 413 }, { .status = 404 } };
	struct cs_exporter_stats s;
	struct cs_exporter *exporter;

	tell(answers, 2);
	options.signal = CS_SIGNAL_METRICS;
	exporter = open_exporter();
	cs_exporter_submit(exporter, cs_batch_of_metrics(many_points(&arena, 2, 4)));
	cs_exporter_submit(exporter, cs_batch_of_metrics(many_points(&arena, 1, 3)));
	settled_stats(base, exporter);
	s = checked_stats_of(exporter, CS_SIGNAL_METRICS);
	/* too large as a whole, the first half refused, the second and the next batch taken */
	cr_assert(eq(u64, s.accepted, 11));
	cr_assert(eq(u64, s.dropped[CS_DROP_REFUSED], 4));
	cr_assert(eq(u64, s.sent, 7));
	cr_assert(eq(sz, server.requests, 4));
	cr_assert(eq(str, server.seen[0].path, (char *)"/v1/metrics"));
	cs_exporter_free(exporter);
}

Test(otlp_http, what_is_said_of_lost_log_records_names_them)
{
	static const struct answer refusal[] = { { .status = 404 } };
	struct cs_exporter_stats s;
	struct cs_exporter *exporter;

	tell(refusal, 1);
	options.signal = CS_SIGNAL_LOGS;
	exporter = open_exporter();
	cs_exporter_submit(exporter, cs_batch_of_logs(sample_logs(&arena, 5)));
	settled_stats(base, exporter);
	s = checked_stats_of(exporter, CS_SIGNAL_LOGS);
	cr_assert(eq(u64, s.dropped[CS_DROP_REFUSED], 5));
	cr_assert(strstr(s.last_error, "404; log records are dropped") != NULL, "%s", s.last_error);
	cs_exporter_free(exporter);
}

Test(otlp_http, all_requests_use_one_connection)
{
	struct cs_exporter *exporter = open_exporter();

	for (size_t i = 0; i < 5; i++)
		send_spans(exporter, 2);
	cr_assert(eq(sz, server.requests, 5));
	for (size_t i = 1; i < 5; i++)
		cr_assert(eq(u16, server.seen[i].peer_port, server.seen[0].peer_port));
	cs_exporter_free(exporter);
}

Test(otlp_http, the_socket_is_not_inherited)
{
	struct cs_exporter *exporter = open_exporter();
	bool seen = false;

	send_spans(exporter, 1);
	for (int fd = 0; fd < 64; fd++) {
		struct sockaddr_in name = { 0 };
		socklen_t len = sizeof(name);

		if (getsockname(fd, (struct sockaddr *)&name, &len) < 0 ||
		    ntohs(name.sin_port) != server.seen[0].peer_port)
			continue;
		seen = true;
		cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	cr_assert(seen);
	cs_exporter_free(exporter);
}

Test(otlp_http, a_connection_that_the_server_closes_is_made_anew)
{
	static const struct answer answers[] = { { .status = 200, .close = true } };
	struct cs_exporter *exporter = open_exporter();

	tell(answers, 1);
	send_spans(exporter, 2);
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 4));
	cr_assert(eq(sz, server.requests, 2));
	cr_assert(ne(u16, server.seen[1].peer_port, server.seen[0].peer_port));
	cs_exporter_free(exporter);
}

Test(otlp_http, headers_of_the_operator_are_sent_decoded)
{
	struct cs_exporter *exporter;

	options.headers = "x-tenant=a%20b%3Dc,Authorization=Basic%20QTpC";
	exporter = open_exporter();
	send_spans(exporter, 2);
	cr_assert(strstr(server.seen[0].headers, "x-tenant: a b=c\n") != NULL);
	cr_assert(strstr(server.seen[0].headers, "Authorization: Basic QTpC\n") != NULL);
	cs_exporter_free(exporter);
}

Test(otlp_http, a_signal_url_is_used_as_it_is)
{
	struct cs_exporter *exporter;
	char url[96];

	snprintf(url, sizeof(url), "%s/insert/here?tenant=1", server.url);
	options.signal_url = url;
	exporter = open_exporter();
	send_spans(exporter, 2);
	cr_assert(eq(str, server.seen[0].path, (char *)"/insert/here?tenant=1"));
	cs_exporter_free(exporter);
}

Test(otlp_http, every_status_is_retried_or_not_as_otlp_says)
{
	for (int status = 300; status < 600; status++) {
		struct answer answers[] = { { .status = status } };
		bool retryable = status == 429 || status == 502 || status == 503 || status == 504;
		struct cs_exporter *exporter;
		struct cs_exporter_stats s;

		if (status == 413) /* has tests of its own */
			continue;
		server_deinit(&server);
		server_init(&server, base, NULL, 0);
		exporter = open_exporter();
		tell(answers, 1);
		s = send_spans(exporter, 2);
		cr_assert(eq(u64, s.requests, retryable ? 2 : 1), "status %d", status);
		cr_assert(eq(sz, server.requests, retryable ? 2 : 1), "status %d", status);
		cr_assert(eq(u64, s.sent, retryable ? 2 : 0), "status %d", status);
		cr_assert(eq(u64, s.dropped[CS_DROP_REFUSED], retryable ? 0 : 2), "status %d",
			  status);
		cr_assert(eq(u64, s.retries, retryable ? 1 : 0), "status %d", status);
		cs_exporter_free(exporter);
	}
}

Test(otlp_http, every_2xx_is_an_acknowledgement_whatever_its_body)
{
	static const struct answer answers[] = {
		{ .status = 200, .type = "text/plain", .body = "ok", .body_len = 2 },
		{ .status = 202 },
		{ .status = 204 },
		{ .status = 200, .body = "\xff\xff\xff", .body_len = 3 },
		{ .status = 299, .type = "application/json", .body = "{}", .body_len = 2 },
	};
	struct cs_exporter *exporter = open_exporter();

	tell(answers, 5);
	for (uint64_t i = 1; i <= 5; i++)
		cr_assert(eq(u64, send_spans(exporter, 1).sent, i));
	cr_assert(eq(str, (char *)checked_stats(exporter).last_error, (char *)""));
	cs_exporter_free(exporter);
}

/* partial_success { rejected_spans: 2, error_message: "bad" } */
static const char partial[] = "\x0a\x07\x08\x02\x12\x03"
			      "bad";
static const struct answer partial_answer = { .status = 200,
					      .body = partial,
					      .body_len = sizeof(partial) - 1 };

Test(otlp_http, rejected_spans_are_counted_and_not_sent_again)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(&partial_answer, 1);
	s = send_spans(exporter, 5);
	cr_assert(eq(u64, s.rejected, 2));
	cr_assert(eq(u64, s.sent, 3));
	cr_assert(eq(sz, server.requests, 1));
	cr_assert(eq(str, (char *)s.last_error, (char *)"the server rejected 2 of 5 spans: bad"));
	cs_exporter_free(exporter);
}

Test(otlp_http, more_rejected_than_sent_is_cut_to_what_was_sent)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(&partial_answer, 1);
	s = send_spans(exporter, 1);
	cr_assert(eq(u64, s.rejected, 1));
	cr_assert(eq(u64, s.sent, 0));
	cs_exporter_free(exporter);
}

Test(otlp_http, a_warning_without_rejected_spans_is_success)
{
	static const struct answer warn = { .status = 200,
					    .body = "\x0a\x04\x12\x02hm",
					    .body_len = 6 };
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(&warn, 1);
	s = send_spans(exporter, 3);
	cr_assert(eq(u64, s.sent, 3));
	cr_assert(
		eq(str, (char *)s.last_error, (char *)"the server took all 3 spans and warns: hm"));
	cs_exporter_free(exporter);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

Test(otlp_http, retry_after_in_seconds_is_waited_for)
{
	static const struct answer busy = { .status = 503, .retry_after = "1" };
	struct cs_exporter *exporter = open_exporter();
	uint64_t begin = now_ms();

	tell(&busy, 1);
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 2));
	cr_assert(now_ms() - begin >= 1000);
	cs_exporter_free(exporter);
}

Test(otlp_http, retry_after_as_a_date_is_waited_for)
{
	struct answer busy = { .status = 429 };
	struct cs_exporter *exporter = open_exporter();
	char date[64];
	time_t when = time(NULL) + 2; /* at least one whole second from now */
	uint64_t begin = now_ms();

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&when));
	busy.retry_after = date;
	tell(&busy, 1);
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 2));
	cr_assert(now_ms() - begin >= 1000);
	cs_exporter_free(exporter);
}

Test(otlp_http, a_request_that_is_too_large_is_halved_once)
{
	static const struct answer answers[] = { { .status = 413 } };
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(answers, 1);
	s = send_spans(exporter, 7);
	cr_assert(eq(u64, s.sent, 7));
	cr_assert(eq(sz, server.requests, 3));
	cr_assert(eq(sz, spans_in(1), 3));
	cr_assert(eq(sz, spans_in(2), 4));
	cs_exporter_free(exporter);
}

Test(otlp_http, halves_that_are_still_too_large_are_dropped)
{
	static const struct answer answers[] = { { .status = 413 },
						 { .status = 413 },
						 { .status = 200 } };
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(answers, 3);
	s = send_spans(exporter, 7);
	cr_assert(eq(u64, s.sent, 4));
	cr_assert(eq(u64, s.dropped[CS_DROP_TOO_LARGE], 3));
	cr_assert(eq(sz, server.requests, 3));
	cs_exporter_free(exporter);
}

Test(otlp_http, one_span_that_is_too_large_is_dropped_at_once)
{
	static const struct answer answers[] = { { .status = 413 } };
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	tell(answers, 1);
	s = send_spans(exporter, 1);
	cr_assert(eq(u64, s.dropped[CS_DROP_TOO_LARGE], 1));
	cr_assert(eq(sz, server.requests, 1));
	cs_exporter_free(exporter);
}

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

Test(otlp_http, localhost_is_found_on_ipv6_too)
{
	struct cs_exporter *exporter;
	char url[64];

	server_deinit(&server);
	server_init(&server, base, "::1", 0);
	snprintf(url, sizeof(url), "http://localhost:%u", server.port);
	options.url = url;
	exporter = open_exporter();
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 2));
	cr_assert(eq(u64, checked_stats(exporter).retries, 0));
	cs_exporter_free(exporter);
	options.url = server.url; /* http://[::1]:… */
	exporter = open_exporter();
	cr_assert(eq(u64, send_spans(exporter, 2).sent, 2));
	cr_assert(strstr(server.seen[1].headers, "Host: [::1]:") != NULL);
	cs_exporter_free(exporter);
}

Test(otlp_http, a_full_queue_drops_what_comes_and_keeps_what_waits)
{
	struct cs_exporter *exporter;
	struct cs_exporter_stats s;

	options.queue_bytes = 8192;
	exporter = open_exporter();
	for (int i = 0; i < 50; i++)
		cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 4)));
	s = checked_stats(exporter);
	cr_assert(s.queued > 0);
	cr_assert(s.dropped[CS_DROP_QUEUE_FULL] > 0);
	cr_assert(eq(u64, settled_stats(base, exporter).sent, s.queued));
	cr_assert(eq(u64, send_spans(exporter, 4).sent, s.queued + 4), "there is room again");
	cs_exporter_free(exporter);
}

Test(otlp_http, a_large_batch_becomes_several_requests)
{
	struct cs_exporter *exporter = open_exporter();

	cr_assert(eq(u64, send_spans(exporter, 1300).sent, 1300));
	cr_assert(eq(sz, server.requests, 3));
	for (size_t i = 0; i < 3; i++)
		cr_assert(le(sz, spans_in(i), 512));
	cs_exporter_free(exporter);
}

Test(otlp_http, a_span_larger_than_a_request_is_dropped_and_the_rest_sent)
{
	struct cs_exporter *exporter;
	struct cs_exporter_stats s;

	options.request_bytes = 100;
	exporter = open_exporter();
	s = send_spans(exporter, 3);
	cr_assert(eq(u64, s.dropped[CS_DROP_TOO_LARGE], 3));
	cr_assert(eq(sz, server.requests, 0));
	cs_exporter_free(exporter);
}

Test(otlp_http, an_empty_batch_sends_nothing)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_span_batch none = { 0 };

	cs_exporter_submit(exporter, cs_batch_of_spans(&none));
	cr_assert(cs_exporter_idle(exporter));
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

Test(otlp_http, mistakes_in_the_configuration_are_said_in_one_line)
{
	static const struct {
		const char *url, *text;
		int code;
	} rows[] = {
		{ "localhost:4318",
		  "endpoint 'localhost:4318' has no scheme; write http://HOST:PORT", -EINVAL },
		{ "https://x:4318",
		  "endpoint 'https://x:4318': https is not built in yet; use http:// to a local "
		  "collector",
		  -EPROTONOSUPPORT },
		{ "http://", "endpoint 'http://' names no host; write http://HOST:PORT", -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_exporter *exporter = NULL;
		struct cs_diag diag = { 0 };

		options.url = rows[i].url;
		cr_assert(
			eq(int, cs_otlp_http_new(base, &options, &exporter, &diag), rows[i].code));
		cr_assert(eq(str, diag.text, (char *)rows[i].text));
		cr_assert(eq(ptr, exporter, NULL));
	}
}
