/* SPDX-License-Identifier: Apache-2.0 */

/* Reading /proc/PID; see running.h. */
#include "agent/doctor/running.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/input.h"
#include "collector/processes/procfs.h"
#include "preload/wire/abi.h"

#define FILE_MAX_BYTES (4u << 20) /* an environment of this size no exec takes */
#define TEXT_BYTES     8192       /* of what the kernel writes itself */
#define DELETED        " (deleted)"
#define SHIM_NAME      "libcoldspan.so"
#define SEGMENT_PATH   "/memfd:coldspan"

static int open_in(const struct cs_running *running, const char *name)
{
	int fd = openat(running->folder, name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Up to @size - 1 bytes and a NUL. Return: bytes; negative errno. */
static ssize_t read_in(const struct cs_running *running, const char *name, char *text, size_t size)
{
	cs_cleanup(cs_closep) int fd = open_in(running, name);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = cs_input_read(fd, text, size - 1);
	if (len >= 0)
		text[len] = '\0';
	return len;
}

/* A number behind @label at the beginning of a line, the @nth of the line; 0 there is none. */
static uint64_t number_of(const char *text, const char *label, unsigned nth)
{
	const char *line = strstr(text, label);
	uint64_t value = 0;
	char *end;

	if (!line)
		return 0;
	line += strlen(label);
	for (unsigned i = 0; i <= nth; i++) {
		line += strspn(line, " \t");
		value = strtoull(line, &end, 10);
		if (end == line)
			return 0;
		line = end;
	}
	return value;
}

/* A name in proc_pid_status(5) is escaped: no line of it looks like another. */
static int read_status(struct cs_running *running)
{
	struct cs_proc_status status;
	struct cs_proc_stat stat;
	char text[TEXT_BYTES];
	ssize_t n = read_in(running, "status", text, sizeof(text));
	const char *state;

	if (n < 0)
		return (int)n;
	if (cs_proc_parse_status(text, &status) < 0)
		return -EBADMSG;
	state = strstr(text, "\nState:");
	running->state = state ? state[strlen("\nState:") + 1] : '?';
	running->pid = (int32_t)number_of(text, "\nTgid:", 0);
	running->uid = (uint32_t)number_of(text, "\nUid:", 1);
	running->seccomp = (int)number_of(text, "\nSeccomp:", 0);
	running->ns_pid = status.ns_pid;
	running->kernel_thread = !strstr(text, "\nVmSize:") && running->state != 'Z';
	n = read_in(running, "stat", text, sizeof(text));
	if (n < 0)
		return (int)n;
	if (cs_proc_parse_stat(text, (uint64_t)sysconf(_SC_CLK_TCK), &stat) < 0)
		return -EBADMSG;
	running->ppid = stat.ppid;
	running->start_ns = stat.start_ns;
	n = read_in(running, "comm", running->name, sizeof(running->name));
	if (n < 0)
		return (int)n;
	running->name[strcspn(running->name, "\n")] = '\0';
	return 0;
}

static uint64_t limit_of(const char *text, const char *label)
{
	const char *line = strstr(text, label);
	char *end;
	uint64_t value;

	if (!line)
		return UINT64_MAX;
	value = strtoull(line + strlen(label), &end, 10);
	return end == line + strlen(label) ? UINT64_MAX : value; /* "unlimited" */
}

static void read_limits(struct cs_running *running)
{
	char text[TEXT_BYTES];

	running->file_bytes = running->space_bytes = UINT64_MAX;
	if (read_in(running, "limits", text, sizeof(text)) < 0)
		return;
	running->file_bytes = limit_of(text, "Max file size ");
	running->space_bytes = limit_of(text, "Max address space ");
}

static void read_vector(struct cs_running *running)
{
	char bytes[TEXT_BYTES];
	ssize_t n = read_in(running, "auxv", bytes, sizeof(bytes));

	running->secure = n <= 0 ? -1 : 0;
	for (ssize_t i = 0; i + (ssize_t)sizeof(Elf64_auxv_t) <= n;
	     i += (ssize_t)sizeof(Elf64_auxv_t)) {
		Elf64_auxv_t entry;

		memcpy(&entry, bytes + i, sizeof(entry));
		if (entry.a_type == AT_SECURE)
			running->secure = entry.a_un.a_val != 0;
	}
}

static int read_strings(struct cs_arena *arena, struct cs_running *running)
{
	cs_cleanup(cs_freep) char *text = malloc(FILE_MAX_BYTES);
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = read_in(running, "cmdline", text, FILE_MAX_BYTES);
	running->argv0 = n > 0 ? cs_arena_strndup(arena, text, PATH_MAX) : "";
	if (!running->argv0)
		return -ENOMEM;
	running->environment = "";
	n = read_in(running, "environ", text, FILE_MAX_BYTES);
	running->environment_error = n < 0 ? (int)n : 0;
	if (n > 0) {
		char *copy = cs_arena_alloc(arena, (size_t)n + 1);

		if (!copy)
			return -ENOMEM;
		memcpy(copy, text, (size_t)n + 1);
		running->environment = copy;
		running->environment_len = (size_t)n;
	}
	return 0;
}

/* Of @path, which ends its line. */
static void take_path(struct cs_mapped *mapped, const char *path)
{
	size_t len = strlen(path), tail = strlen(DELETED);

	mapped->deleted = len > tail && !strcmp(path + len - tail, DELETED);
	if (mapped->deleted)
		len -= tail;
	if (len >= sizeof(mapped->path))
		len = sizeof(mapped->path) - 1;
	memcpy(mapped->path, path, len);
	mapped->path[len] = '\0';
}

static void add_company(struct cs_mappings *mappings, const char *name)
{
	const struct cs_company *found = cs_company_find(name);

	if (!found || mappings->company_count == CS_RUNNING_COMPANY_MAX)
		return;
	for (unsigned i = 0; i < mappings->company_count; i++) {
		if (!strcmp(mappings->company[i]->what, found->what))
			return;
	}
	mappings->company[mappings->company_count++] = found;
}

void cs_mappings_parse(struct cs_mappings *mappings, const char *line)
{
	struct cs_mapped mapped = { 0 };
	uint64_t end, offset;
	const char *name;
	int at = 0;

	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %*4s %" SCNx64 " %" SCNx32 ":%" SCNx32 " %" SCNu64
		   " %n",
		   &mapped.begin, &end, &offset, &mapped.major, &mapped.minor, &mapped.inode,
		   &at) != 6 ||
	    !at || line[at] != '/')
		return;
	take_path(&mapped, line + at);
	mapped.bytes = end - mapped.begin;
	name = strrchr(mapped.path, '/') + 1;
	if (!strcmp(mapped.path, SEGMENT_PATH) && mapped.deleted) {
		if (!*mappings->segment.path && offset == 0)
			mappings->segment = mapped;
	} else if (!strcmp(name, SHIM_NAME)) {
		if (!*mappings->shim.path)
			mappings->shim = mapped;
		else if (mapped.inode != mappings->shim.inode ||
			 strcmp(mapped.path, mappings->shim.path) != 0)
			mappings->other = mapped;
	} else {
		add_company(mappings, name);
	}
}

