/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http/conn: which requests are probes, and which bring code. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tests/unit/preload/http/conn_fixture.h"

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
