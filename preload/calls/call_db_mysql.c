/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MySQL's and MariaDB's packets: a length, a number, a body. Number 0 is the first of a command. Compressed
 * ones have a header of their own, with the length before; what is too short for that stands there as it is.
 */
#include "preload/calls/call_db_words.h"

#define HEADER        4u
#define PACKED_HEADER 7u
#define LENGTH_MAX    0xffffffu /* of a packet with this length the next one is the rest */
#define ERROR         0xffu     /* an answer's first byte: a code follows */
#define ERROR_LENGTH  3u

/* Of what goes out */
#define LOGIN  1u /* the client has told its capabilities */
#define PACKS  2u /* among them that it compresses, once that is over */
#define PACKED 4u

/* Of what comes in */
#define GOES_ON 1u

/* Capabilities, bytes 0 and 3: CLIENT_COMPRESS; CLIENT_ZSTD_COMPRESSION_ALGORITHM */
#define COMPRESS 0x20u
#define ZSTD     0x04u

enum {
	QUIT = 0x01,
	INIT_DB = 0x02,
	QUERY = 0x03,
	PING = 0x0e,
	PREPARE = 0x16,
	EXECUTE = 0x17,
	SEND_LONG_DATA = 0x18,
	CHANGE_USER = 0x11,
	CLOSE = 0x19,
};

/* Of the client's capabilities, in bytes 0 to 2 of its login; and what stands behind them (41 of the protocol) */
#define WITH_DATABASE 0x08u
#define NEW           0x02u /* it is of 41 */
#define SECURE        0x80u
#define LENGTHS       0x20u
#define LOGIN_FIXED   32u
#define LENGTH_LONG   0xfbu /* more bytes of a length follow */

/* Behind a comment may stand what is not looked for: "USE". */
static bool begins_with_comment(const unsigned char *data, size_t len)
{
	while (len && (*data == ' ' || *data == '\t' || *data == '\r' || *data == '\n')) {
		data++;
		len--;
	}
	return len && (*data == '/' || *data == '-' || *data == '#');
}

static void command(unsigned char which, const unsigned char *data, size_t len, uint32_t *kept,
		    struct cs_db_asked *asked)
{
	char word[CS_OPERATION_MAX];

	asked->apart = which == QUIT || which == SEND_LONG_DATA || which == CLOSE;
	if (asked->apart)
		return;
	asked->queries++;
	if (which == QUERY) {
		size_t n = cs_db_statement(data, len, word);

		cs_db_take(asked, kept, word, n);
		if (cs_db_word_is(word, n, "USE") || begins_with_comment(data, len))
			cs_db_change(asked, NULL, 0);
	} else if (which == PREPARE)
		cs_db_take(asked, kept, "PREPARE", 7);
	else if (which == EXECUTE)
		cs_db_take(asked, kept, "EXECUTE", 7);
	else if (which == PING)
		cs_db_take(asked, kept, "PING", 4);
	else
		cs_db_take(asked, kept, "USE", which == INIT_DB ? 3 : 0);
	if (which == INIT_DB || which == CHANGE_USER)
		cs_db_change(asked, NULL, 0);
}

/* Which database a login names. @data: @len bytes behind the first of its body, which is @first */
static void login(unsigned char first, const unsigned char *data, size_t len,
		  struct cs_db_asked *asked)
{
	size_t at = LOGIN_FIXED - 1, n;

	if (!(first & WITH_DATABASE) || at >= len || !(data[0] & NEW))
		return;
	at += cs_db_text(data + at, len - at) + 1; /* who */
	if (at >= len)
		return;
	if (!(data[0] & SECURE) && !(data[1] & LENGTHS))
		at += cs_db_text(data + at, len - at) + 1;
	else if (data[at] < LENGTH_LONG)
		at += 1u + data[at];
	else
		return;
	if (at >= len)
		return;
	n = cs_db_text(data + at, len - at);
	cs_db_change(asked, data + at, n < len - at ? n : 0);
}

/* The length and number of a packet, bytes 0 to 3. */
static void header_byte(struct cs_db_frames *frames, unsigned char byte)
{
	if (frames->have < 3)
		frames->number |= (uint32_t)byte << 8 * frames->have;
	else if (frames->have == 3)
		frames->type = byte;
	frames->have++;
}

static void next(struct cs_db_frames *frames, uint64_t left)
{
	frames->left = left;
	frames->number = frames->elements = 0;
	frames->have = 0;
}

