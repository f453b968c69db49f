/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http/conn: how the last request of a connection ends. */
#include "tests/unit/preload/http/conn_fixture.h"

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
