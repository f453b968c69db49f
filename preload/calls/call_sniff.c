/* SPDX-License-Identifier: Apache-2.0 */

/* Protocols of calls by their first bytes; see call_sniff.h. */
#include "preload/calls/call_sniff.h"

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

/* A startup message, one to cancel, or to encrypt (two kinds): a length, and a code that is no length. */
static bool is_postgresql(const unsigned char *data, size_t len)
{
	return len >= 8 && !data[0] && !data[1] &&
	       (starts(data + 4, 4, "\0\3\0\0", 4) || starts(data + 4, 4, "\0\3\0\2", 4) ||
		(starts(data + 4, 3, "\x04\xd2\x16", 3) && data[7] >= 0x2e && data[7] <= 0x30));
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

/* In the text of its version, as in "5.5.5-10.11.6-MariaDB": a client of old takes that for one of MySQL. */
bool cs_sniff_mariadb(const unsigned char *data, size_t len)
{
	for (size_t at = 5; at < len && data[at]; at++) {
		if (starts(data + at, len - at, "MariaDB", 7))
			return true;
	}
	return false;
}
