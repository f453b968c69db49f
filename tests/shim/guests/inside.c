/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a process sees of itself, first at the start of main and then after calls of each kind: what a
 * guest in it could have left behind. It allocates by functions of its own, and counts.
 */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "tests/shim/guests/calls.h"

extern char **environ;

static unsigned allocations;

/* Interposed for everybody in the process: a bump allocator that never frees. */
void *malloc(size_t bytes)
{
	static char arena[1 << 20] __attribute__((aligned(16)));
	static size_t used;
	char *p = arena + used;

	allocations++;
	used += (bytes + 31) & ~(size_t)15;
	if (used > sizeof(arena))
		_exit(9);
	*(size_t *)p = bytes;
	return p + 16;
}

void free(void *p)
{
	if (p)
		allocations++;
}

void *calloc(size_t count, size_t bytes)
{
	return malloc(count * bytes);
}

void *realloc(void *old, size_t bytes)
{
	void *p = malloc(bytes);
	size_t had = old ? ((size_t *)old)[-2] : 0;

	if (old)
		memcpy(p, old, had < bytes ? had : bytes);
	return p;
}

static void print_lines(const char *path, const char *const *wanted)
{
	char line[4096];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		for (const char *const *w = wanted; *w; w++) {
			if (strncmp(line, *w, strlen(*w)) == 0)
				printf("  %s", line);
		}
	}
	if (file)
		fclose(file);
}

static void print_descriptors(void)
{
	char path[64], target[256];
	ssize_t n;

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (strchr(target, ':')) /* pipe:[number] */
			*strchr(target, ':') = '\0';
		printf("  fd %d %s flags %x\n", fd, target, fcntl(fd, F_GETFD));
	}
}

static void report(const char *when, int error)
{
	static const char *const wanted[] = { "Threads:",    "SigQ:\t-", "SigBlk:", "SigIgn:",
					      "SigCgt:",     "SigPnd:",  "ShdPnd:", "Umask:",
					      "NoNewPrivs:", "Seccomp:", NULL };
	static const char *const timers[] = { "ID:", NULL };
	struct rlimit limit;
	char cwd[512];

	printf("%s: errno %d, cwd %s\n", when, error, getcwd(cwd, sizeof(cwd)));
	print_lines("/proc/self/status", wanted);
	print_lines("/proc/self/timers", timers);
	print_descriptors();
	for (int kind = 0; kind < RLIM_NLIMITS; kind++) {
		if (getrlimit(kind, &limit) == 0)
			printf("  limit %d: %lu %lu\n", kind, (unsigned long)limit.rlim_cur,
			       (unsigned long)limit.rlim_max);
	}
	for (char **e = environ; *e; e++) {
		if (strncmp(*e, "LD_PRELOAD=", 11) && strncmp(*e, "COLDSPAN_", 9))
			printf("  %s\n", *e);
	}
	printf("  allocations %u\n", allocations);
}

int main(int argc, char **argv, char **envp)
{
	int error = errno;

	printf("arguments %d %s, environment %d\n", argc,
	       argv[argc] ? "unterminated" : "terminated", envp == environ);
	report("start of main", error);
	for (unsigned i = 0; i < CALLS_COUNT; i++) {
		unsigned before = allocations;

		if (argc > 1 && strcmp(calls[i].name, argv[1]) == 0)
			continue; /* it would wait for what cannot come */
		errno = 0;
		calls[i].call();
		printf("%s: allocations %u\n", calls[i].name, allocations - before);
	}
	report("end of main", 0);
	return 65;
}
