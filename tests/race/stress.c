/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/race/stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void fail(const char *what, uint64_t a, uint64_t b)
{
	fprintf(stderr, "%s: %s: %llu, %llu\n", program_invocation_short_name, what,
		(unsigned long long)a, (unsigned long long)b);
	exit(1);
}

uint32_t draw(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32) % below;
}