static int read_mappings(struct cs_running *running)
{
	cs_cleanup(cs_fclosep) FILE *maps = NULL;
	cs_cleanup(cs_freep) char *line = NULL;
	int fd = open_in(running, "maps");
	size_t size = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	maps = fdopen(fd, "re");
	if (!maps) {
		close(fd);
		return -ENOMEM;
	}
	while ((n = getline(&line, &size, maps)) > 0) {
		line[n - (line[n - 1] == '\n')] = '\0';
		cs_mappings_parse(&running->mappings, line);
	}
	return ferror(maps) ? -errno : 0;
}

int cs_running_open(int32_t pid, struct cs_running *ret, struct cs_diag *diag)
{
	char path[32];

	*ret = (struct cs_running){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%" PRId32, pid);
	ret->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret->folder < 0
		       ? cs_diag_set(diag, -errno, "no process %" PRId32 " is seen here", pid)
		       : 0;
}

/* Of a thread: its process is meant. */
static int look_at_process(struct cs_running *running)
{
	int32_t asked = running->pid;
	int r = read_status(running);

	if (r < 0 || running->pid == asked)
		return r;
	cs_closep(&running->folder);
	r = cs_running_open(running->pid, running, NULL);
	return r < 0 ? r : read_status(running);
}

static int look(struct cs_arena *arena, struct cs_running *running)
{
	int r = look_at_process(running);

	if (r == 0)
		r = read_strings(arena, running);
	if (r < 0)
		return r;
	read_limits(running);
	read_vector(running);
	if (running->kernel_thread || running->state == 'Z')
		return 0;
	r = read_mappings(running);
	/* Of a process that has just ended all that is empty, without an error. */
	return r < 0 ? r : read_status(running);
}

int cs_running_look(struct cs_arena *arena, struct cs_running *running, struct cs_diag *diag)
{
	int r = look(arena, running);

	if (r == -ENOENT || r == -ESRCH)
		return cs_diag_set(diag, -ESRCH, "process %" PRId32 " ended while it was looked at",
				   running->pid);
	if ((r == -EACCES || r == -EPERM) && running->uid)
		return cs_diag_set(diag, r,
				   "what process %" PRId32
				   " has mapped may not be read by this user: "
				   "ask as uid %" PRIu32 ", or as root",
				   running->pid, running->uid);
	if (r == -EACCES || r == -EPERM)
		return cs_diag_set(diag, r,
				   "what process %" PRId32
				   " has mapped may not be read: ask as root, "
				   "with CAP_SYS_PTRACE",
				   running->pid);
	return r < 0 ? cs_diag_set(diag, r, "cannot read /proc/%" PRId32 ": %s", running->pid,
				   strerror(-r))
		     : 0;
}

void cs_running_close(struct cs_running *running)
{
	cs_closep(&running->folder);
	running->folder = -EBADF;
}

const char *cs_running_variable(const struct cs_running *running, const char *name)
{
	const char *at = running->environment, *end = at + running->environment_len;
	size_t len = strlen(name);

	for (; at < end; at += strlen(at) + 1) {
		if (!strncmp(at, name, len) && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

int cs_running_header(const struct cs_running *running, uint64_t offset, void *page)
{
	cs_cleanup(cs_closep) int fd = open_in(running, "mem");
	ssize_t n;

	if (fd < 0)
		return fd;
	n = pread(fd, page, CS_PAGE_BYTES, (off_t)(running->mappings.segment.begin + offset));
	if (n < 0)
		return -errno;
	return n == CS_PAGE_BYTES ? 0 : -EIO;
}
