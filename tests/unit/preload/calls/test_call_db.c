/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/call_db and what it does with a connection: databases by the framing of their messages. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/calling.h"

#define say calling_say

static size_t piece_len; /* 0: whole */
static uint64_t now;

/*
 * "[SELECT] 3/4;" is a call, and the bytes that went out and came in: all of them; else so far: "3/4~". "{shop}" is
 * another database.
 */
static void tell(struct cs_conn *of, const struct cs_call_event *event)
{
	if (event->type == CS_CALL_BEGINS)
		say("[%.*s]", (int)event->text_len, event->text);
	if (event->type == CS_CALL_CHANGES)
		say("{%.*s}", (int)event->text_len, event->text_len ? event->text : "");
	if (event->type == CS_CALL_SO_FAR && event->failed)
		say(" !%.*s", (int)event->text_len, event->text);
	if (event->type != CS_CALL_SO_FAR)
		return;
	if (event->queries > 1)
		say(" %s%u", event->mixed ? "mixed " : "", event->queries);
	say(" %lu/%lu%c", event->bytes_out, event->bytes_in, event->more ? '~' : ';');
}

static void emit(struct cs_conn *of, const struct cs_conn_event *event)
{
	if (event->type == CS_CONN_RESPONSE_END)
		say(" no answer");
}

static void open_new(void)
{
	calling_open(emit, tell);
	now = 0;
}

TestSuite(call_db, .init = open_new);

/* In pieces, too; the first bytes of a connection say what it speaks, and come whole. */
static void pass(bool goes_out, const char *bytes, size_t len)
{
	size_t part = piece_len && now ? piece_len : len;

	for (size_t at = 0; at < len; at += part) {
		size_t n = len - at < part ? len - at : part;

		now++;
		calling_pass(goes_out, bytes + at, n, now);
	}
}

#define OUT(bytes)     pass(true, bytes, sizeof(bytes) - 1)
#define IN(bytes)      pass(false, bytes, sizeof(bytes) - 1)

#define TOLD(expected) cr_assert(eq(str, (char *)calling_said(), (char *)(expected)))

/* --- PostgreSQL --- */

#define READY "Z\0\0\0\5I"

static void pg_start(void)
{
	OUT("\0\0\0\x10\0\3\0\0user\0me\0");
	IN("R\0\0\0\x0c\0\0\0\5salt");
	OUT("p\0\0\0\x0bsecret\0");
	IN("R\0\0\0\x08\0\0\0\0S\0\0\0\x08"
	   "a\0b\0" READY);
	TOLD("");
}

Test(call_db, postgresql_a_query_ends_when_the_server_is_ready_again)
{
	pg_start();
	OUT("Q\0\0\0\x11\n  (select 1\0");
	IN("D\0\0\0\x05x");
	IN("C\0\0\0\x05\0" READY);
	TOLD("[SELECT] 18/6~ 18/18;");
	IN("A\0\0\0\x0cnotified");
	OUT("X\0\0\0\4");
	TOLD("");
}

Test(call_db, postgresql_tells_words_of_sql_and_nothing_else)
{
	pg_start();
	OUT("Q\0\0\0\x12secret from t\0");
	IN(READY);
	TOLD("[] 19/6;");
}

Test(call_db, postgresql_a_prepared_statement_is_told_when_it_is_parsed)
{
	pg_start();
	OUT("P\0\0\0\x12name\0select\0\0\0B\0\0\0\6\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\4");
	IN("1\0\0\0\4"
	   "2\0\0\0\4" READY);
	TOLD("[SELECT] 41/16;");
	OUT("B\0\0\0\6\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\4");
	IN("2\0\0\0\4" READY);
	TOLD("[EXECUTE] 22/11;");
	OUT("P\0\0\0\x0e\0insert\0\0\0S\0\0\0\4");
	IN("1\0\0\0\4" READY);
	OUT("B\0\0\0\6\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\4");
	IN("2\0\0\0\4" READY);
	TOLD("[INSERT] 20/11;[EXECUTE] 22/11;");
}

