/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What libcoldspan.a asks of libcoldspan.so: one exported function with one struct, of which either side
 * may know less than the other. Numbers and offsets are for ever; the struct grows at its end.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct coldspan_attribute;
struct coldspan_invocation;

enum cs_api_operation {
	CS_API_WATCHING = 1,
	CS_API_INVOCATION_BEGIN = 2,
	CS_API_END = 3, /* of an invocation or a span */
	CS_API_SPAN_BEGIN = 4,
	CS_API_SET = 5,
	CS_API_EVENT = 6,
	CS_API_STATUS = 7,
	CS_API_TRACEPARENT = 8,
};

struct cs_api_call {
	uint32_t bytes; /* sizeof(struct cs_api_call) of the caller */
	uint32_t operation;
	uint64_t span;            /* what it is about; of SPAN_BEGIN the parent */
	const char *text;         /* name, or description */
	uint32_t status;          /* enum coldspan_status */
	uint32_t attribute_bytes; /* sizeof(struct coldspan_attribute) of the caller */
	const struct coldspan_attribute *attributes;
	uint64_t attributes_count;
	const struct coldspan_invocation *invocation;
	char *ret; /* of TRACEPARENT */
};

_Static_assert(sizeof(void *) == 8, "64-bit machines only");
_Static_assert(sizeof(struct cs_api_call) == 64, "layout");
_Static_assert(offsetof(struct cs_api_call, attributes) == 32, "layout");

/**
 * coldspan_shim_call() - do one of the operations
 *
 * Context: signal.
 * Return:  a handle, or 1 for yes; 0: nothing was done, also of operations that are not known.
 */
uint64_t coldspan_shim_call(const struct cs_api_call *call);
