/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OpenWhisk: what an event says of its action, whether it came as a line of a loop (stdio_loop.h) or as a POST
 * (preload/events/openwhisk.h), and code that was brought and did not load. Inside of the assembler.
 *
 * Context of all: loop.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "preload/wire/records.h"

struct cs_assembled;

/** cs_openwhisk_event_new() - from lines "name: value\n". NULL: there is no memory. */
struct cs_whisk_event *cs_openwhisk_event_new(const char *lines, size_t len) cs_must_use;

/** cs_openwhisk_event_free() - Accepts NULL. */
void cs_openwhisk_event_free(struct cs_whisk_event *event);

/** cs_openwhisk_event_bytes() - of memory that it takes; 0 for NULL. */
size_t cs_openwhisk_event_bytes(const struct cs_whisk_event *event);

/**
 * cs_openwhisk_name() - a process was started before it was told which action it is; an event says so
 *
 * It is the same one for the life of the process. What its environment has said stands.
 */
void cs_openwhisk_name(struct cs_assembled *instance, const struct cs_whisk_event *event);

/** cs_openwhisk_on_load_failed() - code that a request had brought was refused. The last one counts. */
void cs_openwhisk_on_load_failed(struct cs_assembled *instance,
				 const struct cs_rec_invocation_end *rec, uint64_t time_ns);
