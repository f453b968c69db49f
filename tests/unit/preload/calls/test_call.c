/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/call, and of what it asks: first bytes, turns, TLS by its records. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/calling.h"

#define say calling_say

static void tell(struct cs_conn *of, const struct cs_call_event *event)
{
	switch (event->type) {
	case CS_CALL_HELLO:
		say("hello %.*s @%lu\n", (int)event->text_len, event->text, event->time_ns);
		break;
	case CS_CALL_CHANGES:
		say("database %.*s\n", (int)event->text_len, event->text);
		break;
	case CS_CALL_LEFT:
		say("left @%lu\n", event->time_ns);
		break;
	case CS_CALL_SECURED:
		say("secured %x @%lu\n", event->version, event->time_ns);
		break;
	case CS_CALL_BEGINS:
		say("call %u of %u%s [%.*s] @%lu\n", event->sequence, event->protocol,
		    event->encrypted ? " encrypted" : "", (int)event->text_len, event->text,
		    event->time_ns);
		break;
	case CS_CALL_SO_FAR:
		say("%s %u out %lu in %lu from %lu @%lu", event->more ? "so far" : "all",
		    event->sequence, event->bytes_out, event->bytes_in, event->first_ns,
		    event->time_ns);
		if (event->queries > 1)
			say(" %s%u", event->mixed ? "mixed " : "", event->queries);
		if (event->failed)
			say(" failed [%.*s]", (int)event->text_len, event->text);
		say("\n");
		break;
	}
}

static void emit(struct cs_conn *of, const struct cs_conn_event *event)
{
	if (event->type == CS_CONN_REQUEST)
		say("request %.*s\n", (int)cs_http_text_used(event->text), event->text->bytes);
	if (event->type == CS_CONN_RESPONSE_END)
		say("end %u %u flags %u\n", event->sequence, event->status, event->flags);
}

static void setup(void)
{
	calling_open(emit, tell);
}

TestSuite(call, .init = setup);

static void out(const char *bytes, size_t len, uint64_t at)
{
	calling_pass(true, bytes, len, at);
}

static void in(const char *bytes, size_t len, uint64_t at)
{
	calling_pass(false, bytes, len, at);
}

#define OUT(bytes, at) out(bytes, sizeof(bytes) - 1, at)
#define IN(bytes, at)  in(bytes, sizeof(bytes) - 1, at)

/* All that was told since the last call. */
#define TOLD(expected) cr_assert(eq(str, (char *)calling_said(), (char *)(expected)))

Test(call, http_is_left_to_the_scanners_and_keeps_host_alone)
{
	OUT("GET /a?b HTTP/1.1\r\nX-Request-Id: 1\r\nHost: h:80\r\n\r\n", 10);
	TOLD("request GET/ahost: h:80\n\n");
	IN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 20);
	TOLD("end 0 200 flags 0\n");
}

Test(call, its_texts_are_given_back_when_a_head_is_complete)
{
	for (uint64_t at = 10; at < 40; at += 10) {
		OUT("GET / HTTP/1.1\r\n", at);
		cr_assert(ne(u32, calling->text, CS_POOL_NONE));
		OUT("\r\n", at);
		cr_assert(eq(u32, calling->text, CS_POOL_NONE));
		IN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", at);
	}
	cr_assert(calling_close(40));
}

Test(call, an_answer_that_is_seen_before_its_request_is_no_others)
{
	IN("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 10);
	cr_assert(not(cs_call_was_early(calling)));
	OUT("GET /a HTTP/1.1\r\n\r\n", 9);
	cr_assert(cs_call_was_early(calling));
	calling_skip(11);
	TOLD("request GET/a\nend 0 0 flags 4\n");
	OUT("GET /b HTTP/1.1\r\n\r\n", 20);
	cr_assert(not(cs_call_was_early(calling)));
	IN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 30);
	TOLD("request GET/b\nend 1 200 flags 0\n");
}

