/* SPDX-License-Identifier: Apache-2.0 */

/* What a machine is; see host.h. */
#include "agent/output/host.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"

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

void cs_host_look(struct cs_host *ret)
{
	struct utsname name;
	cpu_set_t cpus;
	long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);

	*ret = (struct cs_host){ 0 };
	if (uname(&name) == 0) {
		cs_utf8_repair(ret->kernel, sizeof(ret->kernel), name.release, strlen(name.release),
			       NULL);
		cs_utf8_repair(ret->machine, sizeof(ret->machine), name.machine,
			       strlen(name.machine), NULL);
	}
	read_processor(ret->processor, sizeof(ret->processor));
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		ret->cpus = (uint32_t)CPU_COUNT(&cpus);
	if (pages > 0 && page_bytes > 0)
		ret->memory_bytes = (uint64_t)pages * (uint64_t)page_bytes;
}

bool cs_host_same(const struct cs_host *a, const struct cs_host *b)
{
	return !strcmp(a->kernel, b->kernel) && !strcmp(a->machine, b->machine) &&
	       !strcmp(a->processor, b->processor) && a->cpus == b->cpus &&
	       a->memory_bytes == b->memory_bytes;
}
