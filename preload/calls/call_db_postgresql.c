/* SPDX-License-Identifier: Apache-2.0 */

/* PostgreSQL's messages: a type, a length, a body. What a client says first has no type. */
#include "preload/calls/call_db_words.h"

#define TYPE_AND_LENGTH 5u
#define LENGTH_AND_CODE 8u
#define LENGTH_MAX      0x40000000u /* the longest that a server makes: 1 GiB */
#define STARTUP_MAX     10000u      /* idem, that one takes: MAX_STARTUP_PACKET_LENGTH */
#define SQLSTATE        5u

/* Of what goes out */
#define TYPED  1u /* the startup message has passed */
#define PARSED 2u /* a statement, that is not executed yet */

/* Of what comes in: what is next in an error */
#define FIELD 1u
#define CODE  2u
#define REST  3u

/* A byte of a header. True: it is whole, and @left and @type are set. */
static bool header_byte(struct cs_db_frames *frames, unsigned char byte)
{
	if (!frames->have)
		frames->type = byte;
	else
		frames->number = frames->number << 8 | byte;
	if (++frames->have < TYPE_AND_LENGTH)
		return false;
	if (frames->number < 4 || frames->number > LENGTH_MAX) {
		cs_db_break(frames);
		return false;
	}
	frames->left = frames->number - 4;
	frames->number = 0;
	frames->have = 0;
	return true;
}

/* What has no type: the startup message, or a question for encryption, after which that may come. */
static void startup_byte(struct cs_db_frames *frames, unsigned char byte, struct cs_db_asked *asked)
{
	if (frames->have < 4)
		frames->number = frames->number << 8 | byte;
	else
		frames->elements = frames->elements << 8 | byte;
	if (++frames->have < LENGTH_AND_CODE)
		return;
	if (frames->number < LENGTH_AND_CODE || frames->number > STARTUP_MAX) {
		cs_db_break(frames);
		return;
	}
	if (frames->elements >> 16 == 3) { /* version 3 */
		frames->part = TYPED;
		asked->answers++;
	}
	frames->left = frames->number - LENGTH_AND_CODE;
	frames->number = frames->elements = 0;
	frames->have = 0;
}

/* Parameters: names and values, each with its NUL. A database that is not named has its user's name. */
static void parameters(const struct cs_db_frames *frames, const unsigned char *data, size_t len,
		       struct cs_db_asked *asked)
{
	size_t at = 0, name, value;

	if (len > frames->left)
		len = (size_t)frames->left;
	for (; at < len && data[at]; at += value + 1) {
		const unsigned char *text = data + at;

		name = cs_db_text(text, len - at);
		if (name == len - at)
			return;
		at += name + 1;
		value = cs_db_text(data + at, len - at);
		if (value == len - at)
			return;
		if (cs_db_word_is((const char *)text, name, "database"))
			cs_db_change(asked, data + at, value);
	}
}

static void query(const unsigned char *data, size_t len, uint32_t *kept, struct cs_db_asked *asked)
{
	char word[CS_OPERATION_MAX];

	cs_db_take(asked, kept, word, cs_db_statement(data, len, word));
}

/* A statement to be prepared: its own name comes first. */
static void parse(const unsigned char *data, size_t len, uint32_t *kept, struct cs_db_asked *asked)
{
	size_t at = 0;

	at = cs_db_text(data, len);
	query(data + (at < len ? at + 1 : len), len - (at < len ? at + 1 : len), kept, asked);
}

static void message(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		    uint32_t *kept, struct cs_db_asked *asked)
{
	if (len > frames->left)
		len = (size_t)frames->left;
	switch (frames->type) {
	case 'Q':
		asked->queries++;
		asked->answers++;
		query(data, len, kept, asked);
		break;
	case 'P':
		frames->part |= PARSED;
		parse(data, len, kept, asked);
		break;
	case 'B': /* of one that was prepared before, and not with this call */
		if (!(frames->part & PARSED) || !*kept)
			cs_db_take(asked, kept, "EXECUTE", 7);
		break;
	case 'E':
		frames->part &= (uint8_t)~PARSED;
		asked->queries++;
		asked->begins = true;
		break;
	case 'F': /* a function's call, of old */
		asked->queries++;
		asked->answers++;
		asked->begins = true;
		break;
	case 'S':
		asked->answers++;
		break;
	}
}

void cs_db_postgresql_ask(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			  uint32_t *kept, struct cs_db_asked *asked)
{
	size_t at = 0;

	while (at < len && !cs_db_is_broken(frames)) {
		if (frames->left)
			at += cs_db_skip(frames, len - at);
		else if (!(frames->part & TYPED)) {
			startup_byte(frames, data[at++], asked);
			if (frames->part & TYPED)
				parameters(frames, data + at, len - at, asked);
		} else if (header_byte(frames, data[at++]))
			message(frames, data + at, len - at, kept, asked);
	}
}

/* A byte of the fields of an error: each a type and a text, whose end is NUL. */
static void error_byte(struct cs_db_frames *frames, unsigned char byte,
		       struct cs_db_answered *answered)
{
	if (frames->part == FIELD)
		frames->part = byte == 'C' ? CODE : REST;
	else if (!byte)
		frames->part = FIELD;
	else if (frames->part == CODE && frames->code_len < SQLSTATE)
		frames->code[frames->code_len++] = (char)byte;
	if (--frames->left)
		return;
	for (unsigned i = 0; i < frames->code_len; i++) {
		if ((frames->code[i] < '0' || frames->code[i] > '9') &&
		    (frames->code[i] < 'A' || frames->code[i] > 'Z'))
			frames->code_len = 0;
	}
	cs_db_fail(answered, frames->code, frames->code_len == SQLSTATE ? SQLSTATE : 0);
	frames->part = 0;
}

/* To a question for encryption the answer is one letter, before any message. */
static bool is_letter_alone(const struct cs_db_frames *frames, unsigned char byte)
{
	return !frames->type && (byte == 'S' || byte == 'N' || byte == 'G');
}

void cs_db_postgresql_answer(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			     struct cs_db_answered *answered)
{
	size_t at = 0;

	while (at < len && !cs_db_is_broken(frames)) {
		if (frames->left && frames->part) {
			error_byte(frames, data[at++], answered);
		} else if (frames->left) {
			at += cs_db_skip(frames, len - at);
		} else if (is_letter_alone(frames, data[at])) {
			at++;
		} else if (header_byte(frames, data[at++])) {
			frames->part = frames->type == 'E' && frames->left ? FIELD : 0;
			frames->code_len = 0;
			answered->answers += frames->type == 'Z';
		}
	}
}
