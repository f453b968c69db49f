/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a call costs in this process: prints "name ns" for each of tests/shim/guests/exchange.h. The
 * figure is the lower quartile of batches: what the machine does besides is above it.
 * Usage: call_loop BATCHES
 */
#include <time.h>

#include "tests/shim/guests/exchange.h"

#define CALLS       2000u
#define EXCHANGES   200u /* and few batches: the ring shall not fill before it is looked at */
#define BATCHES_MAX 1000u

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name, void (*once)(void), unsigned calls, unsigned batches)
{
	static double ns[BATCHES_MAX];

	for (unsigned i = 0; i < calls / 10; i++)
		once();
	for (unsigned batch = 0; batch < batches; batch++) {
		double begin = now_ns();

		for (unsigned i = 0; i < calls; i++)
			once();
		ns[batch] = (now_ns() - begin) / calls;
	}
	qsort(ns, batches, sizeof(ns[0]), by_value);
	printf("%s %.2f\n", name, ns[batches / 4]);
}

int main(int argc, char **argv)
{
	unsigned batches = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (batches < 4 || batches > BATCHES_MAX) {
		fprintf(stderr, "usage: call_loop BATCHES (4 to %u)\n", BATCHES_MAX);
		return 2;
	}
	prepare();
	measure("read", read_once, CALLS, batches);
	measure("write", write_once, CALLS, batches);
	measure("exchange", serve_once, EXCHANGES, 8);
	measure("exchange_in_two", serve_in_two, EXCHANGES, 8);
	measure("call", call_once, EXCHANGES, 8);
	return 0;
}
