/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The end of a program with a collector, coldspan-collector or coldspan run: the collector is stopped,
 * what it could not take in is told, and the loop goes on until destinations have got everything.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include "collector/collector.h"

#define CS_FAREWELL_LIMIT_S 5 /* how long acknowledgements are waited for */

struct cs_farewell {
	struct event_base *base;        /* borrowed */
	struct cs_collector *collector; /* borrowed */
	struct event flushing;
	struct event limit;
};

/**
 * cs_farewell_begin() - stop @collector; leave @base's loop when all is sent, or the limit has passed
 * @farewell: lives as long as @base
 *
 * What was lost is logged. Context: loop, once.
 */
void cs_farewell_begin(struct cs_farewell *farewell, struct event_base *base,
		       struct cs_collector *collector);

/** cs_farewell_end() - @base is used for something else now. Accepts one that was not begun. */
void cs_farewell_end(struct cs_farewell *farewell);
