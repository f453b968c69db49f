/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A seccomp filter over a list of system calls, for guests in C: of any libc, without libseccomp, and
 * without linux/filter.h and linux/seccomp.h, which musl-gcc does not find.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CALL_FILTER_MAX     128u /* calls in a list */
#define CALL_FILTER_KILL    0x80000000u
#define CALL_FILTER_ALLOW   0x7fff0000u
#define CALL_FILTER_SET     1 /* for seccomp() */
#define CALL_FILTER_THREADS 1 /* its flag: for all threads */
#define CALL_FILTER_MODE    2 /* for prctl() */

struct call_filter {
	unsigned short len;
	struct call_filter_step {
		uint16_t code;
		uint8_t if_true, if_false;
		uint32_t value;
	} * steps;
	struct call_filter_step room[CALL_FILTER_MAX + 3];
};

/** call_filter_make() - what the kernel is handed: @listed for the calls of the list, @others else */
static inline void call_filter_make(struct call_filter *filter, const long *calls, size_t count,
				    uint32_t listed, uint32_t others)
{
	enum {
		LOAD = 0x20,
		SKIP_IF = 0x15,
		RETURN = 0x06
	};

	filter->len = (unsigned short)(count + 3);
	filter->steps = filter->room;
	filter->room[0] = (struct call_filter_step){ LOAD, 0, 0, 0 };
	for (size_t i = 0; i < count; i++)
		filter->room[i + 1] = (struct call_filter_step){ SKIP_IF, (uint8_t)(count - i), 0,
								 (uint32_t)calls[i] };
	filter->room[count + 1] = (struct call_filter_step){ RETURN, 0, 0, others };
	filter->room[count + 2] = (struct call_filter_step){ RETURN, 0, 0, listed };
}
