/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kernel_times FILE CMD...: runs the command and writes what the kernel told of all that came of it, one
 * line each: what, pid, and the time of day in ns. Its events are its own, whatever else follows the command.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/sideband/perf_record.h"
#include "collector/sideband/perf_ring.h"

#define CPUS_MAX   64
#define RING_PAGES 64

static struct cs_perf_ring rings[CPUS_MAX];
static unsigned rings_count;
static uint8_t bytes[CS_PERF_RECORD_MAX];

static int open_rings(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	for (int i = 0; i < cpus && i < CPUS_MAX; i++) {
		int r = cs_perf_ring_open(i, RING_PAGES, &rings[rings_count]);

		if (r == -ENODEV)
			continue;
		if (r < 0) {
			fprintf(stderr, "kernel_times: perf_event_open: %s\n", strerror(-r));
			return r;
		}
		rings_count++;
	}
	return 0;
}

static int print_record(FILE *out, const struct cs_perf_record *record, uint64_t shift_ns)
{
	static const char *const names[] = { [CS_PERF_FORK] = "fork",
					     [CS_PERF_EXIT] = "exit",
					     [CS_PERF_EXEC] = "exec",
					     [CS_PERF_LOST] = "lost" };
	size_t kind = (size_t)record->kind;

	if (kind >= sizeof(names) / sizeof(names[0]) || !names[kind])
		return 0;
	if (record->kind == CS_PERF_FORK && record->tid != record->pid)
		return 0;
	return fprintf(out, "%s %" PRId32 " %" PRIu64 "\n", names[kind], record->pid,
		       record->time_ns + shift_ns);
}

static int print_all(const char *path)
{
	uint64_t shift_ns = cs_clock_ns(CLOCK_REALTIME) - cs_clock_monotonic_ns();
	FILE *out = fopen(path, "we");
	struct cs_perf_record record;
	int bad;
	size_t len;

	if (!out)
		return 1;
	for (unsigned i = 0; i < rings_count; i++) {
		while ((len = cs_perf_ring_take(&rings[i], bytes))) {
			if (cs_perf_record_parse(bytes, len, &record) == 0)
				print_record(out, &record, shift_ns);
		}
		if (cs_perf_ring_lost(&rings[i]))
			fprintf(out, "lost 0 0\n");
	}
	bad = ferror(out);
	return fclose(out) || bad;
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	if (argc < 3 || open_rings() < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return print_all(argv[1]) || !WIFEXITED(status) || WEXITSTATUS(status);
}
