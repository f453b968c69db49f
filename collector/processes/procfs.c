/* SPDX-License-Identifier: Apache-2.0 */

/* Reading /proc; see procfs.h. Files are small: one read each, into the stack. */
#include "collector/processes/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S          1000000000ull
#define CHILDREN_TEXT     16384 /* some 2,000 children; those beyond are not found */
#define THREADS_LOOKED_AT 64
#define STAT_TEXT         1024 /* 52 numbers and a name */
#define PF_EXITING        0x4u /* Linux include/linux/sched.h */

int cs_proc_read_file(const char *path, char *text, size_t size)
{
	cs_cleanup(cs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, text, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ESRCH ? -ENOENT : -errno;
	text[n] = '\0';
	return 0;
}

int cs_proc_parse_stat(const char *text, uint64_t ticks_per_s, struct cs_proc_stat *ret)
{
	/* The name is in parentheses and may hold any byte, parentheses too: search from the end. */
	const char *at = strrchr(text, ')');
	uint64_t minor, major, start, rss;
	int32_t ppid;

	if (!at || sscanf(at + 1,
			  " %*c %" SCNd32 " %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64
			  " %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64 " %*u %" SCNu64,
			  &ppid, &minor, &major, &start, &rss) != 5)
		return -EBADMSG;
	*ret = (struct cs_proc_stat){
		.ppid = ppid,
		.faults_minor = minor,
		.faults_major = major,
		.start_ns = start / ticks_per_s * NS_PER_S +
			    start % ticks_per_s * NS_PER_S / ticks_per_s,
		.rss_pages = rss,
	};
	return 0;
}

/* The number after "\nName:"; 0: there is none. */
static uint64_t number_at(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

int cs_proc_parse_status(const char *text, struct cs_proc_status *ret)
{
	const char *uid = strstr(text, "\nUid:"), *ns = strstr(text, "\nNSpid:");
	struct cs_proc_status status = { 0 };
	char *end;

	if (!uid)
		return -EBADMSG;
	status.uid = (uint32_t)strtoul(uid + strlen("\nUid:"), NULL, 10);
	status.max_rss_bytes = number_at(text, "\nVmHWM:") * 1024u;
	status.switches_voluntary = number_at(text, "\nvoluntary_ctxt_switches:");
	status.switches_involuntary = number_at(text, "\nnonvoluntary_ctxt_switches:");
	if (ns) {
		const char *at = ns + strlen("\nNSpid:");

		while (status.ns_levels < CS_PROC_NS_LEVELS_MAX) {
			long pid;

			at += strspn(at, " \t");
			pid = strtol(at, &end, 10);
			if (end == at)
				break;
			status.ns_pid = (int32_t)pid;
			status.ns_levels++;
			at = end;
		}
	}
	*ret = status;
	return 0;
}

/* The state is field 3, right behind the name. Return: NULL: it has not so many. */
static const char *stat_field(const char *text, unsigned number)
{
	const char *at = strrchr(text, ')');

	if (!at || at[1] != ' ' || !at[2])
		return NULL;
	at += 2;
	for (unsigned field = 3; field < number; field++) {
		at = strchr(at, ' ');
		if (!at)
			return NULL;
		at++;
	}
	return at;
}

int cs_proc_parse_exit(const char *text, int *ret_status)
{
	const char *state = stat_field(text, 3), *at = stat_field(text, 52);
	char *end;
	long status;

	if (!state)
		return -EBADMSG;
	if (*state != 'Z')
		return -EBUSY;
	if (!at)
		return -EBADMSG;
	status = strtol(at, &end, 10);
	if (end == at || status < 0 || status > UINT16_MAX)
		return -EBADMSG;
	*ret_status = (int)status;
	return 0;
}

int cs_proc_parse_dying(const char *text)
{
	const char *flags = stat_field(text, 9), *pending = stat_field(text, 31);

	if (!flags || !pending)
		return -EBADMSG;
	return strtoul(flags, NULL, 10) & PF_EXITING ||
	       strtoul(pending, NULL, 10) & 1ul << (SIGKILL - 1);
}

static int read_stat(int32_t pid, char text[static STAT_TEXT])
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/stat", pid);
	return cs_proc_read_file(path, text, STAT_TEXT);
}

int cs_proc_get_stat(int32_t pid, struct cs_proc_stat *ret)
{
	char text[STAT_TEXT];
	int r = read_stat(pid, text);

	return r < 0 ? r : cs_proc_parse_stat(text, (uint64_t)sysconf(_SC_CLK_TCK), ret);
}

int cs_proc_get_dying(int32_t pid)
{
	char text[STAT_TEXT];
	int r = read_stat(pid, text);

	return r < 0 ? r : cs_proc_parse_dying(text);
}

int cs_proc_get_status(int32_t pid, struct cs_proc_status *ret)
{
	char path[32], text[4096];
	int r;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/status", pid);
	r = cs_proc_read_file(path, text, sizeof(text));
	return r < 0 ? r : cs_proc_parse_status(text, ret);
}

int cs_proc_get_exit(int32_t pid, int *ret_status)
{
	char path[32], text[STAT_TEXT], link[64];
	int r = read_stat(pid, text);

	if (r < 0)
		return r;
	/* A zombie has lost all namespaces but this one. */
	snprintf(path, sizeof(path), "/proc/%" PRId32 "/ns/user", pid);
	if (readlink(path, link, sizeof(link)) < 0)
		return errno == ENOENT ? -ENOENT : -EACCES;
	return cs_proc_parse_exit(text, ret_status);
}

int cs_proc_parse_io(const char *text, uint64_t *ret_bytes)
{
	static const char key[] = "rchar: ";
	const char *at = strstr(text, key);
	unsigned long long bytes;
	char *end;

	if (!at || (at != text && at[-1] != '\n'))
		return -EBADMSG;
	at += strlen(key);
	if (*at < '0' || *at > '9')
		return -EBADMSG;
	bytes = strtoull(at, &end, 10);
	if (*end != '\n')
		return -EBADMSG;
	*ret_bytes = bytes;
	return 0;
}

int cs_proc_get_io(int32_t pid, uint64_t *ret_bytes)
{
	char path[32], text[512];
	int r;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/io", pid);
	r = cs_proc_read_file(path, text, sizeof(text));
	return r < 0 ? r : cs_proc_parse_io(text, ret_bytes);
}

int cs_proc_get_cpu_ns(int32_t pid, uint64_t *ret_ns)
{
	/* CPUCLOCK_SCHED of a whole process, as clock_getcpuclockid(3) makes it */
	clockid_t clock = (clockid_t)(~(uint32_t)pid << 3 | 2u);
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return -errno;
	*ret_ns = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
	return 0;
}

int cs_proc_get_switches(int32_t pid, unsigned threads_max, struct cs_proc_switches *ret)
{
	struct cs_proc_switches sum = { .threads = 1 };
	char path[64], text[4096];
	struct dirent *entry;
	unsigned count = 0;
	DIR *threads;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/task", pid);
	threads = opendir(path);
	if (!threads)
		return -errno;
	while (r == 0 && (entry = readdir(threads))) {
		struct cs_proc_status status = { 0 };

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%" PRId32 "/task/%.16s/status", pid,
			 entry->d_name);
		r = ++count > threads_max ? -E2BIG : cs_proc_read_file(path, text, sizeof(text));
		if (r == 0)
			r = cs_proc_parse_status(text, &status);
		if (r < 0)
			break;
		sum.voluntary += status.switches_voluntary;
		sum.involuntary += status.switches_involuntary;
		/* Ids of threads go up: the same sum of squares is the same set, but for chance. */
		sum.threads +=
			strtoull(entry->d_name, NULL, 10) * strtoull(entry->d_name, NULL, 10);
	}
	closedir(threads);
	if (r == 0)
		*ret = sum;
	return r;
}

static int32_t find_in_list(const char *text, int32_t ns_pid)
{
	struct cs_proc_status status;
	char *end;

	for (;;) {
		long pid = strtol(text, &end, 10);

		if (end == text)
			return -ENOENT;
		text = end;
		if (cs_proc_get_status((int32_t)pid, &status) == 0 && status.ns_pid == ns_pid)
			return (int32_t)pid;
	}
}

int32_t cs_proc_find_child(int32_t parent, int32_t ns_pid)
{
	char path[64], text[CHILDREN_TEXT];
	int32_t found = -ENOENT;
	struct dirent *entry;
	unsigned looked = 0;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/task", parent);
	threads = opendir(path);
	if (!threads)
		return -ENOENT;
	while (found < 0 && looked < THREADS_LOOKED_AT && (entry = readdir(threads))) {
		if (entry->d_name[0] == '.')
			continue;
		looked++;
		snprintf(path, sizeof(path), "/proc/%" PRId32 "/task/%.16s/children", parent,
			 entry->d_name);
		if (cs_proc_read_file(path, text, sizeof(text)) == 0)
			found = find_in_list(text, ns_pid);
	}
	closedir(threads);
	return found;
}
