/* SPDX-License-Identifier: Apache-2.0 */

/* Databases by the framing of their messages; see call_db.h. */
#include "preload/calls/call_db.h"

#include "preload/calls/call_db_words.h"

#define WORDS_SKIPPED 64u /* white space before a statement */

static char upper(unsigned char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
}

bool cs_db_word_is(const char *word, size_t len, const char *text)
{
	size_t i = 0;

	while (i < len && text[i] == word[i])
		i++;
	return i == len && !text[i];
}

/* Letters alone, in upper case; 0 if there are more than an operation has. */
static size_t take_word(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX])
{
	size_t n = 0;

	while (n < len && n < CS_OPERATION_MAX && upper(data[n]) >= 'A' && upper(data[n]) <= 'Z') {
		ret[n] = upper(data[n]);
		n++;
	}
	return n < CS_OPERATION_MAX ? n : 0;
}

size_t cs_db_statement(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX])
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
		if (cs_db_word_is(ret, n, words[i]))
			return n;
	}
	return 0;
}

/* FNV-1a, folded; never 0. */
static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return ((hash >> 13) ^ (hash & CS_DB_KEPT_MASK)) | 1;
}

void cs_db_take(struct cs_db_asked *asked, uint32_t *kept, const char *operation, size_t len)
{
	uint32_t hash = hash_of(operation, len);

	asked->begins = true;
	if (*kept) {
		asked->mixed |= *kept != hash;
		return;
	}
	*kept = hash;
	asked->operation_len = len;
	__builtin_memcpy(asked->operation, operation, len);
}

void cs_db_change(struct cs_db_asked *asked, const unsigned char *name, size_t len)
{
	asked->changes = true;
	asked->database = name;
	asked->database_len = len <= CS_DATABASE_MAX ? len : 0;
}

size_t cs_db_text(const unsigned char *data, size_t len)
{
	size_t n = 0;

	while (n < len && data[n])
		n++;
	return n;
}

void cs_db_fail(struct cs_db_answered *answered, const char *code, size_t len)
{
	if (answered->failed)
		return;
	answered->failed = true;
	answered->code_len = len;
	__builtin_memcpy(answered->code, code, len);
}

bool cs_db_ask(struct cs_db_frames *frames, enum cs_call_protocol protocol,
	       const unsigned char *data, size_t len, uint32_t *kept, struct cs_db_asked *ret_asked)
{
	*ret_asked = (struct cs_db_asked){ .queries = 0 };
	if (protocol == CS_CALL_POSTGRESQL)
		cs_db_postgresql_ask(frames, data, len, kept, ret_asked);
	else if (protocol == CS_CALL_MYSQL)
		cs_db_mysql_ask(frames, data, len, kept, ret_asked);
	else if (protocol == CS_CALL_REDIS)
		cs_db_redis_ask(frames, data, len, kept, ret_asked);
	else
		return false;
	return !cs_db_is_broken(frames);
}

bool cs_db_answer(struct cs_db_frames *frames, enum cs_call_protocol protocol,
		  const unsigned char *data, size_t len, bool packed, bool pushes,
		  struct cs_db_answered *ret_answered)
{
	*ret_answered = (struct cs_db_answered){ .answers = 0 };
	if (protocol == CS_CALL_POSTGRESQL)
		cs_db_postgresql_answer(frames, data, len, ret_answered);
	else if (protocol == CS_CALL_MYSQL)
		cs_db_mysql_answer(frames, data, len, packed, ret_answered);
	else if (protocol == CS_CALL_REDIS)
		cs_db_redis_answer(frames, data, len, pushes, ret_answered);
	else
		return false;
	return !cs_db_is_broken(frames);
}
