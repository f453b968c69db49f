/* SPDX-License-Identifier: Apache-2.0 */

/* Reasons for a process without the shim; see not_mapped.h. */
#include "agent/doctor/not_mapped.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "agent/doctor/doctor.h"
#include "agent/doctor/handing_on.h"
#include "agent/library.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "collector/processes/procfs.h"

#define NS_PER_S 1000000000ull

static void judge_program(struct cs_findings *findings, struct cs_arena *arena,
			  const struct cs_running *process)
{
	struct cs_program *program = cs_arena_alloc(arena, sizeof(*program));
	struct cs_diag diag = { 0 };
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/exe", process->pid);
	r = program ? cs_program_inspect(path, NULL, program, &diag) : -ENOMEM;
	if (r < 0) {
		cs_finding_note("its program may not be looked at: %s", strerror(-r));
		return;
	}
	program->secure_exec = process->secure > 0;
	cs_doctor_program(findings, program);
}

/* When it started, by the clock of files; 0 unknown. */
static uint64_t started_ns(const struct cs_running *process)
{
	uint64_t now = cs_clock_ns(CLOCK_REALTIME), up = cs_clock_ns(CLOCK_BOOTTIME);

	return process->start_ns <= up ? now - (up - process->start_ns) : 0;
}

static bool is_native(int fd)
{
	Elf64_Ehdr ours, theirs;
	cs_cleanup(cs_closep) int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	/* Where we cannot look at ourselves nothing is claimed. */
	if (self < 0 || pread(self, &ours, sizeof(ours), 0) != sizeof(ours))
		return true;
	return pread(fd, &theirs, sizeof(theirs), 0) == sizeof(theirs) &&
	       !memcmp(theirs.e_ident, ELFMAG, SELFMAG) &&
	       theirs.e_ident[EI_CLASS] == ours.e_ident[EI_CLASS] &&
	       theirs.e_machine == ours.e_machine;
}

/* The file that LD_PRELOAD names, as the process sees it. */
static void judge_file(struct cs_findings *findings, const struct cs_running *process,
		       const char *entry)
{
	cs_cleanup(cs_closep) int fd = -EBADF;
	char path[PATH_MAX + 32];
	struct statvfs place;
	struct stat st;

	if (*entry != '/') {
		cs_finding_obstacle(
			findings, "name it by its whole path",
			"LD_PRELOAD names %s without a folder, and the loader did not find "
			"it in its own",
			entry);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%" PRId32 "/root%s", process->pid, entry);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		cs_finding_obstacle(
			findings,
			"put it there (in a container: into its image), or name the right path",
			"LD_PRELOAD names %s, which %s", entry,
			errno == ENOENT ? "is not there for it" : "cannot be opened");
	else if (!is_native(fd))
		cs_finding_obstacle(findings, "install the shim for this machine's architecture",
				    "%s is no library for this architecture", entry);
	else if (fstatvfs(fd, &place) == 0 && place.f_flag & ST_NOEXEC)
		cs_finding_obstacle(findings, "put it on a file system without noexec",
				    "%s is on a file system that is mounted noexec", entry);
	else if (fstat(fd, &st) == 0 && started_ns(process) &&
		 (uint64_t)st.st_ctim.tv_sec * NS_PER_S + (uint64_t)st.st_ctim.tv_nsec >
			 started_ns(process) + 2 * CS_PROC_TICK_NS)
		cs_finding_obstacle(findings, "start it anew",
				    "%s was put there after the process had started", entry);
	else
		cs_finding_obstacle(
			findings,
			"try coldspan doctor -- with its command, and look at what it wrote to standard "
			"error when it started",
			"LD_PRELOAD names %s, but its loader did not map it", entry);
}

