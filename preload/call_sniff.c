/* SPDX-License-Identifier: Apache-2.0 */

/* Protocols of calls by their first bytes; see call_sniff.h. */
#include "preload/call_sniff.h"

#define WORDS_SKIPPED 64u /* white space before a statement */

static bool starts(const unsigned char *data, size_t len, const char *with, size_t n)
{
	if (len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (data[i] != (unsigned char)with[i])
			return false;
	}
	return true;
}

bool cs_sniff_tls(const unsigned char *data, size_t len)
{
	return starts(data, len, "\x16\x03", 2) && (len < 6 || data[5] == 1);
}

/* A startup message, or a request for encryption: a length, and a code that is no length. */
static bool is_postgresql(const unsigned char *data, size_t len)
{
	return len >= 8 && !data[0] && !data[1] &&
	       (starts(data + 4, 4, "\0\3\0\0", 4) || starts(data + 4, 4, "\0\3\0\2", 4) ||
		starts(data + 4, 4, "\x04\xd2\x16\x2f", 4));
}

enum cs_call_protocol cs_sniff_out(const unsigned char *data, size_t len)
{
	if (cs_sniff_tls(data, len))
		return CS_CALL_TLS;
	if (is_postgresql(data, len))
		return CS_CALL_POSTGRESQL;
	if (starts(data, len, "PRI * HTTP/2", 12))
		return CS_CALL_HTTP2;
	if (len >= 2 && data[0] == '*' && data[1] >= '1' && data[1] <= '9')
		return CS_CALL_REDIS;
	return len && data[0] >= 'A' && data[0] <= 'Z' ? CS_CALL_HTTP : CS_CALL_UNKNOWN;
}

/* Packet 0 of protocol 10, whose server version comes next, as text. */
enum cs_call_protocol cs_sniff_in(const unsigned char *data, size_t len)
{
	if (len >= 6 && data[0] >= 32 && !data[2] && !data[3] && data[4] == 10 && data[5] >= '0' &&
	    data[5] <= '9')
		return CS_CALL_MYSQL;
	return CS_CALL_UNKNOWN;
}

bool cs_sniff_begins(enum cs_call_protocol protocol, const unsigned char *data, size_t len)
{
	switch (protocol) {
	case CS_CALL_POSTGRESQL:
		return len && (data[0] == 'Q' || data[0] == 'P' || data[0] == 'B' ||
			       data[0] == 'E' || data[0] == 'F');
	case CS_CALL_MYSQL:
		/* Number 0 is the first of a command; that to quit has no answer. */
		return len >= 5 && !data[3] && data[4] != 1;
	case CS_CALL_UNKNOWN:
	case CS_CALL_HTTP:
	case CS_CALL_HTTP2:
	case CS_CALL_TLS:
	case CS_CALL_REDIS:
		break;
	}
	return true;
}

static char upper(unsigned char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
}

/* Letters alone, in upper case; 0 if there are more than an operation has, or they do not end. */
static size_t take_word(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX])
{
	size_t n = 0;

	while (n < len && n < CS_OPERATION_MAX && upper(data[n]) >= 'A' && upper(data[n]) <= 'Z') {
		ret[n] = upper(data[n]);
		n++;
	}
	return n < CS_OPERATION_MAX ? n : 0;
}

static bool word_is(const char *word, size_t len, const char *text)
{
	size_t i = 0;

	while (i < len && text[i] == word[i])
		i++;
	return i == len && !text[i];
}

/* The first word of a statement, if it says what that does. */
static size_t statement(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX])
{
	static const char words[][12] = { "SELECT",   "INSERT",   "UPDATE",  "DELETE", "BEGIN",
					  "COMMIT",   "ROLLBACK", "WITH",    "CREATE", "DROP",
					  "ALTER",    "SET",      "SHOW",    "CALL",   "EXECUTE",
					  "PREPARE",  "MERGE",    "COPY",    "LOCK",   "EXPLAIN",
					  "FETCH",    "TRUNCATE", "REPLACE", "USE",    "START",
					  "END",      "VALUES",   "DECLARE", "LISTEN", "NOTIFY",
					  "SAVEPOINT" };
	size_t at = 0, n;

	while (at < len && at < WORDS_SKIPPED && (data[at] <= ' ' || data[at] == '('))
		at++;
	n = take_word(data + at, len - at, ret);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (word_is(ret, n, words[i]))
			return n;
	}
	return 0;
}

/* A query; or a statement to be prepared, whose own name comes first. */
static size_t postgresql(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX])
{
	size_t at = 5;

	if (len < at || (data[0] != 'Q' && data[0] != 'P'))
		return 0;
	if (data[0] == 'P') {
		while (at < len && data[at])
			at++;
		at++;
	}
	return at < len ? statement(data + at, len - at, ret) : 0;
}

/* The name of the command alone, which stands behind the count and its own length. */
static size_t redis(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX])
{
	size_t at = 0;

	for (int lines = 0; lines < 2; lines++) {
		while (at < len && data[at] != '\n')
			at++;
		at++;
		if (at >= len || (lines == 0 && data[at] != '$'))
			return 0;
	}
	return take_word(data + at, len - at, ret);
}

size_t cs_sniff_operation(enum cs_call_protocol protocol, const unsigned char *data, size_t len,
			  char ret[CS_OPERATION_MAX])
{
	switch (protocol) {
	case CS_CALL_POSTGRESQL:
		return postgresql(data, len, ret);
	case CS_CALL_MYSQL:
		/* COM_QUERY, and that to prepare */
		return len > 5 && (data[4] == 3 || data[4] == 0x16)
			       ? statement(data + 5, len - 5, ret)
			       : 0;
	case CS_CALL_REDIS:
		return redis(data, len, ret);
	case CS_CALL_UNKNOWN:
	case CS_CALL_HTTP:
	case CS_CALL_HTTP2:
	case CS_CALL_TLS:
		break;
	}
	return 0;
}
