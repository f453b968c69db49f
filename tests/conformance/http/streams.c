/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/conformance/http/streams.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const requests[] = {
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hello?name=x#y HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
	"HEAD /x HTTP/1.0\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET http://user:pw@host:81/a/b?c HTTP/1.1\r\nHost: host\r\n\r\n",
	"GET http://host HTTP/1.1\r\nHost: host\r\n\r\n",
	"CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n",
	"M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n",
	"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
	"POST /p HTTP/1.1\r\nContent-Length:0\r\nExpect: 100-continue\r\n\r\n",
	"PUT /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	"PUT /p HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked \r\n\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
	("POST /f HTTP/1.1\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
	 "X-Request-Id:7\r\nB3: \t0 \t\r\nX-Call-Id: a b\tc\r\nCookie: k=v\r\nContent-Length: 2\r\n\r\nhi"),
	"GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	"\r\nPATCH /after/an/empty/line HTTP/1.1\r\nHost: a\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
};
static const char *const responses[] = {
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
	"HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\n",
	"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\nA;x\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
	"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
	"HTTP/1.1 201 \r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 404\r\nContent-Length: 1\r\n\r\nx",
	"HTTP/1.0 200 OK\r\n\r\nuntil the end",
	"HTTP/1.1 500 Oh\r\nTransfer-Encoding: gzip\r\n\r\nx",
};
/* What makes two parsers disagree. */
static const char *const pieces[] = {
	"\r\n",
	"\n",
	"\r",
	" ",
	"\t",
	":",
	"\0x" /* NUL */,
	"\x7f",
	"\x80",
	",",
	";",
	"0",
	"1",
	"ffffffffffffffff",
	"Content-Length: 1\r\n",
	"Content-Length: 1, 1\r\n",
	"Content-Length: +1\r\n",
	"Content-Length: \r\n",
	"Content-Length: 99999999999999999999\r\n",
	"Content-Length : 1\r\n",
	"Content-Length: 1 1\r\n",
	"Transfer-Encoding: chunked\r\n",
	"Transfer-Encoding: identity\r\n",
	"Transfer-Encoding: chunked, gzip\r\n",
	"Transfer-Encoding: xchunked\r\n",
	"Transfer-Encoding: chunked, chunked\r\n",
	"Transfer-Encoding:\r\n",
	"Transfer-Encoding : chunked\r\n",
	"Transfer-Encoding: ,chunked\r\n",
	"Transfer-Encoding: chunked;q=1\r\n",
	"Transfer-Encodings: chunked\r\n",
	" folded\r\n",
	"\tfolded\r\n",
	"Name\r\n",
	": empty\r\n",
	"N a: b\r\n",
	"N(: b\r\n",
	"HTTP/1.1",
	"HTTP/0.9",
	"HTTP/1.2",
	"http/1.1",
	"0\r\n\r\n",
	"x-request-id: \xff\xfe\r\n",
	"traceparent:\r\n",
	"Upgrade: h2c\r\n",
	"Connection: upgrade, close\r\n",
};

uint32_t stream_number(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state >> 32) % below);
}

static void insert(struct stream *stream, size_t at, const void *bytes, size_t len)
{
	if (len > STREAM_MAX - stream->len)
		return;
	memmove(stream->bytes + at + len, stream->bytes + at, stream->len - at);
	memcpy(stream->bytes + at, bytes, len);
	stream->len += len;
}

static void cut_out(struct stream *stream, size_t at, size_t len)
{
	if (len > stream->len - at)
		len = stream->len - at;
	memmove(stream->bytes + at, stream->bytes + at + len, stream->len - at - len);
	stream->len -= len;
}

/* Where a line begins, somewhere in it. */
static size_t some_line(const struct stream *stream, uint64_t *state)
{
	size_t at = stream_number(state, (uint32_t)stream->len);

	while (at && stream->bytes[at - 1] != '\n')
		at--;
	return at;
}

static void mutate(struct stream *stream, uint64_t *state)
{
	size_t at = stream_number(state, (uint32_t)stream->len);
	const char *piece = pieces[stream_number(state, COUNT(pieces))];
	size_t piece_len = *piece ? strlen(piece) : 1;
	uint8_t copy[64];
	size_t len;

	switch (stream_number(state, 7)) {
	case 0:
		stream->bytes[at] = (uint8_t)stream_number(state, 256);
		break;
	case 1:
		stream->bytes[at] = (uint8_t)piece[0];
		break;
	case 2:
		insert(stream, at, piece, piece_len);
		break;
	case 3:
	case 4:
		insert(stream, some_line(stream, state), piece, piece_len);
		break;
	case 5:
		cut_out(stream, at, 1 + stream_number(state, 4));
		break;
	default:
		len = stream->len - at < sizeof(copy) ? stream->len - at : sizeof(copy);
		memcpy(copy, stream->bytes + at, len);
		/* One after the other: in which order arguments are made is the compiler's choice. */
		at = stream_number(state, (uint32_t)stream->len);
		insert(stream, at, copy, 1 + stream_number(state, (uint32_t)len));
	}
}

void stream_make(struct stream *ret, uint64_t *state, bool of_responses)
{
	const char *const *messages = of_responses ? responses : requests;
	uint32_t count = of_responses ? COUNT(responses) : COUNT(requests);

	ret->len = 0;
	for (uint32_t n = 1 + stream_number(state, 4); n; n--) {
		const char *message = messages[stream_number(state, count)];

		insert(ret, ret->len, message, strlen(message));
	}
	for (uint32_t n = stream_number(state, 4); n && ret->len; n--)
		mutate(ret, state);
}
