/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a process serves beside the requests that are told of: health probes, and connections that are not
 * followed (TLS, HTTP/2, a tunnel, a head that is not understood). Nothing is told of these, but whoever is in
 * flight meanwhile is not the only one: see attribution.h. Pure.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct cs_rec_aside;

#define CS_ASIDES_MAX 1024u /* of an instance, at once: a server of TLS alone has no use for more */

/* Of a struct cs_assembled. Zeros are a good beginning. */
struct cs_asides {
	SLIST_HEAD(, cs_aside) list; /* newest first */
	unsigned count;
	uint64_t over_ns;            /* when the last one ended */
	uint64_t connection_over_ns; /* idem, of connections */
};

/** cs_asides_deinit() - forget all. */
void cs_asides_deinit(struct cs_asides *asides);

/**
 * cs_asides_tell() - a record of it, of process @tag
 *
 * Return: false: there are too many, or there is no memory. It will never be known when that one is over.
 */
bool cs_asides_tell(struct cs_asides *asides, uint32_t tag, const struct cs_rec_aside *rec,
		    uint64_t time_ns);

/** cs_asides_since() - was there anything in @tag from @since_ns on, or in another and is over? */
bool cs_asides_since(const struct cs_asides *asides, uint32_t tag, uint64_t since_ns);

/** cs_asides_connected_since() - the same, but of connections alone. */
bool cs_asides_connected_since(const struct cs_asides *asides, uint32_t tag, uint64_t since_ns);
