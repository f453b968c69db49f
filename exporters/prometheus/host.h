/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses to listen on, and what a Host header names. Pure. Context of all: any-thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/**
 * cs_host_split() - take "HOST:PORT", "[IPV6]:PORT" or "PORT" apart
 * @host: at least @size bytes; "" for a port alone; without brackets
 *
 * Return: 0; -EINVAL; -ENAMETOOLONG.
 */
int cs_host_split(const char *address, char *host, size_t size, uint16_t *port) cs_must_use;

/**
 * cs_host_allowed() - may a request with this Host header be answered? (RFC 9110, section 7.2)
 * @header: NULL: it has none, as in HTTP/1.0
 * @own:    the name that we listen on
 *
 * Addresses are: no page of the web has one of ours for a name. Of names only "localhost" and @own.
 */
bool cs_host_allowed(const char *header, const char *own);
