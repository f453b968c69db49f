/* SPDX-License-Identifier: Apache-2.0 */

/* Redis's protocol: lines that begin with a type, and bulks of a length. */
#include "preload/calls/call_db_words.h"

#define NUMBER_MAX (1u << 30)

/* What is next */
enum {
	TYPE, /* a line's first byte */
	NUMBER,
	NIL, /* idem, that is negative: there is nothing */
	LINE,
	WORD, /* an error's first */
	BULK,
};

/* cs_db_frames.have */
#define NAME     1u /* of what goes out: the next bulk is a command's name */
#define NUMBERED 2u /* idem: the number of a database */
#define PUSH     1u /* of what comes in: it is no answer, as far as its type says */
#define INSIDE   2u /* idem: it is part of one */

/* cs_db_frames.code_len, of what goes out: */
#define DIGITS   0x0fu /* of the number of a database, in code; 0: it is not known, ... */
#define SELECTED 0x10u /* ... which is to be selected ... */
#define MULTI    0x20u /* ... where what is asked is only queued, as far as that was not refused */

/* What Redis's errors begin with; any other word may be a script's own. */
static const char codes[][CS_DB_CODE_MAX] = {
	"ASK",       "BUSY",       "BUSYGROUP", "BUSYKEY",     "CLUSTERDOWN", "CROSSSLOT",
	"ERR",       "EXECABORT",  "INPROG",    "IOERR",       "LOADING",     "MASTERDOWN",
	"MISCONF",   "MOVED",      "NOAUTH",    "NOGOODSLAVE", "NOGROUP",     "NOPERM",
	"NOPROTO",   "NOREPLICAS", "NOSCRIPT",  "NOTBUSY",     "NOTREADY",    "OOM",
	"READONLY",  "STALE",      "TRYAGAIN",  "UNBLOCKED",   "UNKILLABLE",  "WRONGPASS",
	"WRONGTYPE",
};

/* A byte of a number. True: its line is over. */
static bool number_byte(struct cs_db_frames *frames, unsigned char byte)
{
	if (byte == '\n')
		return true;
	if (byte == '-' && !frames->number)
		frames->part = NIL;
	else if (byte >= '0' && byte <= '9' && frames->number < NUMBER_MAX / 10)
		frames->number = frames->number * 10 + (byte - '0');
	else if (byte != '\r')
		cs_db_break(frames);
	return false;
}

/* --- what goes out --- */

