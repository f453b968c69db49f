/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Addresses of one host: at once if it is an address or "localhost", else by libevent's resolver,
 * which is made (reads /etc/resolv.conf and /etc/hosts) at the first name that needs it.
 */
#pragma once

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define CS_ADDRESSES_MAX 8u

struct event_base;
struct evdns_base;
struct cs_lookup;

/** cs_addresses_fn() - the look-up ended. @error: 0, or one of EVUTIL_EAI_*. */
typedef void (*cs_addresses_fn)(void *user, int error);

struct cs_addresses {
	char text[CS_ADDRESSES_MAX][INET6_ADDRSTRLEN];
	size_t count;
	struct evdns_base *dns;   /* owned; NULL until needed */
	struct cs_lookup *lookup; /* under way; frees itself */
	cs_addresses_fn fn;
	void *user;
};

/**
 * cs_addresses_find() - fill in the addresses of @host
 * @fn: told the end of a look-up, perhaps from inside this function; not if 0 or less is returned
 *
 * Context: loop.
 * Return:  0 they are there; 1 @fn is or was told; -ENOMEM; -EIO no resolver.
 */
int cs_addresses_find(struct cs_addresses *addresses, struct event_base *base, const char *host,
		      cs_addresses_fn fn, void *user) cs_must_use;

/** cs_addresses_abandon() - forget a look-up under way: `fn` is not called. */
void cs_addresses_abandon(struct cs_addresses *addresses);

/**
 * cs_addresses_refusal() - why nobody answers at an address, as far as one connect() tells at once
 *
 * libevent's HTTP client loses the errno of a connection that failed. On this host and without a
 * route the kernel knows at once (2 ms are waited); elsewhere it takes a round trip that nobody
 * waits for.
 * Return: an errno; 0 not known.
 */
int cs_addresses_refusal(const char *address, uint16_t port);

/** cs_addresses_deinit() - abandon, and free the resolver. Accepts zeroes. */
void cs_addresses_deinit(struct cs_addresses *addresses);