Test(call_db, postgresql_what_is_asked_together_is_one_call)
{
	pg_start();
	for (int i = 0; i < 2; i++)
		OUT("P\0\0\0\x0e\0select\0\0\0B\0\0\0\6\0\0E\0\0\0\x09\0\0\0\0\0");
	OUT("S\0\0\0\4");
	IN(READY);
	TOLD("[SELECT] 2 69/6;");
	OUT("Q\0\0\0\x0b"
	    "begin;\0Q\0\0\0\x0b"
	    "select\0");
	IN(READY);
	IN(READY);
	TOLD("[BEGIN] mixed 2 24/6~ mixed 2 24/12;");
}

Test(call_db, postgresql_an_error_is_told_with_its_sqlstate_alone)
{
	pg_start();
	OUT("Q\0\0\0\x0bselect\0");
	IN("T\0\0\0\6xx");
	IN("E\0\0\0\x1bSERROR\0C42P01\0Msecret\0\0" READY);
	TOLD("[SELECT] 12/7~ !42P01 12/41;");
	OUT("Q\0\0\0\x0bselect\0");
	IN("E\0\0\0\x0c"
	   "C4 se1\0\0" READY);
	TOLD("[SELECT] ! 12/19;");
}

Test(call_db, postgresql_that_lets_nobody_in_is_a_call_that_failed)
{
	OUT("\0\0\0\x08\x04\xd2\x16\x2f");
	IN("N");
	OUT("\0\0\0\x10\0\3\0\0user\0me\0");
	IN("E\0\0\0\x0c"
	   "C28P01\0\0");
	TOLD("{}[] !28P01 0/13;");
}

Test(call_db, postgresql_what_a_copy_moves_is_of_its_call)
{
	pg_start();
	OUT("Q\0\0\0\x09"
	    "COPY\0");
	IN("G\0\0\0\7\0\0\0");
	OUT("d\0\0\0\x08"
	    "row\n");
	OUT("c\0\0\0\4");
	IN("C\0\0\0\5\0" READY);
	TOLD("[COPY] 10/8~ 24/20;");
}

Test(call_db, postgresql_whose_framing_is_lost_is_told_by_turns)
{
	pg_start();
	OUT("Q\0\0\0\1");
	IN("Z\0\0\0\0");
	OUT("Q\0\0\0\1");
	TOLD("[]{} 5/5~[]");
}

/* --- MySQL --- */

#define GREETING "\x2a\0\0\0\n8.0.36\0.................................."

static void mysql_start(char capabilities)
{
	char login[] = "\5\0\0\1C\xa2\0\0\0";

	login[4] = capabilities;
	IN(GREETING);
	pass(true, login, sizeof(login) - 1);
	IN("\7\0\0\2\0\0\0\2\0\0\0");
	TOLD("");
}

#define OK "\7\0\0\1\0\0\0\2\0\0\0"

Test(call_db, mysql_commands_are_told_and_those_without_an_answer_are_none)
{
	mysql_start(0);
	OUT("\7\0\0\0\3(Upd t");
	IN(OK);
	OUT("\7\0\0\0\3Update");
	IN(OK);
	OUT("\5\0\0\0\x19\1\0\0\0"); /* a statement is closed */
	OUT("\7\0\0\0\x16select");
	IN(OK);
	OUT("\5\0\0\0\x17\1\0\0\0");
	IN(OK);
	OUT("\1\0\0\0\x0e");
	IN(OK);
	OUT("\1\0\0\0\1");
	calling_close(now);
	TOLD("[] 11/11~[UPDATE] 11/11~[PREPARE] 11/11~[EXECUTE] 9/11~[PING] 5/11~");
}

Test(call_db, mysql_an_error_is_told_by_its_number)
{
	mysql_start(0);
	OUT("\7\0\0\0\3Select");
	IN("\4\0\0\1rows");
	IN("\x0b\0\0\2\xff\x7a\4#42S02se");
	OUT("\1\0\0\0\x0e");
	TOLD("[SELECT] 11/8~ !1146 11/23~[PING]");
	IN("\2\0\0\1\xff\xff"); /* too short for one */
	calling_close(now);
	TOLD(" 5/6~");
}

Test(call_db, mysql_that_lets_nobody_in_is_a_call_that_failed)
{
	IN(GREETING);
	OUT("\5\0\0\1C\xa2\0\0\0");
	IN("\x09\0\0\2\xff\x15\4#28000");
	TOLD("{}[] !1045 0/13;");
}

