/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/net/http_client; what needs requests of OTLP's is in otlp/test_http.c. */
#include "exporters/net/http_client.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>

#include "tests/support/http_server.h"

#define BODY_BYTES (16u << 20) /* more than the sockets hold */
#define PATIENCE_S 10

static struct event_base *base;
static struct server server;

static void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	server_init(&server, base, NULL, 0);
}

static void tear_down(void)
{
	server_deinit(&server);
	event_base_free(base);
}

TestSuite(http_client, .init = set_up, .fini = tear_down);

struct outcome {
	enum cs_http_failure failure;
	int status;
	bool told;
};

static void on_reply(void *user, const struct cs_http_reply *reply)
{
	struct outcome *outcome = user;

	*outcome = (struct outcome){ reply->failure, reply->status, true };
	event_base_loopbreak(base);
}

Test(http_client, a_refusal_is_heard_though_the_server_closes_before_it_has_read_all)
{
	const struct timeval limit = { .tv_sec = PATIENCE_S };
	struct cs_http_client_options options = { .reply_max_bytes = 1000 };
	struct cs_http_call call = { .path = "/", .body_len = BODY_BYTES };
	struct cs_http_client *client = NULL;
	struct cs_endpoint endpoint;
	struct outcome outcome = { 0 };

	evhttp_set_max_body_size(server.http, 1000);
	cr_assert(eq(int, cs_endpoint_parse(server.url, NULL, &endpoint, NULL), 0));
	options.endpoint = &endpoint;
	call.body = calloc(1, BODY_BYTES);
	cr_assert(eq(int, cs_http_client_new(base, &options, on_reply, &outcome, &client), 0));
	cs_http_client_post(client, &call);
	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
	cr_assert(outcome.told);
	cr_assert(eq(int, outcome.failure, CS_HTTP_ANSWERED));
	cr_assert(eq(int, outcome.status, 413));
	cs_http_client_free(client);
	free((void *)call.body);
}
