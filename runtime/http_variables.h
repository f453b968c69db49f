/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A request as environment variables, as OpenFaaS' classic watchdog hands it to a process: each
 * header as Http_ and its name in Go's canonical case with '_' for '-', the first value only, and
 * Http_Method, Http_Path, Http_Query, Http_Host, Http_ContentLength, Http_Content_Length and
 * Http_Transfer_Encoding.
 */
#pragma once

#include <stddef.h>

#include "runtime/call.h"
#include "runtime/cleanup.h"
#include "runtime/variables.h"

#define CS_HTTP_VARIABLE_MAX 256 /* bytes of a variable's name with its NUL */

/**
 * cs_http_variable_name() - the variable that a header becomes: x-call-id → Http_X_Call_Id
 * @header: its name as received
 * @buf:    of CS_HTTP_VARIABLE_MAX bytes; receives the name
 *
 * Context: loop.
 * Return:  0; -EINVAL not a token (RFC 9110 section 5.6.2), or too long;
 *          -EPERM "Proxy": as Http_Proxy, programs that fold the case of variables would take it
 *          for the proxy that their own requests are to go through ("httpoxy").
 */
cs_must_use int cs_http_variable_name(const char *header, char *buf);

/**
 * cs_http_variables_add() - add the request of @call to @variables
 *
 * Headers that cannot be variables are left out. The runtime's own names win over headers of the
 * same name.
 *
 * Context: loop.
 * Return:  0; -ENOMEM; -EILSEQ the path has a NUL byte.
 */
cs_must_use int cs_http_variables_add(struct cs_variables *variables, const struct cs_call *call);
