/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A port of loopback for a server that is started. It is the server's to bind; between the choice and that nobody
 * else of us takes it, who would be given its events: each claims it by the abstract name (unix(7)) by which
 * coldspan-faas claims those of its instances, which has its own copy of this (runtime/port.h; it includes nothing of
 * the rest of the project). It comes from outside the range that the kernel gives to outgoing connections: there a
 * try to connect, before the server listens, could be given this very port, and TCP would connect it to itself.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

/**
 * cs_port_take() - one that nobody has now
 * @range_text: content of /proc/sys/net/ipv4/ip_local_port_range; NULL: not known
 * @start: where the search begins; any number
 * @ret_claim: a descriptor; nobody of us is given the port until it is closed. Negative: there are no such names here
 *
 * Context: startup. Return: 0; -EADDRINUSE none was found in 256 tries; another negative errno of socket(2), bind(2).
 */
int cs_port_take(const char *range_text, uint16_t start, uint16_t *ret, int *ret_claim) cs_must_use;
