/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan doctor PID`: whether a running process is watched, and why not; see doctor.h. */
#include "agent/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/doctor/not_mapped.h"
#include "agent/doctor/probe.h"
#include "agent/doctor/running.h"
#include "agent/exit_codes.h"
#include "base/log.h"
#include "coldspan_config.h"
#include "collector/processes/proc_reading.h"
#include "preload/wire/facts.h"
#include "preload/wire/records.h"
#include "preload/wire/segment.h"

#define HELD_LOOKS   40
#define HELD_WAIT_MS 50

/* Where the process finds @path: it may have another root than we. Unknown: it is taken to have ours. */
static bool path_for(const struct cs_running *process, const char *path, char *ret, size_t size)
{
	struct stat ours, theirs;

	if (stat("/", &ours) < 0 || fstatat(process->folder, "root", &theirs, 0) < 0 ||
	    (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino))
		return (size_t)snprintf(ret, size, "%s", path) < size;
	return (size_t)snprintf(ret, size, "/proc/%" PRId32 "/root%s", process->pid, path) < size;
}

/* Is the segment open in the process @collector? Return: 1, 0, negative errno. */
static int is_held(const struct cs_mapped *segment, int32_t collector)
{
	struct dirent *entry;
	char path[32];
	int found = 0, refused = 0;
	DIR *files;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/fd", collector);
	files = opendir(path);
	if (!files)
		return -errno;
	while (!found && (entry = readdir(files))) {
		struct stat st;

		if (fstatat(dirfd(files), entry->d_name, &st, 0) == 0)
			found = st.st_ino == segment->inode && major(st.st_dev) == segment->major &&
				minor(st.st_dev) == segment->minor;
		else if (errno == EACCES || errno == EPERM)
			refused = -errno;
	}
	closedir(files);
	return found ? 1 : refused;
}

/* An announce may still wait in the socket: it is given time to be taken in. */
static int is_held_soon(const struct cs_mapped *segment, int32_t collector)
{
	int r = is_held(segment, collector);

	for (unsigned i = 0; r == 0 && i < HELD_LOOKS; i++) {
		poll(NULL, 0, HELD_WAIT_MS);
		r = is_held(segment, collector);
	}
	return r;
}

/* The one that reads its segment, or that would have taken it. */
static void judge_collector(struct cs_findings *findings, const struct cs_running *process,
			    const char *socket)
{
	const struct cs_mapped *segment = &process->mappings.segment;
	bool has_segment = *segment->path;
	char path[PATH_MAX];
	int32_t pid = 0;
	int r = path_for(process, socket, path, sizeof(path)) ? cs_probe_socket(path, &pid)
							      : -ENAMETOOLONG;

	if (r < 0) {
		cs_finding_obstacle(findings,
				    r == -EACCES
					    ? CS_DOCTOR_REMEDY_ACCESS
					    : "start coldspan-collector, then the process anew",
				    "no collector can be reached at %s: %s", socket, strerror(-r));
		return;
	}
	r = has_segment && pid ? is_held_soon(segment, pid) : -ENOENT;
	if (r > 0)
		cs_finding_ok("the collector at %s (process %" PRId32 ") reads what it records",
			      socket, pid);
	else if (r == 0)
		cs_finding_obstacle(findings, "start the process anew",
				    "the collector at %s (process %" PRId32
				    ") has not got its segment: "
				    "it came later, or refused it",
				    socket, pid);
	else if (has_segment)
		cs_finding_note("a collector listens at %s; whether it is the one that reads this "
				"process may not be seen by this user",
				socket);
	else
		cs_finding_ok("a collector listens at %s", socket);
}

/* Of all lanes, by the type of the record. A lane that may not be read is left out. */
static void say_dropped(const struct cs_running *process, uint32_t slots, uint32_t lanes)
{
	uint64_t dropped[CS_DROP_KINDS_MAX] = { 0 };
	_Alignas(64) char page[CS_PAGE_BYTES];

	for (uint32_t lane = 0; lane < lanes; lane++) {
		if (cs_running_header(process, lane * cs_segment_lane_bytes(slots), page) < 0)
			continue;
		for (unsigned i = 0; i < CS_DROP_KINDS_MAX; i++)
			dropped[i] += atomic_load_explicit(cs_header_dropped((void *)page, i),
							   memory_order_relaxed);
	}
	for (unsigned i = 0; i < CS_DROP_KINDS_MAX; i++) {
		if (dropped[i])
			cs_finding_note("%" PRIu64
					" records (%s) were dropped, for its ring was full",
					dropped[i], cs_record_name(i));
	}
}

static void say_segment(const struct cs_running *process, struct cs_header *header)
{
	uint64_t reasons = atomic_load_explicit(&header->stand_down, memory_order_relaxed);

	if (header->pid != process->ns_pid)
		cs_finding_note("a fork child: it writes into the segment of process %" PRId32
				" (in its own pid namespace)",
				header->pid);
	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT; i++) {
		if (reasons & 1ull << i)
			cs_finding_note("less is recorded: %s", cs_stand_down_meaning(i));
	}
}

/* Bits after which the shim of a process records nothing any more. */
#define ENDED (1ull << CS_STAND_DOWN_STRICT_MODE | 1ull << CS_STAND_DOWN_NO_CLOCK)

static void judge_segment(struct cs_findings *findings, const struct cs_running *process)
{
	_Alignas(64) char page[CS_PAGE_BYTES];
	struct cs_header *header = (void *)page;
	int r = cs_running_header(process, 0, page);
	uint32_t slots, lanes;

	if (r < 0) {
		cs_finding_ok("it has a segment");
		cs_finding_note("its segment may not be read by this user (%s): whether less is "
				"recorded is not known",
				strerror(-r));
		return;
	}
	r = cs_segment_check(header, header->segment_bytes, &slots, &lanes);
	if (r < 0) {
		cs_finding_obstacle(findings, "use the coldspan that its shim came with",
				    r == -EPROTONOSUPPORT ? "its segment is of another version"
							  : "what looks like its segment is none");
		return;
	}
	if (atomic_load_explicit(&header->stand_down, memory_order_relaxed) & ENDED)
		cs_finding_obstacle(findings, "it forbade itself to read the clock: nothing helps",
				    "it was watched, and is not any more");
	else
		cs_finding_ok("the shim is in it and records");
	say_segment(process, header);
	say_dropped(process, slots, lanes);
}

/* The shim is in it, but made no segment: why it stood down. */
static void judge_stand_down(struct cs_findings *findings, const struct cs_running *process)
{
	unsigned before = findings->obstacles;
	const char *deny = cs_running_variable(process, "COLDSPAN_DENY");

	cs_finding_note("the shim is in it and records nothing");
	if (process->secure > 0)
		cs_finding_obstacle(findings, "start it without them",
				    "it was given privileges (setuid, file capabilities)");
	if (cs_doctor_is_off(cs_running_variable(process, "COLDSPAN_DISABLE")))
		cs_finding_obstacle(findings, "unset it and start it anew",
				    "COLDSPAN_DISABLE is set in its environment");
	if (*process->argv0 && cs_doctor_is_named(deny, process->argv0))
		cs_finding_obstacle(findings, "take its name out of the list and start it anew",
				    "COLDSPAN_DENY in its environment names it");
	cs_doctor_limits(findings, process->file_bytes, process->space_bytes);
	if (findings->obstacles != before)
		return;
	if (process->seccomp)
		cs_finding_note(
			"it is under a system call filter, which may have refused the calls of "
			"an attach (docs/attach.md)");
	if (process->environment_error)
		cs_finding_note(
			"its environment may not be read by this user: what in it keeps the "
			"shim out is not known");
	cs_finding_obstacle(findings, "see that a collector listens, then start the process anew",
			    "it announced to nobody: no collector listened when it started, or the "
			    "attach was refused");
}

static void say_who(const struct cs_running *process, int32_t asked)
{
	if (asked != process->pid)
		cs_finding_note("%" PRId32 " is a thread of process %" PRId32 ", which is judged",
				asked, process->pid);
	for (unsigned i = 0; i < process->mappings.company_count; i++)
		cs_doctor_present(process->mappings.company[i]);
	if (*process->mappings.other.path)
		cs_finding_note(
			"two copies of the shim are in it, %s and %s: one records, the other "
			"stands down",
			process->mappings.shim.path, process->mappings.other.path);
	if (process->mappings.shim.deleted)
		cs_finding_note("the shim %s was replaced since: it has the old one",
				process->mappings.shim.path);
}

static void judge(struct cs_findings *findings, struct cs_arena *arena,
		  const struct cs_running *process, const char *socket, bool ask)
{
	const struct cs_mappings *mappings = &process->mappings;

	if (process->state == 'Z' || process->kernel_thread) {
		cs_finding_obstacle(findings, "ask for another process",
				    process->kernel_thread
					    ? "it is a thread of the kernel: there is no program"
					    : "it has ended; its parent has not yet waited for it");
		return;
	}
	if (!socket)
		socket = cs_running_variable(process, "COLDSPAN_SOCKET");
	if (!socket || !*socket)
		socket = CS_SOCKET_PATH;
	if (*mappings->segment.path) {
		judge_segment(findings, process);
	} else if (*mappings->shim.path) {
		judge_stand_down(findings, process);
	} else {
		cs_not_mapped(findings, arena, process);
	}
	if (ask)
		judge_collector(findings, process, socket);
}

/*
 * Of a process that executes another program little is told before that has happened, which a file system may
 * delay for ever (collector/processes/reading.h). So it is asked first where there is a limit of time.
 */
static int await_exec(int32_t pid, struct cs_diag *diag)
{
	struct cs_proc_origin origin;

	if (cs_proc_read_origin(pid, getuid(), &origin) != -ETIMEDOUT)
		return 0;
	return cs_diag_set(diag, -ETIMEDOUT,
			   "process %" PRId32
			   " is still in execve: what it is cannot be told before that is over",
			   pid);
}

static int examine(struct cs_arena *arena, int32_t pid, const char *socket, bool ask)
{
	struct cs_findings findings = { 0 };
	struct cs_running *process = cs_arena_alloc(arena, sizeof(*process));
	struct cs_diag diag = { 0 };
	int r;

	if (!process) {
		cs_log(CS_LOG_ERROR, "out of memory");
		return CS_EXIT_FAILED;
	}
	r = cs_running_open(pid, process, &diag);
	if (r == 0)
		r = await_exec(process->pid, &diag);
	if (r == 0)
		r = cs_running_look(arena, process, &diag);
	if (r == 0) {
		say_who(process, pid);
		judge(&findings, arena, process, socket, ask);
		cs_finding_verdict("process %" PRId32 " (%s) %s", process->pid, process->name,
				   findings.obstacles ? "is NOT watched" : "is watched");
	} else {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
	}
	cs_running_close(process);
	if (r < 0)
		return r == -ENOENT ? CS_EXIT_USAGE : CS_EXIT_FAILED;
	return findings.obstacles ? CS_EXIT_CANNOT_WATCH : CS_EXIT_DONE;
}

int cs_doctor_process(int32_t pid, const char *socket, bool ask)
{
	struct cs_arena arena;
	int code;

	cs_arena_init(&arena, 0);
	code = examine(&arena, pid, socket, ask);
	cs_arena_deinit(&arena);
	return code;
}
