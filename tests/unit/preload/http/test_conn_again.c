/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/conn: requests that come again on a connection are told as if each were the first. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "preload/http/conn.h"

#define GENERATION 7u
#define ID(n)      "x-request-id: 000" #n "\r\n"
#define GET(n)     "GET /a HTTP/1.1\r\nHost: a\r\n" ID(n) "\r\n"
#define POST(n)    "POST /b HTTP/1.1\r\n" ID(n) "Content-Length: 3\r\n\r\nabc"
#define HEAD(n)    "HEAD /c HTTP/1.1\r\n" ID(n) "\r\n"
#define OK         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define OK_TO_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

static unsigned char conn_items[2 * sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[2 * sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static unsigned char memo_items[sizeof(struct cs_conn_memo)] __attribute__((aligned(64)));
static struct cs_pool conns, texts, memos;
static _Atomic uint32_t forks;
static bool may_remember;
static unsigned again; /* heads that were told without a text */

struct told {
	char text[4096];
	size_t len;
};

static struct told *told;

static void emit(struct cs_conn *of, const struct cs_conn_event *event)
{
	const struct cs_http_kept *kept = &event->kept;
	char *at = told->text + told->len;
	size_t left = sizeof(told->text) - told->len;
	int n;

	again += event->type == CS_CONN_REQUEST && !event->text;
	n = snprintf(at, left, "%u %d %u v%u @%lu in %lu out %lu status %u: %.*s\n",
		     (uint32_t)(of->connection >> 32), (int)event->type, event->sequence,
		     event->version, event->time_ns, event->request_bytes, event->response_bytes,
		     event->status, (int)cs_http_kept_used(kept), kept->bytes ? kept->bytes : "");
	told->len += (size_t)n;
}

static bool remembers(void)
{
	return may_remember;
}

static const struct cs_conn_env env = {
	.conns = &conns,
	.texts = &texts,
	.memos = &memos,
	.emit = emit,
	.remembers = remembers,
	.forks = &forks,
};

static struct cs_conn *opened(uint32_t generation)
{
	return cs_pool_item(&conns, cs_conn_open(&env, generation, 5, 0));
}

/* What is received with odd times, and what is sent with even ones. */
static void pass(struct cs_conn *conn, uint32_t generation, const char *bytes, uint64_t now_ns)
{
	struct iovec iov = { .iov_base = (char *)(uintptr_t)bytes, .iov_len = strlen(bytes) };

	if (now_ns & 1)
		cs_conn_received(&env, conn, generation, &iov, iov.iov_len, now_ns);
	else
		cs_conn_sent(&env, conn, generation, &iov, iov.iov_len, now_ns, now_ns);
}

static void begin(struct told *into, bool with_memos)
{
	cs_pool_init(&conns, conn_items, 2, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 2, sizeof(struct cs_conn_text));
	cs_pool_init(&memos, memo_items, 1, sizeof(struct cs_conn_memo));
	may_remember = with_memos;
	again = 0;
	told = into;
	told->len = 0;
	told->text[0] = '\0';
}

static void tell(struct told *into, bool with_memos, const char *const *exchange)
{
	struct cs_conn *conn;
	uint64_t now_ns = 1;

	begin(into, with_memos);
	conn = opened(GENERATION);
	for (; *exchange; exchange++)
		pass(conn, GENERATION, *exchange, now_ns++);
	cs_conn_unref(&env, conn, GENERATION, true, now_ns);
	cr_expect(eq(u32, cs_pool_take(&memos), 0), "the memo was given back");
}

static void check(const char *const *exchange, unsigned expected)
{
	static struct told anew, remembered;

	tell(&anew, false, exchange);
	cr_expect(eq(uint, again, 0));
	tell(&remembered, true, exchange);
	cr_expect(eq(uint, again, expected));
	cr_expect(eq(str, remembered.text, anew.text));
}

Test(conn_again, the_third_is_the_first_that_needs_no_look)
{
	const char *const exchange[] = { GET(1), OK, GET(2), OK, GET(3), OK, GET(3), OK, NULL };

	check(exchange, 2);
}

Test(conn_again, bodies_and_responses_go_with_it)
{
	const char *const posts[] = { POST(1), OK, POST(2), OK, POST(3), OK, POST(4), OK, NULL };
	const char *const heads[] = { HEAD(1), OK_TO_HEAD, HEAD(2), OK_TO_HEAD, HEAD(3), OK_TO_HEAD,
				      GET(4),  OK,         HEAD(5), OK_TO_HEAD, NULL };

	check(posts, 2);
	check(heads, 1);
}

Test(conn_again, several_at_once_are_each_told)
{
	const char *const exchange[] = { GET(1) GET(2) GET(3) POST(4) GET(5), OK OK OK OK OK,
					 NULL };
	const char *const too_many[] = { GET(1) GET(2) GET(3) GET(4) GET(5) GET(6) GET(7) GET(8)
						 GET(9),
					 OK, NULL };

	check(exchange, 1);
	check(too_many, 6);
}

Test(conn_again, what_comes_in_pieces_is_looked_at)
{
	const char *const exchange[] = {
		GET(1), OK,  GET(2), OK, "GET /a HT", "", "TP/1.1\r\nHost: a\r\n" ID(3) "\r\n",
		OK,     NULL
	};

	check(exchange, 0);
}

Test(conn_again, one_without_a_memo_is_told_as_before)
{
	static struct told into;
	struct cs_conn *one, *other;

	begin(&into, true);
	one = opened(1);
	other = opened(2);
	for (uint64_t i = 1; i <= 3; i++) {
		pass(one, 1, GET(1), 2 * i - 1);
		pass(one, 1, OK, 2 * i);
		pass(other, 2, GET(2), 2 * i - 1);
		pass(other, 2, OK, 2 * i);
	}
	cr_expect(eq(uint, again, 1), "there is one memo, and two connections");
	cs_conn_unref(&env, one, 1, true, 7);
	pass(other, 2, GET(2), 7);
	pass(other, 2, OK, 8);
	pass(other, 2, GET(2), 9);
	pass(other, 2, OK, 10);
	cr_expect(eq(uint, again, 2), "the other has it now");
	cs_conn_unref(&env, other, 2, true, 11);
}

/* Each that is kept costs more than one that is looked at. */
Test(conn_again, heads_that_are_always_others_are_kept_ever_more_seldom)
{
	static struct told into;
	struct cs_conn *conn;
	unsigned kept = 0;
	char head[64];

	begin(&into, true);
	conn = opened(1);
	for (unsigned i = 0; i < 1000; i++) {
		const struct cs_conn_memo *memo = cs_pool_item(&memos, 0);

		into.len = 0;
		snprintf(head, sizeof(head), "GET /%03u HTTP/1.1\r\n\r\n", i);
		pass(conn, 1, head, 1);
		pass(conn, 1, OK, 2);
		kept += memcmp(memo->memo.head, head, 10) == 0;
	}
	cr_expect(lt(uint, kept, 30));
	cr_expect(gt(uint, kept, 10));
	cs_conn_unref(&env, conn, 1, true, 7);
}

Test(conn_again, one_that_may_not_be_kept_has_no_memo)
{
	static struct told into;
	struct cs_conn *conn;

	begin(&into, true);
	conn = opened(1);
	for (unsigned i = 0; i < 4; i++) {
		pass(conn, 1, "GET / HTTP/1.1\r\nCookie: k=v\r\n\r\n", 1);
		pass(conn, 1, OK, 2);
	}
	cr_expect(eq(u32, conn->request_memo, CS_POOL_NONE));
	cs_conn_unref(&env, conn, 1, true, 7);
	cr_expect(eq(u32, cs_pool_take(&memos), 0));
}
