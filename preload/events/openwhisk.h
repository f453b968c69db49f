/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OpenWhisk's runtimes that are HTTP servers (Node.js, Java, .NET; docs of apache/openwhisk: actions-new.md,
 * "Action Interface"): POST /init brings the code of the action, once, POST /run is an event of it. The first is no
 * invocation but the start's last part: marks FETCH and LOADED, or a record that it failed. Of the second's body
 * the keys are taken that stdio_scan.h lists. Only where OpenWhisk's variables are (cs_shim.openwhisk): in any
 * other process these are paths like others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/conn.h"

/** cs_openwhisk_load() - what there is to say of a request that brings code. Context: signal. */
void cs_openwhisk_load(const struct cs_conn *conn, const struct cs_conn_event *event);

/** cs_openwhisk_runs() - does a request bring an event? Context: signal. */
bool cs_openwhisk_runs(const struct cs_http_text *text);

/* Its body, by the scratch memory of its connection. @data: NULL: unseen. Context: signal. */
void cs_openwhisk_body_begin(struct cs_conn *conn);
void cs_openwhisk_body_pass(struct cs_conn *conn, const unsigned char *data, size_t len);
void cs_openwhisk_body_end(struct cs_conn *conn, uint32_t sequence);
