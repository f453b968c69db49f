/* SPDX-License-Identifier: Apache-2.0 */

/* A library that only its user's RUNPATH leads to. It opens a file while it is loaded. */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	close(open("/dev/null", O_RDONLY));
}

int guest_inner_answer(void)
{
	return 42;
}
