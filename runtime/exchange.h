/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A request handed on to an instance and its answer handed back, over connections that are kept
 * for the next request. libevent's HTTP client does the talking.
 */
#pragma once

#include "runtime/instance.h"

/* How an exchange ended. */
enum cs_exchange_outcome {
	CS_EXCHANGE_ANSWERED = 1, /* the call was answered and is gone */
	CS_EXCHANGE_REFUSED,      /* nobody listens; nothing was sent */
	CS_EXCHANGE_BROKEN,       /* the connection ended before the answer did */
	CS_EXCHANGE_TOO_LONG,     /* the answer exceeds --max-payload-bytes */
	CS_EXCHANGE_MALFORMED,    /* the answer is no HTTP/1 */
	CS_EXCHANGE_INTERIM, /* the answer began with a 1xx, which libevent takes for the whole */
};

/**
 * cs_exchange_send() - hand the visit's request on
 *
 * The request goes out as it came: method, what follows /function/NAME, query, body, and all
 * headers but those that belong to one connection (RFC 9110 section 7.6.1) and Expect, which was
 * met already; X-Call-Id is added when the caller sent none.
 *
 * Context: loop.
 * Return:  0 under way, and the instance module's cs_instance_visited() will be called; a
 *          cs_exchange_outcome when it ended at once, and it will not; -ENOMEM likewise.
 */
cs_must_use int cs_exchange_send(struct cs_visit *visit);

/** cs_exchange_is_connected() - whether the instance has accepted, or will: it listens. */
bool cs_exchange_is_connected(const struct cs_visit *visit);

/** cs_exchange_abort() - end it now; cs_instance_visited() will not be called. */
void cs_exchange_abort(struct cs_visit *visit);

/** cs_instance_visited() - instance.c's: an exchange has ended. May free the visit. */
void cs_instance_visited(struct cs_visit *visit, enum cs_exchange_outcome outcome);

/** cs_links_deinit() - close all connections. Not from within libevent's HTTP callbacks. */
void cs_links_deinit(struct cs_link_list *links);
