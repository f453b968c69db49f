/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a connection of the process's own speaks, by its first bytes, and which operation a message is.
 * Pure. Of a statement at most its first word is told, and only if it is one of SQL's own: never a
 * value. PostgreSQL: "Message Formats" of protocol 3.0; MySQL: "Connection Phase" and "Text Protocol";
 * Redis: RESP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/records.h"

#define CS_OPERATION_MAX 24u

/** cs_sniff_out() - by the first bytes that the process sends. Context: signal (pure). */
enum cs_call_protocol cs_sniff_out(const unsigned char *data, size_t len);

/** cs_sniff_in() - by those that the other side does, before any. Context: signal (pure). */
enum cs_call_protocol cs_sniff_in(const unsigned char *data, size_t len);

/** cs_sniff_tls() - does a TLS handshake begin here? Context: signal (pure). */
bool cs_sniff_tls(const unsigned char *data, size_t len);

/** cs_sniff_begins() - may a call begin with that, or is it of the connection's own making or end? */
bool cs_sniff_begins(enum cs_call_protocol protocol, const unsigned char *data, size_t len);

/**
 * cs_sniff_operation() - which operation begins with these bytes
 *
 * Context: signal (pure).
 * Return:  its length; 0: not known.
 */
size_t cs_sniff_operation(enum cs_call_protocol protocol, const unsigned char *data, size_t len,
			  char ret[CS_OPERATION_MAX]);