/* Its environment does not bring us in: who was to hand it on? */
static void judge_parent(struct cs_findings *findings, struct cs_arena *arena,
			 const struct cs_running *process, const char *what)
{
	struct cs_running *parent = cs_arena_alloc(arena, sizeof(*parent));
	struct cs_diag diag = { 0 };
	const char *preload;
	int r;

	if (!parent || process->ppid <= 0) {
		cs_finding_obstacle(findings, cs_handing_on(""), "%s", what);
		return;
	}
	r = cs_running_open(process->ppid, parent, &diag);
	if (r == 0)
		r = cs_running_look(arena, parent, &diag); /* what may be read of it is there */
	if (r == -ENOENT || r == -ESRCH || r == -ENOMEM) {
		cs_running_close(parent);
		cs_finding_obstacle(findings, cs_handing_on(""), "%s", what);
		return;
	}
	preload = cs_running_variable(parent, "LD_PRELOAD");
	if (*parent->mappings.shim.path || (preload && strstr(preload, "libcoldspan.so")))
		cs_finding_obstacle(findings, cs_handing_on(parent->name),
				    "%s: its parent %" PRId32
				    " (%s) has it and does not hand it on",
				    what, parent->pid, parent->name);
	else
		cs_finding_obstacle(findings, cs_handing_on(parent->name),
				    "%s, nor in that of its parent %" PRId32 " (%s)", what,
				    parent->pid, parent->name);
	cs_running_close(parent);
}

/* Does the list that glibc's loader takes for all programs of its system name the shim? */
static bool system_names_it(const struct cs_running *process)
{
	cs_cleanup(cs_closep) int fd = openat(process->folder, "root/etc/ld.so.preload",
					      O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char list[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, list, sizeof(list) - 1);

	list[n > 0 ? n : 0] = '\0';
	return strstr(list, "libcoldspan.so");
}

/* The first entry of the shim's name. */
static bool find_entry(const char *preload, char entry[PATH_MAX])
{
	for (preload += strspn(preload, ": "); *preload; preload += strspn(preload, ": ")) {
		size_t len = strcspn(preload, ": ");
		const char *name;

		if (len < PATH_MAX) {
			memcpy(entry, preload, len);
			entry[len] = '\0';
			name = strrchr(entry, '/');
			if (!strcmp(name ? name + 1 : entry, "libcoldspan.so"))
				return true;
		}
		preload += len;
	}
	return false;
}

static void judge_environment(struct cs_findings *findings, struct cs_arena *arena,
			      const struct cs_running *process)
{
	const char *preload = cs_running_variable(process, "LD_PRELOAD");
	char entry[PATH_MAX];

	if ((!preload || !*preload) && system_names_it(process)) {
		cs_finding_obstacle(
			findings,
			"start it anew; where its C library is musl, set LD_PRELOAD instead",
			"/etc/ld.so.preload names the shim, but not when it started, or its "
			"loader did not take it from there");
		return;
	}
	if (process->environment_error) {
		cs_finding_note("its environment may not be read by this user (%s)",
				strerror(-process->environment_error));
		return;
	}
	if (!process->environment_len)
		judge_parent(findings, arena, process,
			     "LD_PRELOAD is not in its environment, which is "
			     "empty");
	else if (!memchr(process->environment, '=', process->environment_len))
		cs_finding_note("it has overwritten its environment: what was in it is not known");
	else if (!preload)
		judge_parent(findings, arena, process, "LD_PRELOAD is not in its environment");
	else if (!*preload)
		judge_parent(findings, arena, process, "LD_PRELOAD is empty in its environment");
	else if (!find_entry(preload, entry))
		cs_finding_obstacle(findings, "add the shim to it, as coldspan env prints it",
				    "LD_PRELOAD in its environment is %s, where no shim is",
				    preload);
	else
		judge_file(findings, process, entry);
}

void cs_not_mapped(struct cs_findings *findings, struct cs_arena *arena,
		   const struct cs_running *process)
{
	unsigned before = findings->obstacles;

	judge_program(findings, arena, process);
	if (findings->obstacles == before) /* else the environment does not matter */
		judge_environment(findings, arena, process);
	if (findings->obstacles == before)
		cs_finding_obstacle(findings, "start it anew with what coldspan env prints",
				    "the shim is not in it");
}