static bool is_of_name(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool ends_with(const char *word, size_t len, const char *text, size_t n)
{
	return len >= n && cs_db_word_is(word + len - n, n, text);
}

/*
 * What follows MULTI is what it is named by, with that before it, as far as it is all the same (conventions for
 * Redis).
 */
static void take(struct cs_db_asked *asked, uint32_t *kept, const char *name, size_t len)
{
	static const char multi[] = "MULTI ";
	const size_t n = sizeof(multi) - 1;

	if (!cs_db_word_is(asked->operation, asked->operation_len, "MULTI") || !len ||
	    n + len >= CS_OPERATION_MAX) {
		cs_db_take(asked, kept, name, len);
		return;
	}
	*kept = 0;
	cs_db_take(asked, kept, name, len);
	__builtin_memmove(asked->operation + n, asked->operation, len);
	__builtin_memcpy(asked->operation, multi, n);
	asked->operation_len = n + len;
}

/*
 * Digits, all of them at @data, or none. In a transaction it is for EXEC to select; until it has, of which database
 * a command is that waits for the same is not known.
 */
static void number_of_database(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			       struct cs_db_asked *asked)
{
	size_t n = 0;

	while (data && n < len && data[n] >= '0' && data[n] <= '9')
		n++;
	if (n < len)
		n = 0;
	if (frames->code_len & MULTI) {
		if (n > sizeof(frames->code))
			n = 0;
		__builtin_memcpy(frames->code, data, n);
		frames->code_len = (uint8_t)(MULTI | SELECTED | n);
		n = 0;
	}
	cs_db_change(asked, data, n);
}

/* The end of a transaction. */
static void is_over(struct cs_db_frames *frames, bool executed, struct cs_db_asked *asked)
{
	if (executed && frames->code_len & SELECTED) {
		cs_db_change(asked, (const unsigned char *)frames->code, frames->code_len & DIGITS);
		asked->executes = true;
	}
	frames->code_len = 0;
}

/* A name of @len bytes, all of them at @data, or none. Return: what comes next. */
static uint8_t command(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		       uint32_t *kept, struct cs_db_asked *asked)
{
	char name[CS_OPERATION_MAX];
	size_t n = 0;

	while (data && n < len && n < sizeof(name) && is_of_name(data[n])) {
		name[n] = (char)(data[n] >= 'a' && data[n] <= 'z' ? data[n] - 0x20 : data[n]);
		n++;
	}
	if (n < len || n == sizeof(name))
		n = 0;
	asked->answers++;
	asked->pushes |= ends_with(name, n, "SUBSCRIBE", 9);
	if (cs_db_word_is(name, n, "EXEC") || cs_db_word_is(name, n, "DISCARD")) {
		is_over(frames, n == sizeof("EXEC") - 1, asked);
		asked->begins = true; /* of what MULTI began */
		if (!*kept)
			cs_db_take(asked, kept, name, n);
		return 0;
	}
	if (cs_db_word_is(name, n, "MULTI"))
		frames->code_len |= MULTI;
	else
		asked->queries++;
	take(asked, kept, name, n);
	if (cs_db_word_is(name, n, "RESET")) {
		is_over(frames, false, asked);
		cs_db_change(asked, (const unsigned char *)"0", 1);
	}
	return cs_db_word_is(name, n, "SELECT") ? NUMBERED : 0;
}

static void ask_line(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		     uint32_t *kept, struct cs_db_asked *asked)
{
	if (frames->part == NIL || (frames->type == '$') != (frames->elements > 0)) {
		cs_db_break(frames);
		return;
	}
	frames->part = TYPE;
	if (frames->type == '*') {
		frames->elements = frames->number;
		frames->have = NAME;
		return;
	}
	if (len < frames->number)
		data = NULL;
	if (frames->have == NUMBERED)
		number_of_database(frames, data, frames->number, asked);
	frames->have =
		frames->have == NAME ? command(frames, data, frames->number, kept, asked) : 0;
	frames->left = frames->number + 2ull;
	frames->elements--;
}

void cs_db_redis_ask(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		     uint32_t *kept, struct cs_db_asked *asked)
{
	size_t at = 0;

	while (at < len && !cs_db_is_broken(frames)) {
		if (frames->left) {
			at += cs_db_skip(frames, len - at);
		} else if (frames->part == TYPE) {
			frames->type = data[at++];
			frames->number = 0;
			frames->part = NUMBER;
			if (frames->type != '*' && frames->type != '$')
				cs_db_break(frames);
		} else if (number_byte(frames, data[at++])) {
			ask_line(frames, data + at, len - at, kept, asked);
		}
	}
}

/* --- what comes in --- */

static void element_is_over(struct cs_db_frames *frames, bool pushes,
			    struct cs_db_answered *answered)
{
	bool nothing = frames->part == NIL || frames->type == '_';

	frames->part = TYPE;
	if (--frames->elements)
		return;
	answered->nothing |= nothing && !frames->have;
	answered->answers += !(frames->have & PUSH) || pushes;
}

static void type_byte(struct cs_db_frames *frames, unsigned char byte)
{
	if (!frames->elements) {
		frames->elements = 1;
		frames->have = byte == '>' ? PUSH : 0;
	}
	frames->type = byte;
	frames->number = 0;
	switch (byte) {
	case '$':
	case '=':
	case '!':
	case '*':
	case '~':
	case '>':
	case '%':
	case '|':
		frames->part = NUMBER;
		break;
	case '-':
		frames->part = WORD;
		frames->code_len = 0;
		break;
	case '+':
	case ':':
	case '_':
	case ',':
	case '#':
	case '(':
		frames->part = LINE;
		break;
	default:
		cs_db_break(frames);
	}
}

/* A number's line is over. */
static void answer_line(struct cs_db_frames *frames, bool pushes, struct cs_db_answered *answered)
{
	uint32_t n = frames->number;

	if (frames->part == NIL) {
		element_is_over(frames, pushes, answered);
		return;
	}
	if (frames->type == '!')
		cs_db_fail(answered, "", 0);
	if (frames->type == '$' || frames->type == '=' || frames->type == '!') {
		frames->left = n + 2ull;
		frames->part = BULK;
		return;
	}
	if (frames->type == '%' || frames->type == '|')
		n *= 2; /* below NUMBER_MAX each */
	if (__builtin_add_overflow(frames->elements, n, &frames->elements)) {
		cs_db_break(frames);
		return;
	}
	frames->part = TYPE;
	if (frames->type != '|') /* of what it stands before */
		frames->have |= INSIDE;
	if (frames->type != '|')
		element_is_over(frames, pushes, answered);
}

static void tell_error(struct cs_db_frames *frames, struct cs_db_answered *answered)
{
	size_t len = 0;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (cs_db_word_is(frames->code, frames->code_len, codes[i]))
			len = frames->code_len;
	}
	cs_db_fail(answered, frames->code, len);
}

static void word_byte(struct cs_db_frames *frames, unsigned char byte,
		      struct cs_db_answered *answered)
{
	if (byte >= 'A' && byte <= 'Z' && frames->code_len < CS_DB_CODE_MAX - 1) {
		frames->code[frames->code_len++] = (char)byte;
		return;
	}
	if (byte != ' ' && byte != '\r')
		frames->code_len = 0;
	tell_error(frames, answered);
	frames->part = LINE;
}

void cs_db_redis_answer(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			bool pushes, struct cs_db_answered *answered)
{
	size_t at = 0;

	while (at < len && !cs_db_is_broken(frames)) {
		unsigned char byte = data[at];

		if (frames->left) {
			at += cs_db_skip(frames, len - at);
			if (!frames->left && frames->part == BULK)
				element_is_over(frames, pushes, answered);
			continue;
		}
		at++;
		if (frames->part == TYPE)
			type_byte(frames, byte);
		else if (frames->part == WORD && byte != '\n')
			word_byte(frames, byte, answered);
		else if (frames->part == LINE || frames->part == WORD) {
			if (byte == '\n')
				element_is_over(frames, pushes, answered);
		} else if (number_byte(frames, byte)) {
			answer_line(frames, pushes, answered);
		}
	}
}
