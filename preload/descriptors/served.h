/* SPDX-License-Identifier: Apache-2.0 */

/* What the process is asked on the connections that it accepted, and answers, as records. */
#pragma once

#include <stdint.h>

#include "preload/http/conn.h"

extern const struct cs_conn_env cs_served_env;

/**
 * cs_served_received() - cs_conn_received() of such a connection
 *
 * Context: signal.
 */
void cs_served_received(struct cs_conn *conn, uint32_t generation, const struct iovec *iov,
			uint64_t bytes, uint64_t now_ns);

/** cs_served_sent() - cs_conn_sent() of one; the clock is asked for the end where it is needed. Context: signal. */
void cs_served_sent(struct cs_conn *conn, uint32_t generation, const struct iovec *iov,
		    uint64_t bytes, uint64_t begin_ns);

/**
 * cs_served_aside() - there is work that is no invocation, or it is over
 * @sequence: of the request, CS_ASIDE_CONNECTION: of the whole connection
 * @flags:    of struct cs_rec_aside
 *
 * Context: signal.
 */
void cs_served_aside(uint64_t connection, uint32_t sequence, unsigned flags, uint64_t time_ns);
