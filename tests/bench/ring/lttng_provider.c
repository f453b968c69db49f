/* SPDX-License-Identifier: Apache-2.0 */

/* The provider of lttng_event.h, and the call that writes one. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tests/bench/ring/lttng_event.h"

void lttng_write(const struct cs_rec_response_end *end);

void lttng_write(const struct cs_rec_response_end *end)
{
	lttng_ust_tracepoint(coldspan_bench, response_end, end);
}
