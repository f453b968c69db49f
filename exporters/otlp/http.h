/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Destination "otlp": one signal over HTTP/protobuf to an http:// endpoint, on the caller's loop. A
 * destination each for traces, metrics and logs: a server that does not take one of them, or a burst of
 * one, harms no other.
 *
 * One request at a time on a kept-alive connection. Retried are exactly the statuses 429, 502, 503
 * and 504 and failures of the transport, with growing waits, at least as long as the server's
 * Retry-After; every other refusal drops its items at once. 413 halves a request once. What waits
 * is bounded in bytes; beyond them new batches are dropped.
 *
 * Format: OpenTelemetry specification, protocol/otlp.md ("OTLP/HTTP"), protocol/exporter.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "exporters/exporter.h"

struct event_base;

#define CS_OTLP_DEFAULT_URL "http://localhost:4318"

struct cs_otlp_http_options {
	enum cs_signal signal;  /* set before the rest is read from the environment */
	const char *url;        /* base: /v1/traces and so on is appended; NULL: see signal_url */
	const char *signal_url; /* used as it is, before `url`; both NULL: CS_OTLP_DEFAULT_URL */
	const char *headers;    /* name=value,… percent-encoded; NULL: none */
	uint32_t timeout_ms;    /* of one attempt; 0: none */
	size_t queue_bytes;     /* of encoded requests that wait or are under way */
	size_t request_bytes;   /* of one request */
	size_t reply_bytes;     /* of a reply's body; a longer one is a refusal */
	uint32_t backoff_first_ms; /* first wait before a retry */
	uint32_t backoff_max_ms;
	uint32_t give_up_ms; /* age at which a request that failed again is dropped */
};

/** cs_otlp_http_options_init() - the defaults. Context: any-thread. */
void cs_otlp_http_options_init(struct cs_otlp_http_options *options);

/** cs_otlp_warn_fn() - a variable that cannot be followed: one line for people. */
typedef void (*cs_otlp_warn_fn)(const char *text);

/**
 * cs_otlp_http_options_from_env() - fill in what OTEL_EXPORTER_OTLP_* says
 * @warn: told of each variable that is set to what we cannot do, or to nonsense; may be NULL
 *
 * ENDPOINT, HEADERS and TIMEOUT, each with TRACES_, METRICS_ or LOGS_ before it, as the signal
 * is, winning; empty is unset. An `url` or `signal_url` that is set already (a command line flag) stays.
 * PROTOCOL, COMPRESSION, CERTIFICATE, CLIENT_KEY, CLIENT_CERTIFICATE and OTEL_SDK_DISABLED can only be
 * warned of yet: the specification
 * (configuration/sdk-environment-variables.md) wants such values to be said and passed over.
 * Ownership: points into the environment.
 * Context:   startup.
 */
void cs_otlp_http_options_from_env(struct cs_otlp_http_options *options, cs_otlp_warn_fn warn);

/**
 * cs_otlp_http_new() - a destination; connects at the first batch
 * @base:    must outlive it
 * @options: copied
 * @ret:     free with cs_exporter_free(); untouched on failure
 *
 * The program must ignore SIGPIPE.
 * Context: loop.
 * Return:  0; as cs_endpoint_parse() and cs_otlp_headers_parse().
 */
int cs_otlp_http_new(struct event_base *base, const struct cs_otlp_http_options *options,
		     struct cs_exporter **ret, struct cs_diag *diag) cs_must_use;
