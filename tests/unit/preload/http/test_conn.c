/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http/conn: requests, their responses, and the time of both. */
#include "tests/unit/preload/http/conn_fixture.h"

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
