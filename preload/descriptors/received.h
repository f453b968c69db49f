/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Descriptors that came with a message, and may be connections that another process accepted (Node's
 * cluster). What a descriptor is would be a system call to ask: one of these becomes a connection when
 * the first bytes that are read of it are a whole, well-formed request line, and else it is nobody's.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * cs_received_is_request() - do @len bytes begin with a request line of HTTP/1 (RFC 9112, 3), to its end?
 *
 * Context: signal (pure).
 */
bool cs_received_is_request(const unsigned char *data, size_t len);
