/* SPDX-License-Identifier: Apache-2.0 */

/* A library whose constructor takes its time: belongs to the phase `link`. */
#include <time.h>

#include "tests/e2e/guests/guest_sleep.h"

__attribute__((constructor)) static void constructor(void)
{
	guest_sleep("SLEEP_LINK_MS");
}

int late_library_answer(void)
{
	return 42;
}
