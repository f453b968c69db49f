/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/http: what is sent where, and in which pieces. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "coldspan_config.h"
#include "tests/support/logs.h"
#include "tests/support/metrics.h"
#include "tests/unit/exporters/otlp/http_fixture.h"

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
