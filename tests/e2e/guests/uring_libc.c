/* SPDX-License-Identifier: Apache-2.0 */

/* Through libc, as libuv and Rust's io-uring do. */
#include <unistd.h>

#include "tests/e2e/guests/uring_call.h"

long uring_call(long number, long a, long b, long c, long d)
{
	return syscall(number, a, b, c, d, 0L, 0L);
}
