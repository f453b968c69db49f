/* SPDX-License-Identifier: Apache-2.0 */

/* What a machine is; see host.h. */
#include "agent/output/host.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define MEMORY_PART 32 /* so much of it may be missing */

/* "model name : Intel…", the first of its kind; on aarch64 there is none. */
static void read_processor(char *ret, size_t size)
{
	cs_cleanup(cs_fclosep) FILE *in = fopen("/proc/cpuinfo", "re");
	char line[512];

	*ret = '\0';
	while (in && fgets(line, sizeof(line), in)) {
		const char *value = strchr(line, ':');

		if (strncmp(line, "model name", 10) || !value)
			continue;
		value += 1 + strspn(value + 1, " \t");
		cs_utf8_repair(ret, size, value, strcspn(value, "\n"), NULL);
		cs_utf8_strip_control(ret);
		return;
	}
}

/* A word of sysfs, without its newline. */
static void read_word(const char *path, char *ret, size_t size)
{
	cs_cleanup(cs_fclosep) FILE *in = fopen(path, "re");
	char line[128];

	*ret = '\0';
	if (!in || !fgets(line, sizeof(line), in))
		return;
	cs_utf8_repair(ret, size, line, strcspn(line, "\n"), NULL);
	cs_utf8_strip_control(ret);
}

/* Kernel documentation, admin-guide/pm/cpufreq. */
static void read_governor(const cpu_set_t *cpus, char *ret, size_t size)
{
	char path[96], one[32];
	bool begun = false;

	*ret = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
		read_word(path, one, sizeof(one));
		snprintf(ret, size, "%s", begun && strcmp(ret, one) != 0 ? "mixed" : one);
		if (begun && !strcmp(ret, "mixed"))
			return;
		begun = true;
	}
}

/* Kernel documentation, admin-guide/mm/transhuge: "always [madvise] never". */
static void read_huge_pages(char *ret, size_t size)
{
	char line[64], *end;
	const char *begin;

	*ret = '\0';
	read_word("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line));
	begin = strchr(line, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return;
	*end = '\0';
	snprintf(ret, size, "%s", begin + 1);
}

/*
 * Kernel documentation, admin-guide/sysctl/kernel (randomize_va_space); setarch -R takes it from what it starts
 * (personality(2)). Where things lie decides which of them share lines of the caches: a function can be faster on
 * one machine by that alone.
 */
static void read_aslr(char *ret, size_t size)
{
	static const char *const words[] = { "off", "partial", "full" };
	char line[16];
	int persona = personality(0xffffffff); /* asks */

	*ret = '\0';
	read_word("/proc/sys/kernel/randomize_va_space", line, sizeof(line));
	if (persona != -1 && persona & ADDR_NO_RANDOMIZE)
		snprintf(ret, size, "%s", words[0]);
	else if (*line >= '0' && *line <= '2' && !line[1])
		snprintf(ret, size, "%s", words[*line - '0']);
}

void cs_host_look(struct cs_host *ret)
{
	struct utsname name;
	cpu_set_t cpus;
	long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	*ret = (struct cs_host){ 0 };
	if (uname(&name) == 0) {
		cs_utf8_repair(ret->kernel, sizeof(ret->kernel), name.release, strlen(name.release),
			       NULL);
		cs_utf8_repair(ret->machine, sizeof(ret->machine), name.machine,
			       strlen(name.machine), NULL);
	}
	read_processor(ret->processor, sizeof(ret->processor));
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
		ret->cpus = (uint32_t)CPU_COUNT(&cpus);
		read_governor(&cpus, ret->governor, sizeof(ret->governor));
	}
	ret->cpus_online = online > 0 ? (uint32_t)online : 0;
	read_huge_pages(ret->huge_pages, sizeof(ret->huge_pages));
	read_aslr(ret->aslr, sizeof(ret->aslr));
	if (pages > 0 && page_bytes > 0)
		ret->memory_bytes = (uint64_t)pages * (uint64_t)page_bytes;
}

bool cs_host_same_memory(const struct cs_host *a, const struct cs_host *b)
{
	uint64_t more = a->memory_bytes > b->memory_bytes ? a->memory_bytes : b->memory_bytes;
	uint64_t less = a->memory_bytes > b->memory_bytes ? b->memory_bytes : a->memory_bytes;

	return more - less <= more / MEMORY_PART;
}

static bool same_word(const char *a, const char *b)
{
	return !*a || !*b || !strcmp(a, b);
}

bool cs_host_same(const struct cs_host *a, const struct cs_host *b)
{
	return !strcmp(a->kernel, b->kernel) && !strcmp(a->machine, b->machine) &&
	       !strcmp(a->processor, b->processor) && a->cpus == b->cpus &&
	       cs_host_same_memory(a, b) && same_word(a->governor, b->governor) &&
	       same_word(a->huge_pages, b->huge_pages) && same_word(a->aslr, b->aslr);
}
