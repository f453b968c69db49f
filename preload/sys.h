/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Raw system calls for x86-64 and aarch64: the shim has no C library. Each returns what the kernel
 * returns, negative errno on failure, and touches no errno.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long cs_sys6(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
#error "the shim is written for x86-64 and aarch64"
#endif
}

/** cs_sys_failed() - is that the negative errno of a call, and no address? Context: signal (pure). */
static inline bool cs_sys_failed(long raw)
{
	return raw < 0 && raw > -4096;
}

#define cs_sys0(n)             cs_sys6(n, 0, 0, 0, 0, 0, 0)
#define cs_sys1(n, a)          cs_sys6(n, (long)(a), 0, 0, 0, 0, 0)
#define cs_sys2(n, a, b)       cs_sys6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define cs_sys3(n, a, b, c)    cs_sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define cs_sys4(n, a, b, c, d) cs_sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define cs_sys5(n, a, b, c, d, e)                                                                  \
	cs_sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/** cs_thread_pointer() - identity of the calling thread within its process. Context: signal. */
static inline uint64_t cs_thread_pointer(void)
{
	uint64_t tp;

#if defined(__x86_64__)
	__asm__("movq %%fs:0, %0" : "=r"(tp));
#else
	__asm__("mrs %0, tpidr_el0" : "=r"(tp));
#endif
	return tp;
}
