/* SPDX-License-Identifier: Apache-2.0 */

/* Who a process is, out of its segment's header. The header is a private copy, but hostile. Pure. */
#pragma once

#include "base/arena.h"
#include "collector/assembler/model.h"
#include "preload/wire/abi.h"

/* The identity strings that others ask for. NULL: not there. Live in the arena. */
struct cs_identity_env {
	const char *method; /* Http_Method; REQUEST_METHOD of CGI */
	const char *path;   /* Http_Path; REQUEST_URI of CGI */
	/*
	 * The event's headers as lines of inbound.h, out of Http_* (HTTP_* under CGI); where these
	 * name no trace, also TRACEPARENT and TRACESTATE of the environment.
	 */
	const char *headers;
};

/**
 * cs_identity_read() - fill in from a header
 * @header: private copy
 * @arena:  receives the strings, repaired and cut
 *
 * Context: any-thread.
 * Return:  0; -ENOMEM.
 */
int cs_identity_read(const struct cs_header *header, struct cs_arena *arena,
		     struct cs_identity *ret, struct cs_identity_env *ret_env);
