/* SPDX-License-Identifier: Apache-2.0 */

/* Ports for instances of mode http. */
#pragma once

#include <stdint.h>

#include "runtime/cleanup.h"

/*
 * The port is free when it is chosen, and is the instance's to bind; between the two anybody may
 * take it. Another runtime does not: its instance would be given this one's events. Each claims the
 * port by an abstract name (unix(7)), which belongs to the network namespace as ports do. And it
 * comes from outside the range that the kernel gives to outgoing connections, where nothing appears
 * by itself. That also keeps a try to connect before the instance listens from being given this very
 * port as its own, whereupon TCP would connect it to itself.
 */
struct cs_ports {
	uint16_t first, count; /* the range */
	uint16_t next; /* offset of the next candidate: a port is not given twice in a row */
};

/**
 * cs_ports_init() - choose the range
 * @range_text: content of /proc/sys/net/ipv4/ip_local_port_range; NULL: not known
 *
 * Context: startup.
 */
void cs_ports_init(struct cs_ports *ports, const char *range_text);

/** cs_ports_read() - cs_ports_init() with what the kernel says. Context: startup. */
void cs_ports_read(struct cs_ports *ports);

/**
 * cs_ports_take() - a port that nobody has on 127.0.0.1 right now
 * @ret_claim: a descriptor; no other runtime is given the port until it is closed. Negative: it could not
 *             be claimed (socket(2), bind(2): a sandbox without AF_UNIX)
 *
 * Context: loop.
 * Return:  0; -EADDRINUSE none found in 256 tries; another negative errno of socket.
 */
cs_must_use int cs_ports_take(struct cs_ports *ports, uint16_t *ret, int *ret_claim);