Test(call_db, mysql_the_rest_of_a_long_packet_is_no_error)
{
	char *row = calloc(1, 0xffffff);

	cr_assert(row != NULL);
	piece_len = 0;
	mysql_start(0);
	OUT("\7\0\0\0\3Select");
	IN("\xff\xff\xff\1");
	pass(false, row, 0xffffff);
	IN("\3\0\0\2\xff\1\2");
	calling_close(now);
	TOLD("[SELECT] 11/4~ 11/16777219~ 11/16777226~");
	free(row);
}

Test(call_db, mysql_compressed_is_understood_where_it_is_too_short_to_be)
{
	mysql_start(0x20);
	OUT("\x0b\0\0\0\0\0\0\7\0\0\0\3Select");
	IN("\x0d\0\0\1\0\0\0\x09\0\0\1\xff\x7a\4#42S02");
	OUT("\x05\0\0\0\x80\0\0.....");
	IN("\x05\0\0\1\x80\0\0\xff....");
	OUT("\5\0\0\0\0\0\0\1\0\0\0\1");
	calling_close(now);
	TOLD("[SELECT] !1146 18/20~[]{} 12/12~");
}

/* --- Redis --- */

Test(call_db, redis_tells_the_command_and_nothing_else)
{
	OUT("*2\r\n$3\r\nget\r\n$6\r\nsecret\r\n");
	IN("$6\r\nsec");
	TOLD("[GET] 25/7~");
	IN("ret\r\n");
	TOLD(" 25/12;");
	OUT("*1\r\n$9\r\njson.get\xc3\r\n");
	IN("$-1\r\n");
	TOLD("[] 19/5;");
	OUT("*1\r\n$36\r\nnotacommandnotacommandnotacommandnot\r\n");
	TOLD("[]");
}

Test(call_db, redis_a_name_that_comes_in_pieces_is_not_told)
{
	OUT("*1\r\n$4\r\nPI");
	OUT("NG\r\n");
	IN("+PONG\r\n");
	TOLD("[] 14/7;");
}

