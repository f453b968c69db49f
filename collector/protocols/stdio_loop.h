/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events of OpenWhisk's action loop (preload/events/stdio_loop.h), from the record of their line to the one of their
 * answer. A process counts its events from 0: by that number they belong together, whichever fork child of it
 * answers. Inside of the assembler.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/instances/instance.h"
#include "preload/wire/records.h"

struct cs_assembled;
struct cs_request;

/** cs_stdio_on_invocation() - an INVOCATION record of that source, of at least the fixed part. */
void cs_stdio_on_invocation(struct cs_assembled *instance, const struct cs_entry *entry,
			    uint64_t time_ns);

/** cs_stdio_on_invocation_end() - idem, INVOCATION_END; the lengths in it are checked. */
void cs_stdio_on_invocation_end(struct cs_assembled *instance, const struct cs_entry *entry,
				uint64_t time_ns, uint64_t now_ns);

/** cs_stdio_loops() - does it take its events that way, as far as is known? */
bool cs_stdio_loops(const struct cs_assembled *instance);

/**
 * cs_stdio_is_function() - it has done so, and none of those who started it has
 *
 * What a loop in shell starts inherits its descriptors and variables, and reads the event from a pipe.
 */
bool cs_stdio_is_function(struct cs_assembled *instance);

/** cs_stdio_ready() - when it was ready for its first event; 0: it was not, or that was not seen */
uint64_t cs_stdio_ready(const struct cs_assembled *instance);
