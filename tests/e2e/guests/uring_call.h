/* SPDX-License-Identifier: Apache-2.0 */

/* How uring_server.c calls the kernel: through syscall(2), or, as liburing does, past libc. */
#pragma once

/** uring_call() - @number is that of a system call. Return: what the kernel does, or -1. */
long uring_call(long number, long a, long b, long c, long d);