Test(call_db, redis_what_is_asked_together_is_one_call)
{
	OUT("*1\r\n$1\r\na\r\n*1\r\n$1\r\nA\r\n");
	IN(":1\r\n");
	IN("*2\r\n$-1\r\n*1\r\n,1.5\r\n");
	TOLD("[A] 2 22/4~ 2 22/23;");
	OUT("*1\r\n$5\r\nMULTI\r\n*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n*1\r\n$4\r\nEXEC\r\n");
	IN("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n-WRONGTYPE secret\r\n");
	TOLD("[MULTI A] !WRONGTYPE mixed 2 51/51;");
	OUT("*1\r\n$5\r\nMULTI\r\n*1\r\n$1\r\nA\r\n*1\r\n$1\r\nA\r\n*1\r\n$4\r\nEXEC\r\n");
	IN("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n");
	TOLD("[MULTI A] 2 51/37;");
	OUT("*1\r\n$5\r\nMULTI\r\n");
	OUT("*1\r\n$1\r\nA\r\n*1\r\n$4\r\nEXEC\r\n");
	IN("+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
	TOLD("[MULTI] 40/23;");
}

Test(call_db, redis_only_its_own_errors_are_told)
{
	OUT("*1\r\n$1\r\na\r\n");
	IN("-SECRET is wrong\r\n");
	OUT("*1\r\n$1\r\na\r\n");
	IN("-ERRsecret\r\n");
	OUT("*1\r\n$1\r\na\r\n");
	IN("-ERR\r\n");
	OUT("*1\r\n$1\r\na\r\n");
	IN("!9\r\nERR wrong\r\n");
	TOLD("[A] ! 11/18;[A] ! 11/12;[A] !ERR 11/6;[A] ! 11/15;");
}

Test(call_db, redis_what_is_published_is_no_answer)
{
	OUT("*1\r\n$3\r\nGET\r\n");
	IN(">2\r\n+invalidate\r\n*0\r\n_\r\n");
	TOLD("[GET] 13/24;");
	OUT("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n");
	IN(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
	TOLD("[SUBSCRIBE] 26/30;");
	IN(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n");
	OUT("*1\r\n$3\r\nGET\r\n");
	TOLD("[GET]");
	IN("|1\r\n+ttl\r\n:9\r\n%1\r\n+a\r\n#t\r\n");
	TOLD(" 13/26;");
}

Test(call_db, redis_that_is_none_is_told_by_turns)
{
	OUT("*1\r\n$1\r\na\r\n");
	IN("?\r\n");
	OUT("PING\r\n");
	IN("+PONG\r\n");
	OUT("PING\r\n");
	TOLD("[A] 11/3~[] 6/7~[]");
}

/* Whatever the pieces, the same is told; but for words that are cut, since nothing is kept of them. */
Test(call_db, answers_are_understood_in_any_pieces)
{
	const char *told;

	for (piece_len = 1; piece_len < 9; piece_len++) {
		open_new();
		OUT("*1\r\n$3\r\nGET\r\n");
		IN("-WRONGTYPE secret\r\n");
		told = calling_said();
		cr_assert(strstr(told, " !WRONGTYPE ") && strstr(told, " 13/19;"), "%s", told);
		open_new();
		pg_start();
		OUT("S\0\0\0\4");
		OUT("Q\0\0\0\x0bselect\0");
		IN(READY);
		IN("E\0\0\0\x1bSERROR\0C42P01\0Msecret\0\0" READY);
		told = calling_said();
		cr_assert(strstr(told, " !42P01 ") && strchr(told, ';'), "%s", told);
		open_new();
		mysql_start(0);
		OUT("\1\0\0\0\x0e");
		IN("\x09\0\0\1\xff\x7a\4#42S02");
		told = calling_said();
		cr_assert(strstr(told, " !1146 ") != NULL, "%s", told);
	}
}

/* --- which database --- */

Test(call_db, postgresql_names_its_database_as_it_begins)
{
	OUT("\0\0\0\x1e\0\3\0\0user\0me\0database\0shop\0");
	TOLD("{shop}");
	open_new();
	OUT("\0\0\0\x27\0\3\0\0database\0shop\0user\0database\0x\0\0");
	TOLD("{shop}"); /* a user of that name is none */
	open_new();
	OUT("\0\0\0\x1e\0\3\0\0user\0me\0database\0sho"); /* it goes on */
	TOLD("");
	open_new();
	OUT("\0\0\0\x10\0\3\0\0user\0me\0database\0shop\0"); /* behind its end */
	TOLD("[]{}");
}

#define FIXED "\xa2\x21\0\0\0\0\1\x21......................." /* bytes 1 to 31 of a login */

Test(call_db, mysql_names_its_database_as_it_begins_and_later)
{
	IN(GREETING);
	OUT("\x30\0\0\1\x08" FIXED "me\0\3abcshop\0more");
	TOLD("{shop}");
	IN("\7\0\0\2\0\0\0\2\0\0\0");
	OUT("\5\0\0\0\2mine");
	TOLD("[USE]{mine}");
	IN(OK);
	OUT("\x08\0\0\0\3use any");
	TOLD(" 9/11~[USE]{}");
	IN(OK);
	OUT("\x12\0\0\0\3/* a */ use other"); /* behind a comment it is not looked for */
	TOLD(" 12/11~[]{}");
	IN(OK);
	OUT("\4\0\0\0\x11me\0"); /* as another user */
	TOLD(" 22/11~[]{}");
}

Test(call_db, mysql_logins_are_read_within_their_bounds)
{
	static const char login[] = "\x2c\0\0\1\x08" FIXED "me\0\3abcshop\0";

	for (size_t len = 5; len < sizeof(login) - 2; len++) {
		open_new();
		IN(GREETING);
		pass(true, login, len);
		cr_expect(eq(ptr, strchr(calling_said(), 's'), NULL), "%zu", len);
	}
}

Test(call_db, redis_says_which_database_it_selects)
{
	OUT("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
	TOLD("[SELECT]{3}");
	IN("+OK\r\n");
	OUT("*2\r\n$6\r\nselect\r\n$2\r\nxy\r\n");
	TOLD(" 23/5;[SELECT]{}");
	IN("-ERR\r\n");
	OUT("*1\r\n$5\r\nRESET\r\n");
	TOLD(" !ERR 24/6;[RESET]{0}");
	IN("+RESET\r\n");
	OUT("*2\r\n$6\r\nSELECT\r\n$2\r\n1"); /* what comes in pieces is not told */
	OUT("2\r\n");
	TOLD(" 15/8;[SELECT]{}");
}

/* What is queued is for EXEC to do: until then it is not known which one a command is for. */
Test(call_db, redis_selects_in_a_transaction_when_that_is_executed)
{
	OUT("*1\r\n$5\r\nMULTI\r\n");
	IN("+OK\r\n");
	OUT("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
	IN("+QUEUED\r\n");
	TOLD("[MULTI] 15/5;[SELECT]{} 23/9;");
	OUT("*1\r\n$4\r\nEXEC\r\n");
	IN("*2\r\n+OK\r\n$-1\r\n");
	TOLD("[EXEC]{3} 14/14;");
	OUT("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n4\r\n*1\r\n$4\r\nEXEC\r\n");
	TOLD("[MULTI SELECT]{4}");
	IN("+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
	OUT("*1\r\n$4\r\nEXEC\r\n"); /* of nothing */
	IN("-ERR EXEC without MULTI\r\n");
	TOLD(" 52/23;[EXEC] !ERR 14/25;");
}

Test(call_db, redis_selects_nothing_in_a_transaction_that_is_not_executed)
{
	static const char *const nothing[] = { "*-1\r\n", "_\r\n" };

	for (size_t i = 0; i < 2; i++) {
		open_new();
		OUT("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nEXEC\r\n");
		IN("+OK\r\n+QUEUED\r\n");
		TOLD("[MULTI SELECT]{3} 52/14~");
		pass(false, nothing[i], strlen(nothing[i])); /* what it had watched has changed */
		cr_assert(eq(int, strncmp(calling_said(), "{}", 2), 0));
		OUT("*1\r\n$3\r\nGET\r\n");
		IN("$-1\r\n");
		TOLD("[GET] 13/5;");
	}
	OUT("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n*1\r\n$7\r\nDISCARD\r\n");
	IN("+OK\r\n+QUEUED\r\n+OK\r\n");
	OUT("*1\r\n$4\r\nEXEC\r\n");
	IN("*0\r\n");
	TOLD("[MULTI SELECT]{} 55/19;[EXEC] 14/4;");
	OUT("*2\r\n$6\r\nSELECT\r\n$1\r\n6\r\n"); /* not in one any more */
	TOLD("[SELECT]{6}");
}

Test(call_db, a_database_that_lets_nobody_in_is_not_named)
{
	OUT("\0\0\0\x1e\0\3\0\0user\0me\0database\0shop\0");
	IN("R\0\0\0\x08\0\0\0\0"); /* who it is was believed */
	IN("E\0\0\0\x0e"
	   "C3D000\0\0\0\0");
	TOLD("{shop}{}[] !3D000 0/15;");
	open_new();
	IN(GREETING);
	OUT("\x30\0\0\1\x08" FIXED "me\0\3abcshop\0more");
	IN("\x0b\0\0\2\xff\x14\x04#42000no");
	TOLD("{shop}{}[] !1044 0/15;");
}

static void tell_protocol(struct cs_conn *of, const struct cs_call_event *event)
{
	if (event->type == CS_CALL_BEGINS)
		say("%u", event->protocol);
}

Test(call_db, a_server_of_mysql_s_protocol_says_who_it_is)
{
	static const struct {
		char greeting[48];
		const char *is;
	} rows[] = { { "\x2a\0\0\0\n8.0.36\0MariaDB...........................", "5" },
		     { "\x2a\0\0\0\n11.4.2-MariaDB\0........................", "7" },
		     { "\x2a\0\0\0\n5.5.5-10.11.6-MariaDB-0+deb12u1\0.......", "7" } };

	for (size_t i = 0; i < 3; i++) {
		calling_open(emit, tell_protocol);
		pass(false, rows[i].greeting, 46);
		OUT("\5\0\0\1C\xa2\0\0\0");
		IN("\7\0\0\2\0\0\0\2\0\0\0");
		OUT("\1\0\0\0\x0e");
		TOLD(rows[i].is);
	}
}