/* Byte 4 on of a packet that is compressed, or could be: with one that is nothing more is known of it. */
static void packed_byte(struct cs_db_frames *frames, unsigned char byte, const unsigned char *data,
			size_t len, uint32_t *kept, struct cs_db_asked *asked)
{
	uint32_t length = frames->number;

	if (frames->have < PACKED_HEADER)
		frames->elements |= byte;
	if (++frames->have < PACKED_HEADER)
		return;
	if (frames->type || frames->elements || length <= HEADER) {
		if (!frames->type) {
			asked->queries++;
			cs_db_take(asked, kept, "", 0);
			cs_db_change(asked, NULL, 0); /* it may be one */
		}
		next(frames, length);
	} else if (frames->have == PACKED_HEADER + HEADER + 1) {
		command(byte, data, len, kept, asked);
		next(frames, length - HEADER - 1);
	}
}

/* The first byte of a packet's body. */
static void body_byte(struct cs_db_frames *frames, unsigned char byte, const unsigned char *data,
		      size_t len, uint32_t *kept, struct cs_db_asked *asked)
{
	if (len > frames->number - 1)
		len = frames->number - 1;
	if (!frames->type) {
		command(byte, data, len, kept, asked);
		if (byte == INIT_DB && len == frames->number - 1)
			cs_db_change(asked, data, len);
	} else if (!(frames->part & LOGIN)) {
		frames->part |= LOGIN;
		login(byte, data, len, asked);
		if (byte & COMPRESS || (len >= 3 && data[2] & ZSTD))
			frames->part |= PACKS;
	}
	next(frames, frames->number - 1);
}

static void ask_byte(struct cs_db_frames *frames, unsigned char byte, const unsigned char *data,
		     size_t len, uint32_t *kept, struct cs_db_asked *asked)
{
	if (frames->have >= HEADER && frames->part & PACKED) {
		packed_byte(frames, byte, data, len, kept, asked);
	} else if (frames->have >= HEADER) {
		body_byte(frames, byte, data, len, kept, asked);
	} else {
		header_byte(frames, byte);
		if (frames->have < HEADER)
			return;
		if (frames->part & PACKS && !frames->type)
			frames->part |= PACKED;
		if (!frames->number && !(frames->part & PACKED))
			next(frames, 0);
	}
}

void cs_db_mysql_ask(struct cs_db_frames *frames, const unsigned char *data, size_t len,
		     uint32_t *kept, struct cs_db_asked *asked)
{
	size_t at = 0;

	while (at < len) {
		if (frames->left) {
			at += cs_db_skip(frames, len - at);
			continue;
		}
		ask_byte(frames, data[at], data + at + 1, len - at - 1, kept, asked);
		at++;
	}
	asked->packed = frames->part & PACKED;
}

static void fail(struct cs_db_answered *answered, uint32_t number)
{
	char code[5]; /* of two bytes */
	unsigned at = sizeof(code);

	do {
		code[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	cs_db_fail(answered, code + at, sizeof(code) - at);
}

/* A byte of a body's beginning. @length: of the body; @after: what comes when it has begun. */
static void answer_byte(struct cs_db_frames *frames, unsigned char byte, unsigned place,
			uint64_t after, struct cs_db_answered *answered)
{
	if (place == 0 && byte != ERROR) {
		next(frames, after - 1);
	} else if (place > 0) {
		frames->elements |= (uint32_t)byte << 8 * (place - 1);
		if (place + 1 == ERROR_LENGTH) {
			fail(answered, frames->elements);
			next(frames, after - ERROR_LENGTH);
		}
	}
}

static void plain_byte(struct cs_db_frames *frames, unsigned char byte,
		       struct cs_db_answered *answered)
{
	bool goes_on = frames->part & GOES_ON;

	if (frames->have >= HEADER) {
		answer_byte(frames, byte, frames->have++ - HEADER, frames->number, answered);
		return;
	}
	header_byte(frames, byte);
	if (frames->have < HEADER)
		return;
	frames->part = frames->number == LENGTH_MAX ? GOES_ON : 0;
	if (goes_on || frames->number < ERROR_LENGTH)
		next(frames, frames->number);
}

/* Of what is compressed the beginning says whether it is an error, if that was too short for it. */
static void packed_answer_byte(struct cs_db_frames *frames, unsigned char byte,
			       struct cs_db_answered *answered)
{
	unsigned place = frames->have;

	if (place < HEADER) {
		header_byte(frames, byte);
		return;
	}
	if (place < PACKED_HEADER && byte) {
		next(frames, UINT64_MAX);
		return;
	}
	frames->have++;
	if (place >= PACKED_HEADER + HEADER)
		answer_byte(frames, byte, place - PACKED_HEADER - HEADER, UINT64_MAX, answered);
}

void cs_db_mysql_answer(struct cs_db_frames *frames, const unsigned char *data, size_t len,
			bool packed, struct cs_db_answered *answered)
{
	size_t at = 0;

	while (at < len) {
		if (frames->left)
			at += cs_db_skip(frames, len - at);
		else if (packed)
			packed_answer_byte(frames, data[at++], answered);
		else
			plain_byte(frames, data[at++], answered);
	}
}
