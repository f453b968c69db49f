/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Times whole lives of a program, from posix_spawn to wait, under several environments in turn:
 *
 *   spawn_loop ROUNDS PROGRAM NAME[,VAR=VALUE]... NAME[,VAR=VALUE]...
 *
 * One round starts the program twice under each environment and times the second life, as on a host
 * that starts functions all the time: nobody pays for the caches that another left cold. The order is
 * drawn anew each round, so that drift of the machine falls on all alike.
 *
 * Prints per environment "NAME MEDIAN_NS PAIRED_DELTA_NS": the median life, and the median of the
 * differences to the first environment, round by round.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define VARIANTS_MAX   8
#define VARIABLES_MAX  8
#define WARM_UP_ROUNDS 5

struct variant {
	const char *name;
	char *variables[VARIABLES_MAX + 2]; /* NULL-terminated environment, PATH first */
	int64_t *life_ns;
};

static char path[] = "PATH=/usr/bin:/bin";

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t median(int64_t *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), compare);
	return values[n / 2];
}

static void parse_variant(struct variant *variant, char *text)
{
	int n = 0;

	variant->name = strsep(&text, ",");
	variant->variables[n++] = path;
	while (text && n <= VARIABLES_MAX)
		variant->variables[n++] = strsep(&text, ",");
	variant->variables[n] = NULL;
}

static int64_t live_once(char *program, char **environment, posix_spawn_file_actions_t *quiet)
{
	char *argv[] = { program, NULL };
	int64_t begin = now_ns();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, program, quiet, NULL, argv, environment) != 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status == 0 ? now_ns() - begin : -1;
}

/* The same orders in every run: rand() is never seeded. */
static void shuffle(int *order, int count)
{
	for (int i = count - 1; i > 0; i--) {
		int j = rand() % (i + 1), kept = order[i];

		order[i] = order[j];
		order[j] = kept;
	}
}

static int run(int rounds, char *program, struct variant *variants, int count)
{
	posix_spawn_file_actions_t quiet;
	int order[VARIANTS_MAX];

	for (int i = 0; i < count; i++)
		order[i] = i;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
		shuffle(order, count);
		for (int i = 0; i < count; i++) {
			int v = order[i];
			int64_t life = live_once(program, variants[v].variables, &quiet);

			if (life >= 0)
				life = live_once(program, variants[v].variables, &quiet);
			if (life < 0) {
				fprintf(stderr, "spawn_loop: %s failed under %s\n", program,
					variants[v].name);
				return 1;
			}
			if (round >= 0)
				variants[v].life_ns[round] = life;
		}
	}
	posix_spawn_file_actions_destroy(&quiet);
	return 0;
}

int main(int argc, char **argv)
{
	struct variant variants[VARIANTS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 0, count = argc - 3;
	int64_t *delta;

	if (rounds < 1 || count < 1 || count > VARIANTS_MAX) {
		fprintf(stderr, "usage: spawn_loop ROUNDS PROGRAM NAME[,VAR=VALUE]...\n");
		return 2;
	}
	delta = calloc((size_t)rounds, sizeof(*delta));
	for (int v = 0; v < count; v++) {
		parse_variant(&variants[v], argv[3 + v]);
		variants[v].life_ns = calloc((size_t)rounds, sizeof(int64_t));
	}
	if (run(rounds, argv[2], variants, count))
		return 1;
	/* Sorting spoils the pairs, so the first environment, which all pair with, goes last. */
	for (int v = count - 1; v >= 0; v--) {
		int64_t paired;

		for (int r = 0; r < rounds; r++)
			delta[r] = variants[v].life_ns[r] - variants[0].life_ns[r];
		paired = median(delta, rounds);
		printf("%s %lld %lld\n", variants[v].name,
		       (long long)median(variants[v].life_ns, rounds), (long long)paired);
	}
	return 0;
}
