/* SPDX-License-Identifier: Apache-2.0 */

/* What is served: /function/NAME and what follows it, and /healthz. */
#pragma once

#include "runtime/faas.h"
#include "runtime/problem.h"

/**
 * cs_gateway_open() - listen, and hand requests to the functions
 *
 * Context: startup. Fills in faas->http and faas->listener.
 * Return:  0; -EADDRINUSE and other errnos of bind and listen, described in @problem; -ENOMEM.
 */
cs_must_use int cs_gateway_open(struct cs_faas *faas, struct cs_problem *problem);

/** cs_gateway_port() - the port that is listened on. Context: startup. */
unsigned cs_gateway_port(const struct cs_faas *faas);

/** cs_gateway_stop() - take no more connections; requests on open ones are refused with 503. */
void cs_gateway_stop(struct cs_faas *faas);

/** cs_gateway_close() - close all connections, answered or not, when the loop has ended. */
void cs_gateway_close(struct cs_faas *faas);
