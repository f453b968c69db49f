/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a database is asked and whether it answers with an error, by the framing of its messages, of one
 * direction of a connection; in any pieces. Pure. Of a statement at most its first word is taken, and only
 * if it is one of SQL's own; of an answer the code of an error: never a value. What no longer fits the
 * framing is not understood from there on (broken).
 *
 * PostgreSQL: "Message Formats" of protocol 3.0. MySQL: "Connection Phase", "Text Protocol", "Compression".
 * Redis: RESP2 and RESP3.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/records.h"

#define CS_OPERATION_MAX 24u
#define CS_DB_KEPT_MASK  0x7ffffu /* of a hash that is kept */

/* Of one direction. All zero to begin with. */
struct cs_db_frames {
	uint64_t left;   /* of this message: bytes that say nothing more */
	uint32_t number; /* what is being read of a header */
	uint32_t
		elements; /* Redis: of a command or a reply, still to come; PostgreSQL: code of a startup */
	uint8_t have; /* bytes of the header so far */
	uint8_t part; /* the protocol's own: what comes next */
	uint8_t type; /* of this message, idem */
	uint8_t code_len;
	char code
		[CS_DB_CODE_MAX]; /* of an error that came; whole when it is told. Redis's use of it: there */
};

/* What a piece of what goes out holds. */
struct cs_db_asked {
	uint32_t queries; /* that are to be executed */
	uint32_t answers; /* ends of answers that will come for it */
	bool begins; /* a call may begin with it: it is not of the connection's own making or end */
	bool mixed;  /* operations that differ from the first one's */
	bool pushes; /* Redis: what comes unasked may be an answer */
	bool apart;  /* MySQL: what has no answer; it is of no call */
	bool packed; /* MySQL: compressed from here on */
	bool changes; /* another database is asked for; what comes after this is of that: ... */
	const unsigned char *database; /* ... its name, as long as what was given to cs_db_ask() */
	size_t database_len;           /* ... 0: it is not known */
	bool executes; /* Redis: that is so only if EXEC is answered with more than nothing */
	size_t operation_len;
	char operation[CS_OPERATION_MAX]; /* of the first query */
};

/* What a piece of what comes in holds. */
struct cs_db_answered {
	uint32_t answers; /* that end in it */
	bool failed;
	bool nothing; /* Redis: one of them says that there is nothing */
	size_t code_len;
	char code[CS_DB_CODE_MAX]; /* of the first error; 0 bytes: it has none that may be told */
};

/**
 * cs_db_ask() - bytes go out
 * @kept: of the call that they may continue: a hash of its operation; 0 none. Changed.
 *
 * Context: signal (pure).
 * Return:  false: the framing is not understood (any longer); then *ret_asked says what was, until then.
 */
bool cs_db_ask(struct cs_db_frames *frames, enum cs_call_protocol protocol,
	       const unsigned char *data, size_t len, uint32_t *kept,
	       struct cs_db_asked *ret_asked);

/**
 * cs_db_answer() - bytes come in
 * @packed: MySQL: they are compressed; whether they tell of an error is known of an answer's first ones alone
 * @pushes: Redis: see struct cs_db_asked
 *
 * Context: signal (pure). Return: as cs_db_ask().
 */
bool cs_db_answer(struct cs_db_frames *frames, enum cs_call_protocol protocol,
		  const unsigned char *data, size_t len, bool packed, bool pushes,
		  struct cs_db_answered *ret_answered);
