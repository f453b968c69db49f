/* SPDX-License-Identifier: Apache-2.0 */

/* A dynamic program without any libc: the loader loads the shim, and there is nothing to hook. */
#include <sys/syscall.h>

static long call(long number, long a, long b, long c)
{
	long ret;
#if defined(__x86_64__)
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
#else
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	ret = x0;
#endif
	return ret;
}

void _start(void)
{
	static const char text[] = "no libc here\n";

	call(SYS_write, 1, (long)text, sizeof(text) - 1);
	call(SYS_exit_group, 68, 0, 0);
	__builtin_unreachable();
}
