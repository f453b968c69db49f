/* SPDX-License-Identifier: Apache-2.0 */

/* Counts to its argument: user code of a length that can be set. */
#include <stdlib.h>

#ifdef ONE_MORE
int one_more(void);
#endif

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	volatile unsigned long at = 0;

	while (at < count)
		at++;
#ifdef ONE_MORE
	return one_more();
#else
	return 0;
#endif
}
