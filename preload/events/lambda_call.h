/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a client of the Lambda Runtime API says and is told, out of the texts that the HTTP scanners
 * keep: which call a request is, whose answer, and where the service is. Pure. Paths and headers:
 * AWS's guide for custom runtimes, API version 2018-06-01; of extensions, which ask the same service:
 * its guide to the Extensions API, version 2020-01-01.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/http/http.h"

struct sockaddr;

/* AWS_LAMBDA_RUNTIME_API, as far as it can be held against an address without asking anybody. */
struct cs_lambda_api {
	uint16_t port;    /* 0: there is none */
	bool numeric;     /* @address is what the name says; else any address will do */
	uint32_t address; /* IPv4, host order */
};

enum cs_lambda_call {
	CS_LAMBDA_OTHER,
	CS_LAMBDA_NEXT,
	CS_LAMBDA_RESPONSE,
	CS_LAMBDA_ERROR,
	CS_LAMBDA_INIT_ERROR,
	CS_LAMBDA_RESTORE_NEXT,
	CS_LAMBDA_RESTORE_ERROR,
	CS_LAMBDA_REGISTER,
};

/* A part of the bytes of a struct cs_http_text. */
struct cs_lambda_part {
	uint16_t offset;
	uint16_t len;
};

/** cs_lambda_api_read() - from "host:port"; port 0 if it is nothing of the kind (runtime_api.h). Context: signal. */
void cs_lambda_api_read(struct cs_lambda_api *api, const char *value);

/** cs_lambda_api_is() - may it be at that address? Context: signal (pure). */
bool cs_lambda_api_is(const struct cs_lambda_api *api, const struct sockaddr *address,
		      uint32_t len);

/**
 * cs_lambda_call_of() - which call is a request?
 * @ret_id: of RESPONSE and ERROR: the id of the event
 *
 * Context: signal (pure). Anything that is not exactly a call is another.
 */
enum cs_lambda_call cs_lambda_call_of(const struct cs_http_text *text,
				      struct cs_lambda_part *ret_id);

/** cs_lambda_event_id() - of the response to NEXT; false: it has none. Context: signal (pure). */
bool cs_lambda_event_id(const struct cs_http_text *text, struct cs_lambda_part *ret_id);
