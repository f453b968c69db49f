/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of call_db.h share; nobody else's. All pure; context: signal. */
#pragma once

#include "preload/calls/call_db.h"

#define CS_DB_BROKEN 0xffu /* cs_db_frames.part: the framing is not understood */

static inline bool cs_db_is_broken(const struct cs_db_frames *frames)
{
	return frames->part == CS_DB_BROKEN;
}

static inline void cs_db_break(struct cs_db_frames *frames)
{
	frames->part = CS_DB_BROKEN;
}

/* Bytes of the message that say nothing more: how many of @len they are. */
static inline size_t cs_db_skip(struct cs_db_frames *frames, size_t len)
{
	size_t n = len < frames->left ? len : (size_t)frames->left;

	frames->left -= n;
	return n;
}

/** cs_db_word_is() - are these @len letters @text? */
bool cs_db_word_is(const char *word, size_t len, const char *text);

/** cs_db_statement() - the first word of a statement, if it says what that does; returns its length. */
size_t cs_db_statement(const unsigned char *data, size_t len, char ret[CS_OPERATION_MAX]);

/** cs_db_take() - a query of this operation begins; as cs_db_ask() for @kept. */
void cs_db_take(struct cs_db_asked *asked, uint32_t *kept, const char *operation, size_t len);

/** cs_db_change() - another database; @len 0, or more than CS_DATABASE_MAX: it is not known which. */
void cs_db_change(struct cs_db_asked *asked, const unsigned char *name, size_t len);

/** cs_db_text() - the length of a text that ends with a NUL; @len: it does not. */
size_t cs_db_text(const unsigned char *data, size_t len);

/** cs_db_fail() - an error came; the first one of a piece is kept. */
void cs_db_fail(struct cs_db_answered *answered, const char *code, size_t len);

void cs_db_postgresql_ask(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			  uint32_t *kept, struct cs_db_asked *asked);
void cs_db_postgresql_answer(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			     struct cs_db_answered *answered);
void cs_db_mysql_ask(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		     uint32_t *kept, struct cs_db_asked *asked);
void cs_db_mysql_answer(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			bool packed, struct cs_db_answered *answered);
void cs_db_redis_ask(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		     uint32_t *kept, struct cs_db_asked *asked);
void cs_db_redis_answer(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			bool pushes, struct cs_db_answered *answered);
