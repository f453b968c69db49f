/* SPDX-License-Identifier: Apache-2.0 */

/* What `coldspan doctor` says of commands and of processes alike; see doctor.h. */
#include "agent/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/doctor/company.h"
#include "preload/wire/segment.h"

#if defined(__x86_64__)
#define NATIVE_NAME "x86-64"
#else
#define NATIVE_NAME "aarch64"
#endif

#define SPACE_MIN_BYTES (1ull << 30) /* LIMIT_MIN_BYTES of preload/start/attach.c */

static void judge_libc(struct cs_findings *findings, const struct cs_program *p)
{
	if (!p->loader[0])
		cs_finding_obstacle(
			findings,
			"link it dynamically; its dynamic children are watched all the same",
			"the program is statically linked: no loader, so nothing is preloaded");
	else if (p->go)
		cs_finding_note("built by Go, which makes its system calls itself: only the start "
				"is seen");
	else if (p->libc == CS_LIBC_OTHER)
		cs_finding_obstacle(findings, "use a build for glibc or musl",
				    "its C library is neither glibc nor musl");
	else
		cs_finding_ok("dynamically linked, %s", p->libc == CS_LIBC_MUSL ? "musl" : "glibc");
	if (p->native && p->loader[0] && access(p->loader, X_OK) < 0)
		cs_finding_obstacle(findings, "install the C library that it was built for",
				    "its loader %s is not there: it cannot start", p->loader);
}

void cs_doctor_program(struct cs_findings *findings, const struct cs_program *p)
{
	if (!p->native)
		cs_finding_obstacle(findings,
				    "use a build of it for " NATIVE_NAME ", as this coldspan is",
				    "the program is for another architecture or word size");
	judge_libc(findings, p);
	if (p->secure_exec)
		cs_finding_obstacle(
			findings, "run the program itself under the user it switches to",
			"setuid, setgid or file capabilities: the loader drops LD_PRELOAD");
	if (p->company)
		cs_doctor_present(p->company);
}

bool cs_doctor_is_named(const char *list, const char *command)
{
	const char *name = strrchr(command, '/');
	size_t len;

	name = name ? name + 1 : command;
	len = strlen(name);
	for (; list && *list; list += *list == ':') {
		size_t n = strcspn(list, ":");

		if (n == len && !strncmp(list, name, n))
			return true;
		list += n;
	}
	return false;
}

bool cs_doctor_is_off(const char *disable)
{
	return disable && *disable && strcmp(disable, "0") != 0;
}

/* The shim stands down below what it needs (preload/start/attach.c). */
static void judge_limit(struct cs_findings *findings, uint64_t limit, uint64_t needed,
			const char *what, char flag)
{
	char remedy[64];

	if (limit >= needed)
		return;
	snprintf(remedy, sizeof(remedy), "raise it to %llu (ulimit -%c)",
		 (unsigned long long)needed, flag);
	cs_finding_obstacle(findings, remedy, "the limit on %s is %llu bytes", what,
			    (unsigned long long)limit);
}

void cs_doctor_limits(struct cs_findings *findings, uint64_t file_bytes, uint64_t space_bytes)
{
	judge_limit(findings, file_bytes, cs_segment_bytes(CS_SLOTS_DEFAULT, 1), "file sizes", 'f');
	judge_limit(findings, space_bytes, SPACE_MIN_BYTES, "address space", 'v');
}

void cs_doctor_present(const struct cs_company *company)
{
	switch (company->kind) {
	case CS_COMPANY_AGENT:
		cs_finding_note("%s (%s…) is there too: both work, and each sees the other's calls",
				company->what, company->file);
		break;
	case CS_COMPANY_ALLOCATOR:
		cs_finding_note("%s is its allocator: of no matter to the shim, which has none",
				company->what);
		break;
	}
}

void cs_doctor_company(const char *preload)
{
	char name[64];

	for (; preload && *preload; preload += strspn(preload, ": ")) {
		size_t len = strcspn(preload, ": ");
		const char *base = preload;
		const struct cs_company *company;

		for (size_t i = 0; i < len; i++) {
			if (preload[i] == '/')
				base = preload + i + 1;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(preload + len - base), base);
		company = cs_company_find(name);
		if (company)
			cs_doctor_present(company);
		preload += len;
	}
}