Test(call, a_turn_is_a_call)
{
	OUT("\1\2\3", 10);
	OUT("\4", 11);
	TOLD("call 0 of 0 [] @10\n");
	IN("ab", 20);
	TOLD("so far 0 out 4 in 2 from 20 @20\n");
	OUT("\5", 30);
	TOLD("call 1 of 0 [] @30\n");
	calling_close(40);
	TOLD("end 1 0 flags 2\n");
}

Test(call, what_comes_is_told_more_and_more_rarely)
{
	unsigned lines = 0;

	OUT("\1", 10);
	for (uint64_t i = 1; i <= 1000; i++)
		IN("x", i * 1000000);
	for (const char *at = calling_said(); (at = strstr(at, "so far")); at++)
		lines++;
	cr_assert(lines > 20 && lines < 60, "%u", lines);
	calling_close(2000000000);
	TOLD("all 0 out 1 in 1000 from 1000000 @1000000000\n");
}

static const char hello[] = "\x16\3\1\0\x45\1\0\0\x41\3\3"
			    "................................" /* random */
			    "\0\0\2\x13\1\1\0"                 /* session, one suite, compression */
			    "\0\x16"
			    "\0\x17\0\0"
			    "\0\0\0\x0e\0\x0c\0\0\x09localhost";

static const char server_hello[] = "\x16\3\3\0\x32\2\0\0\x2e\3\3"
				   "................................"
				   "\0\x13\1\0"
				   "\0\6\0\x2b\0\2\3\4";

static void shake_hands(void)
{
	out(hello, sizeof(hello) - 1, 10);
	TOLD("hello localhost @10\n");
	/* Record by record, header by header, as OpenSSL reads. */
	in(server_hello, 5, 20);
	in(server_hello + 5, sizeof(server_hello) - 6, 21);
	IN("\x17\3\3\0\2ab", 22);
	TOLD("");
	OUT("\x14\3\3\0\1\1", 30);
}

Test(call, a_tls_handshake_ends_with_what_the_client_says_last)
{
	char finished[58] = "\x17\3\3\0\x35";

	shake_hands();
	out(finished, sizeof(finished), 31);
	TOLD("secured 304 @31\n");
	OUT("\x17\3\3\0\3GET", 40);
	TOLD("call 0 of 3 encrypted [] @40\n");
	IN("\x17\3\3\0\2hi", 50);
	TOLD("so far 0 out 3 in 2 from 0 @50\n"); /* it may be a ticket */
	OUT("\x17\3\3\0\3GET", 60);
	IN("\x17\3\3\0\2hi", 70);
	TOLD("call 1 of 3 encrypted [] @60\nso far 1 out 3 in 2 from 70 @70\n");
	OUT("\x15\3\3\0\2ab", 80); /* an alert is none */
	TOLD("");
}

Test(call, tls_s_early_data_is_a_call_and_its_end_is_none)
{
	char finished[58] = "\x17\3\3\0\x35", over[26] = "\x17\3\3\0\x15";

	out(hello, sizeof(hello) - 1, 10);
	OUT("\x17\3\3\0\3GET", 11);
	TOLD("hello localhost @10\ncall 0 of 3 encrypted [] @11\n");
	in(server_hello, sizeof(server_hello) - 1, 20);
	IN("\x17\3\3\0\2ab", 22);
	out(over, sizeof(over), 30);
	TOLD("");
	out(finished, sizeof(finished), 31);
	TOLD("secured 304 @31\n");
	IN("\x17\3\3\0\2hi", 50);
	TOLD("so far 0 out 3 in 2 from 0 @50\n");
	OUT("\x17\3\3\0\3GET", 60);
	TOLD("call 1 of 3 encrypted [] @60\n");
}

Test(call, a_server_s_hello_may_come_in_pieces_that_say_nothing)
{
	out(hello, sizeof(hello) - 1, 10);
	for (unsigned i = 0; i < sizeof(server_hello) - 1; i++)
		in(server_hello + i, 1, 20);
	OUT("\x17\3\3\0\3GET", 40);
	TOLD("hello localhost @10\nsecured 0 @40\ncall 0 of 3 encrypted [] @40\n");
}

