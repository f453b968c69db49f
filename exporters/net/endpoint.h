/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The URL of an HTTP destination, taken apart once. Pure: no look-up, no connection.
 *
 * Format: RFC 3986, read by libevent's parser; OpenTelemetry specification, protocol/exporter.md,
 * "Endpoint URLs for OTLP/HTTP".
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"

#define CS_ENDPOINT_HOST_MAX 256 /* a DNS name has at most 253 bytes */
#define CS_ENDPOINT_PATH_MAX 1024

struct cs_endpoint {
	char host[CS_ENDPOINT_HOST_MAX]; /* name or address; IPv6 without brackets */
	uint16_t port;
	char path[CS_ENDPOINT_PATH_MAX];           /* begins with '/'; with the query, if any */
	char authority[CS_ENDPOINT_HOST_MAX + 16]; /* value of the Host header */
};

/**
 * cs_endpoint_parse() - take @url apart
 * @append: path to append to the URL's own ("v1/traces"), or NULL: the URL is used as it is
 * @ret:    untouched on failure
 * @diag:   what is wrong and what to write instead; may be NULL
 *
 * Context: any-thread.
 * Return:  0; -EINVAL no http URL; -EPROTONOSUPPORT https; -ENAMETOOLONG; -ENOMEM.
 */
int cs_endpoint_parse(const char *url, const char *append, struct cs_endpoint *ret,
		      struct cs_diag *diag) cs_must_use;
