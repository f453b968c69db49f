/* SPDX-License-Identifier: Apache-2.0 */

/* The record of record_loop.c as an event of LTTng-UST: the same six fields. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER coldspan_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tests/bench/ring/lttng_event.h"

#if !defined(CS_BENCH_LTTNG_EVENT_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define CS_BENCH_LTTNG_EVENT_H

#include <lttng/tracepoint.h>
#include <stdint.h>

#include "preload/wire/records.h"

/* clang-format off */
LTTNG_UST_TRACEPOINT_EVENT(coldspan_bench, response_end,
	LTTNG_UST_TP_ARGS(const struct cs_rec_response_end *, end),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, connection, end->connection)
		lttng_ust_field_integer(uint32_t, sequence, end->sequence)
		lttng_ust_field_integer(uint16_t, status, end->status)
		lttng_ust_field_integer(uint16_t, flags, end->flags)
		lttng_ust_field_integer(uint64_t, request_bytes, end->request_bytes)
		lttng_ust_field_integer(uint64_t, response_bytes, end->response_bytes)))
/* clang-format on */
#endif

#include <lttng/tracepoint-event.h>
