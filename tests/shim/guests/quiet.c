/* SPDX-License-Identifier: Apache-2.0 */

/* Calls of each kind, twice, behind a system call that marks the beginning: for strace. */
#include "tests/shim/guests/calls.h"
#include "tests/shim/guests/guest.h"

int main(void)
{
	MARK();
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < CALLS_COUNT; i++)
			calls[i].call();
	}
	return 66;
}
