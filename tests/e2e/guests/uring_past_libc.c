/* SPDX-License-Identifier: Apache-2.0 */

/* By an instruction of its own: stands in for liburing, under whose name it is found. */
#include "preload/sys.h"
#include "tests/e2e/guests/uring_call.h"

__attribute__((visibility("default"))) long uring_call(long number, long a, long b, long c, long d)
{
	return cs_sys6(number, a, b, c, d, 0, 0);
}
