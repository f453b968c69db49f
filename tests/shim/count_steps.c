/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Counts instructions of a preloaded OBJECT: runs a program with it, lets it go until it sends itself
 * SIGTRAP, and steps it from there to the next one. The program sends an even number of them, a pair
 * around what is to be counted; each pair is a line of standard output: "COUNT CLOCKS", instructions
 * with their address in the mapping of OBJECT, and how often they called the kernel's clock. The
 * program's standard output goes to our standard error, its exit status is ours. Other threads and
 * children run freely.
 *
 * Counts are exact, unlike time: a repeated string instruction counts once, however long.
 *
 * count_steps [--profile] [--life] OBJECT CMD...
 * --life: counts all of the program's life instead; CLOCKS is the number of instructions elsewhere
 * --profile: "HITS OFFSET" of each instruction of OBJECT, by offset in the mapping, to standard error
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <sys/user.h>
#endif

#define OBJECT_MAX (1u << 20)
#define NOT_OURS   125

struct range {
	uint64_t begin;
	uint64_t end;
};

static uint32_t hits[OBJECT_MAX];

static void fail(const char *what)
{
	fprintf(stderr, "count_steps: %s: %s\n", what, strerror(errno));
	exit(NOT_OURS);
}

static uint64_t program_counter(pid_t pid)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;
#define COUNTER rip
#else
	struct {
		uint64_t x[31], sp, pc, pstate;
	} regs;
#define COUNTER pc
#endif
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) < 0)
		fail("registers");
	return regs.COUNTER;
}

/* All mappings whose line ends with @name lie beside each other. */
static struct range find(pid_t pid, const char *name)
{
	struct range range = { 0 };
	char path[64], line[4096];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		fail(path);
	while (fgets(line, sizeof(line), maps)) {
		size_t len = strcspn(line, "\n"), want = strlen(name);
		uint64_t begin, end;

		if (len < want || memcmp(line + len - want, name, want) != 0 ||
		    sscanf(line, "%lx-%lx", &begin, &end) != 2)
			continue;
		if (!range.begin)
			range.begin = begin;
		range.end = end;
	}
	fclose(maps);
	return range;
}

/* Runs on until it sends itself SIGTRAP. Return: whether it did; false: it has ended, as @status says. */
static int run_on(pid_t pid, int *status)
{
	int signal = 0;

	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal) < 0)
			fail("cont");
		if (waitpid(pid, status, 0) < 0)
			fail("wait");
		if (!WIFSTOPPED(*status))
			return 0;
		signal = WSTOPSIG(*status);
		if (signal == SIGTRAP)
			return 1;
	}
}

static int is_marker(pid_t pid)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, pid, NULL, &info) < 0)
		fail("siginfo");
	return info.si_code <= 0; /* a process sent it */
}

/* All of it. What is not mapped yet is looked for where the program goes on in another page. */
static int live(pid_t pid, const char *object)
{
	uint64_t steps = 0, others = 0, last = 0;
	struct range own = { 0 };
	int signal = 0, status;

	for (;;) {
		uint64_t at;

		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(intptr_t)signal) < 0)
			fail("step");
		if (waitpid(pid, &status, 0) < 0)
			fail("wait");
		if (!WIFSTOPPED(status))
			break;
		signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		at = program_counter(pid);
		if (at == last)
			continue;
		if (own.end - own.begin < 0x20000 && at >> 12 != last >> 12)
			own = find(pid, object);
		last = at;
		if (at >= own.begin && at < own.end) {
			steps++;
			hits[at - own.begin]++;
		} else {
			others++;
		}
	}
	printf("%llu %llu\n", (unsigned long long)steps, (unsigned long long)others);
	return status;
}

/* Steps from one SIGTRAP of its own to the next. */
static void count(pid_t pid, const char *object)
{
	struct range own = find(pid, object), clock = find(pid, "[vdso]");
	uint64_t steps = 0, clocks = 0, last = 0;
	int signal = 0, status, in_clock = 0;

	if (!own.begin || own.end - own.begin > OBJECT_MAX)
		fail("object is not mapped, or too large");
	for (;;) {
		uint64_t at;

		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(intptr_t)signal) < 0)
			fail("step");
		if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
			fail("the program ended between its marks");
		signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (!signal && is_marker(pid))
			break;
		at = program_counter(pid);
		if (at == last)
			continue;
		if (at >= own.begin && at < own.end) {
			steps++;
			hits[at - own.begin]++;
		}
		if (at >= clock.begin && at < clock.end) {
			clocks += !in_clock && last >= own.begin && last < own.end;
			in_clock = 1;
		} else {
			in_clock = 0;
		}
		last = at;
	}
	printf("%llu %llu\n", (unsigned long long)steps, (unsigned long long)clocks);
}

int main(int argc, char **argv)
{
	int profile = argc > 1 && !strcmp(argv[1], "--profile"), status;
	int life = argc > 1 + profile && !strcmp(argv[1 + profile], "--life");
	pid_t pid;

	argv += profile + life;
	if (argc - profile - life < 3) {
		fprintf(stderr, "usage: count_steps [--profile] [--life] OBJECT CMD...\n");
		return NOT_OURS;
	}
	pid = fork();
	if (pid == 0) {
		if (dup2(2, 1) < 0 || setenv("LD_PRELOAD", argv[1], 1) < 0 ||
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			fail("traceme");
		execvp(argv[2], argv + 2);
		fail(argv[2]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		fail(argv[2]);
	if (life)
		status = live(pid, argv[1]);
	while (!life && run_on(pid, &status))
		count(pid, argv[1]);
	for (unsigned i = 0; profile && i < OBJECT_MAX; i++) {
		if (hits[i])
			fprintf(stderr, "%u %x\n", hits[i], i);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_OURS;
}
