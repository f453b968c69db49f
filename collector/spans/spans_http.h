/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the semantic conventions for HTTP say of spans of both kinds, of servers and of clients. Pure, but for
 * cs_http_methods(): OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS of the collector's environment replaces them.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>

#include "collector/spans/attr_list.h"
#include "exporters/telemetry.h"

/* Whom a request asked, and for what. */
struct cs_http_target {
	char address[CS_TELEMETRY_STRING_MAX]; /* server.address */
	char url[CS_TELEMETRY_STRING_MAX];     /* url.full: as far as the target was kept */
	unsigned port;                         /* server.port */
};

/** cs_http_methods() - those that are known, by commas. Ownership: the environment's, or nobody's. */
const char *cs_http_methods(void);

/** cs_http_method() - as it is told: itself, if it is one of @known, else "_OTHER"; NULL of NULL */
const char *cs_http_method(const char *known, const char *method);

/** cs_http_span_name() - the method, if it is known: a path is none ("Name"). @told: cs_http_method() of it */
const char *cs_http_span_name(const char *told);

/** cs_spans_add_method() - http.request.method, and .method_original where that is another. Both NULL: none */
void cs_spans_add_method(struct cs_attr_list *list, const char *told, const char *method);

/** cs_spans_add_http_version() - network.protocol.version. @version: 10, 11, 20; else it is not known */
void cs_spans_add_http_version(struct cs_attr_list *list, unsigned version);

/**
 * cs_http_target_read() - the URL that a request asked for, by RFC 9112 section 3.3
 * @method:  NULL: unknown
 * @target:  of the request line, in any of its four forms
 * @host:    of the Host header; NULL or "": there is none
 * @address: where the connection leads, if nothing else says it; NULL: not known, or no host
 * @port:    idem; 0: not known
 *
 * Names and words in front of a host are replaced.
 * Return: false: nobody said whom; @ret is undefined.
 */
bool cs_http_target_read(const char *method, const char *target, const char *host,
			 const char *address, unsigned port, struct cs_http_target *ret);
