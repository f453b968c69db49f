/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/http: what follows from which answer. */
#include "tests/unit/exporters/otlp/http_fixture.h"

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
