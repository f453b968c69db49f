/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One direction of a TLS connection, as far as record headers tell (RFC 8446 section 5.1, RFC 5246
 * section 6.2.1), and of the first handshake messages the name that the client asks for and the version
 * that the server chose. Pure; nothing that is encrypted is looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_TLS_ALERT     21
#define CS_TLS_HANDSHAKE 22
#define CS_TLS_DATA      23

#define CS_TLS_NAME_MAX  255u /* of a server's name: RFC 1035 section 2.3.4 */

struct cs_tls_records {
	uint32_t left; /* bytes of the body of this record that are to come */
	uint16_t len;  /* of this record's body */
	uint8_t have;  /* bytes of the header so far */
	uint8_t type;
	uint8_t header[5];
	bool broken; /* it was no TLS after all: feed no more */
};

/* A piece of one record. */
struct cs_tls_piece {
	const unsigned char *body;
	size_t len;
	uint16_t record_len; /* of the whole body */
	uint8_t type;
	bool first; /* the body begins here */
};

/**
 * cs_tls_records_next() - the next piece of a record's body
 * @data: @len bytes
 *
 * Context: signal (pure).
 * Return:  bytes used, all of them if no piece is left; then ret_piece->len is 0.
 */
size_t cs_tls_records_next(struct cs_tls_records *tls, const unsigned char *data, size_t len,
			   struct cs_tls_piece *ret_piece);

/**
 * cs_tls_server_name() - the name in a ClientHello (RFC 6066 section 3)
 * @body: of a handshake record, as much of it as there is
 *
 * Context: signal (pure).
 * Return:  its length, within @body; 0: it has none, or is no ClientHello, or that part is not there.
 */
size_t cs_tls_server_name(const unsigned char *body, size_t len, const unsigned char **ret_name);

/** cs_tls_server_version() - 0x0303, 0x0304 of a ServerHello; 0: it is none. Context: signal (pure). */
uint16_t cs_tls_server_version(const unsigned char *body, size_t len);
