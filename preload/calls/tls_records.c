/* SPDX-License-Identifier: Apache-2.0 */

/* TLS by its record headers; see tls_records.h. */
#include "preload/calls/tls_records.h"

#define BODY_MAX           (16384u + 2048u) /* RFC 5246 section 6.2.3: the longest that there is */
#define CLIENT_HELLO       1
#define SERVER_HELLO       2
#define EXTENSION_NAME     0
#define EXTENSION_VERSIONS 43
#define HELLO_FIXED        38 /* type, length, version and random: what both begin with */

static bool is_header(const unsigned char *header, uint16_t len)
{
	return header[0] >= 20 && header[0] <= 24 && header[1] == 3 && header[2] <= 4 &&
	       len <= BODY_MAX;
}

/* Take what is missing of the header. */
static size_t take_header(struct cs_tls_records *tls, const unsigned char *data, size_t len)
{
	size_t used = 0;

	while (used < len && tls->have < sizeof(tls->header))
		tls->header[tls->have++] = data[used++];
	if (tls->have < sizeof(tls->header))
		return used;
	tls->len = (uint16_t)(tls->header[3] << 8 | tls->header[4]);
	tls->left = tls->len;
	tls->type = tls->header[0];
	if (!is_header(tls->header, tls->len))
		tls->broken = true;
	if (!tls->left)
		tls->have = 0;
	return used;
}

size_t cs_tls_records_next(struct cs_tls_records *tls, const unsigned char *data, size_t len,
			   struct cs_tls_piece *ret_piece)
{
	size_t used = 0, piece;

	*ret_piece = (struct cs_tls_piece){ .len = 0 };
	while (used < len && !tls->left && !tls->broken)
		used += take_header(tls, data + used, len - used);
	if (tls->broken)
		return len;
	piece = len - used < tls->left ? len - used : tls->left;
	if (!piece)
		return len;
	*ret_piece = (struct cs_tls_piece){ .body = data + used,
					    .len = piece,
					    .record_len = tls->len,
					    .type = tls->type,
					    .first = tls->left == tls->len };
	tls->left -= (uint32_t)piece;
	if (!tls->left)
		tls->have = 0;
	return used + piece;
}

static size_t read16(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* Skip what has its length in @width bytes before it; past the end: @len. */
static size_t skip(const unsigned char *body, size_t len, size_t at, unsigned width)
{
	size_t n;

	if (len < at + width)
		return len;
	n = width == 1 ? body[at] : read16(body + at);
	return at + width + n < len ? at + width + n : len;
}

/* Where the content of an extension stands; 0: it is not there. */
static size_t find_extension(const unsigned char *body, size_t len, size_t at, unsigned type,
			     size_t *ret_len)
{
	if (len < at + 2)
		return 0;
	at += 2;
	while (len >= at + 4) {
		size_t n = read16(body + at + 2);

		if (read16(body + at) == type) {
			*ret_len = n;
			return len - at - 4 >= n ? at + 4 : 0;
		}
		at += 4 + n;
	}
	return 0;
}

size_t cs_tls_server_name(const unsigned char *body, size_t len, const unsigned char **ret_name)
{
	size_t at, n;

	if (len < HELLO_FIXED || body[0] != CLIENT_HELLO)
		return 0;
	at = skip(body, len, HELLO_FIXED, 1); /* session id */
	at = skip(body, len, at, 2);          /* cipher suites */
	at = skip(body, len, at, 1);          /* compression */
	at = find_extension(body, len, at, EXTENSION_NAME, &n);
	/* A list of one: its length, type 0 (a host's name), the name's length. */
	if (!at || n < 5 || body[at + 2] != 0)
		return 0;
	*ret_name = body + at + 5;
	n = read16(body + at + 3) <= n - 5 ? read16(body + at + 3) : 0;
	return n <= CS_TLS_NAME_MAX ? n : 0;
}

uint16_t cs_tls_server_version(const unsigned char *body, size_t len)
{
	size_t at, n;

	if (len < HELLO_FIXED || body[0] != SERVER_HELLO)
		return 0;
	at = skip(body, len, HELLO_FIXED, 1);
	at = find_extension(body, len, at + 3 < len ? at + 3 : len, EXTENSION_VERSIONS, &n);
	return (uint16_t)(at && n == 2 ? read16(body + at) : read16(body + 4));
}
