/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http/conn: what is not followed, or not for long. */
#include "tests/unit/preload/http/conn_fixture.h"

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

static void switched(const char *head, const char *end)
{
	char expected[128];

	setup();
	received(GET_A, 10);
	sent(head, 20, 21);
	closed(40);
	snprintf(expected, sizeof(expected),
		 "request 0 GET /a @10\nresponse 0 101 @20\nend 0 101 in 19 out %zu @21%s\n",
		 strlen(head), end);
	TOLD(expected);
}

/* RFC 7540, section 3.2: the answer to the request itself comes in HTTP/2. */
Test(conn, an_upgrade_to_http_2_has_its_answer_there)
{
	switched("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", " unfollowed");
	switched("HTTP/1.1 101 \r\nConnection: Upgrade\r\nuPGRADE:H2C \r\nx: y\r\n\r\n",
		 " unfollowed");
	switched("HTTP/1.1 101 a\r\nUpgrade: websocket\r\n\r\n", "");
	switched("HTTP/1.1 101 a\r\nUpgrade: h2\r\nX-Upgrade: h2c\r\nUpgraded: h2c\r\n\r\n", "");
	switched("HTTP/1.1 101 h2c\r\n\r\n", "");
}

Test(conn, an_upgrade_whose_head_comes_in_parts_is_told_as_any_other)
{
	received(GET_A, 10);
	sent("HTTP/1.1 101 Switching Protocols\r\nUpg", 20, 21);
	sent("rade: h2c\r\n\r\n", 22, 23);
	closed(40);
	TOLD("request 0 GET /a @10\nresponse 0 101 @20\nend 0 101 in 19 out 50 @23\n");
}

/* What its head says is nothing to a tunnel. */
Test(conn, a_tunnel_is_no_upgrade)
{
	received("CONNECT a:1 HTTP/1.1\r\n\r\n", 10);
	sent("HTTP/1.1 200 OK\r\nUpgrade: h2c\r\n\r\n", 20, 21);
	closed(40);
	TOLD("request 0 CONNECT a:1 @10\nresponse 0 200 @20\nend 0 200 in 24 out 33 @21\n");
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
