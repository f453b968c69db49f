/* SPDX-License-Identifier: Apache-2.0 */

/* Sleeps for as many milliseconds as an environment variable says; not at all if it is unset. */
#pragma once

#include <stdlib.h>
#include <time.h>

static inline void guest_sleep(const char *variable)
{
	const char *value = getenv(variable);
	long ms = value ? strtol(value, NULL, 10) : 0;
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/** late_library_answer() - keeps the library among the guest's dependencies. Return: 42. */
__attribute__((visibility("default"))) int late_library_answer(void);