Test(call, a_session_in_the_clear_and_then_in_tls_is_read_anew)
{
	IN("\x2a\0\0\0\n8.0.36\0..................................", 4);
	OUT("\x20\0\0\1\x00\x8a\0\0............................", 5);
	out(hello, sizeof(hello) - 1, 10);
	in(server_hello, sizeof(server_hello) - 1, 20);
	OUT("\x17\3\3\0\1x", 40);
	TOLD("hello localhost @10\nsecured 304 @40\ncall 0 of 5 encrypted [] @40\n");
}

Test(call, a_connect_that_is_given_up_is_left)
{
	cs_call_open(calling, true);
	calling_close(20);
	TOLD("left @20\n");
}

Test(call, in_a_tunnel_it_begins_anew)
{
	OUT("CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", 5);
	IN("HTTP/1.1 200 OK\r\n\r\n", 6);
	TOLD("request CONNECTlocalhost:443host: localhost:443\n\nend 0 200 flags 0\n");
	shake_hands();
	OUT("\x17\3\3\0\1x", 40);
	IN("\x17\3\3\0\2hi", 50);
	TOLD("secured 304 @40\ncall 1 of 3 encrypted [] @40\n"
	     "so far 1 out 1 in 2 from 0 @50\n");
}

Test(call, in_a_tunnel_http_may_come_again)
{
	OUT("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 5);
	IN("HTTP/1.1 200 OK\r\n\r\n", 6);
	OUT("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", 10);
	IN("HTTP/1.1 204 No Content\r\n\r\n", 20);
	TOLD("request CONNECTa:80host: a:80\n\nend 0 200 flags 0\n"
	     "request GET/ahost: a\n\nend 1 204 flags 0\n");
}

Test(call, a_proxy_that_refuses_is_no_tunnel)
{
	OUT("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 5);
	IN("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", 6);
	OUT("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 7);
	TOLD("request CONNECTa:80host: a:80\n\nend 0 407 flags 0\n"
	     "request CONNECTa:80host: a:80\n\n");
}

Test(call, good_bye_in_tls_is_no_call)
{
	shake_hands();
	OUT("\x17\3\3\0\1x", 40);
	IN("\x17\3\3\0\2hi", 50);
	TOLD("secured 304 @40\ncall 0 of 3 encrypted [] @40\nso far 0 out 1 in 2 from 0 @50\n");
	OUT("\x17\3\3\0\x13...................", 60);
	TOLD("");
}

Test(call, tls_may_come_after_a_word_in_the_clear)
{
	OUT("\0\0\0\x08\x04\xd2\x16\x2f", 5);
	IN("S", 6);
	shake_hands();
	OUT("\x17\3\3\0\1x", 40);
	TOLD("secured 304 @40\ncall 0 of 4 encrypted [] @40\n");
}

Test(call, a_hello_that_is_cut_anywhere_is_read_within_its_bounds)
{
	const unsigned char *name;

	for (size_t len = 0; len < sizeof(hello) - 6; len++) {
		char *exact = malloc(len ? len : 1); /* so that a sanitizer sees what is read */

		memcpy(exact, hello + 5, len);
		cr_assert(eq(sz, cs_tls_server_name((unsigned char *)exact, len, &name), 0));
		cr_assert(eq(u16, cs_tls_server_version((unsigned char *)exact, len), 0));
		free(exact);
	}
	cr_assert(eq(sz,
		     cs_tls_server_name((const unsigned char *)hello + 5, sizeof(hello) - 6, &name),
		     9));
}

Test(call, what_is_no_tls_after_all_is_lost)
{
	shake_hands();
	OUT("GET / HTTP/1.1\r\n\r\n", 40);
	OUT("\x17\3\3\0\1x", 50);
	TOLD("");
}
