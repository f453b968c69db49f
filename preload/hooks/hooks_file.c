/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files opened during the init: counted by class; the function's own, its dependencies and native
 * modules also by name, up to a limit; with COLDSPAN_FILES=all those of every class. The first of the function's own is where user code begins.
 * Once the instance is ready, a hook costs two loads and a branch; a server that had opened nothing of
 * its function's by then is looked at until its first response (php -S), and costs two loads more.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/inherited.h"
#include "preload/descriptors/logs.h"
#include "preload/hooks/borrowed.h"
#include "preload/hooks/child_code.h"
#include "preload/hooks/classify.h"
#include "preload/hooks/files.h"
#include "preload/hooks/hook.h"
#include "preload/layout.h"
#include "preload/shim.h"
#include "preload/text.h"

#define FILES_NAMED_MAX     1024u /* by name; a large Node function opens some hundreds */
#define FILES_NAMED_ALL_MAX 8192u /* with COLDSPAN_FILES=all: of any class */

static bool names_all; /* set at attach */

static const unsigned fact_of[] = {
	[CS_FILE_OTHER] = CS_FACT_OPENS_OTHER,           [CS_FILE_USER] = CS_FACT_OPENS_USER,
	[CS_FILE_DEPENDENCY] = CS_FACT_OPENS_DEPENDENCY, [CS_FILE_RUNTIME] = CS_FACT_OPENS_RUNTIME,
	[CS_FILE_NATIVE] = CS_FACT_OPENS_NATIVE,
};

static bool may_name_another(void)
{
	static _Atomic uint32_t named;
	uint32_t most = names_all ? FILES_NAMED_ALL_MAX : FILES_NAMED_MAX;

	if (atomic_load_explicit(&named, memory_order_relaxed) >= most)
		return false;
	return atomic_fetch_add_explicit(&named, 1, memory_order_relaxed) < most;
}

CS_AT_START void cs_files_variable(const char *variable)
{
	if (cs_text_equal(variable, "COLDSPAN_FILES=all"))
		names_all = true;
}

/* Its own program, as it was named to exec: a language that was installed as a package. */
static bool is_own_program(const char *path)
{
	static const char key[] = "exe=";
	const char *own = cs_shim.header->identity;

	return cs_text_starts(own, key) && cs_text_equal(path, own + sizeof(key) - 1);
}

static enum cs_file_class class_of(const char *path)
{
	const char *dirs[CS_USER_DIRS_MAX];
	enum cs_file_class class;

	for (unsigned i = 0; i < CS_USER_DIRS_MAX; i++)
		dirs[i] = cs_shim.wiped->user_dirs[i];
	class = cs_classify(path, dirs, CS_USER_DIRS_MAX);
	return class == CS_FILE_DEPENDENCY && is_own_program(path) ? CS_FILE_RUNTIME : class;
}

static void record_file(const char *path, uint64_t begin_ns, uint64_t end_ns, uint32_t flags)
{
	struct cs_rec_file rec = { .flags = flags, .end_ns = end_ns };
	size_t len = cs_text_len(path);
	enum cs_file_class class = flags & CS_FILE_FLAG_DLOPEN ? CS_FILE_NATIVE : class_of(path);

	if (!(flags & CS_FILE_FLAG_DLOPEN))
		cs_count(fact_of[class]);
	if (class == CS_FILE_USER && atomic_load_explicit(&cs_shim.in_main, memory_order_relaxed))
		cs_mark_at(CS_MARK_USER_CODE, begin_ns);
	if (!names_all && (class == CS_FILE_OTHER || class == CS_FILE_RUNTIME))
		return;
	if (!may_name_another())
		return;
	rec.file_class = class;
	/* Of a long path the end tells more. */
	if (len > CS_PATH_BYTES) {
		path += len - CS_PATH_BYTES;
		len = CS_PATH_BYTES;
	}
	rec.path_len = (uint16_t)len;
	cs_emit(CS_RECORD_FILE, CS_PRIORITY_LOW, begin_ns, &rec, sizeof(rec), path, rec.path_len);
}

/* A fork child's opens are not the instance's init, nor is anything in borrowed memory. */
static bool counts_here(void)
{
	return cs_shim_counting() && cs_tables_may_change() &&
	       cs_pid() == (uint32_t)cs_shim.header->pid;
}

/* @missing: the open failed because nothing is there. @code: opened so that code could be read. */
static void after_open(const char *path, bool opened, bool missing, bool code, uint64_t begin_ns)
{
	int saved = cs_errno();

	if (missing)
		cs_count(CS_FACT_LOOKUPS_FAILED);
	else if (opened && code && path)
		record_file(path, begin_ns, cs_now(), 0);
	cs_set_errno(saved);
}

static inline bool missing_now(void)
{
	int error = cs_errno();

	return error == 2 /* ENOENT */ || error == 20 /* ENOTDIR */;
}

/* Writers load no code, nor do those who want a folder or a mere name. */
static inline bool reads_code(int flags)
{
	return (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_DIRECTORY | O_PATH));
}

/* As fopen's mode: "r", but not "r+". */
static inline bool mode_reads(const char *mode)
{
	return mode && *mode == 'r' && !cs_text_has(mode, "+");
}

static inline void *new_stream(void *file)
{
	if (file && cs_shim_watching() && cs_shim.fileno)
		cs_follow_new(cs_shim.fileno(file));
	return file;
}

/*
 * No user code so far, and what is opened may be it all the same: in a fork child that is not ready, which
 * loads it itself; or when it is ready, and not past its first response: with its first event.
 */
static inline bool code_is_late(void)
{
	return cs_shim_watching() && !cs_segment_marked(cs_shim.header, CS_MARK_USER_CODE) &&
	       (!atomic_load_explicit(&cs_shim.init_over, memory_order_relaxed) ||
		(cs_segment_marked(cs_shim.header, CS_MARK_ACCEPT_WAIT) &&
		 !cs_segment_marked(cs_shim.header, CS_MARK_RESPONSE_END)));
}

static void note_late_code(const char *path, bool opened, bool code)
{
	int saved;

	if (!opened || !code || !path || !cs_tables_may_change() ||
	    atomic_load_explicit(&cs_shim.wiped->child_code, memory_order_relaxed) == CS_CHILD_OVER)
		return;
	saved = cs_errno();
	if (cs_pid() != (uint32_t)cs_shim.header->pid)
		cs_child_code_opened(path, cs_now());
	else if (class_of(path) == CS_FILE_USER)
		cs_mark_at(CS_MARK_USER_CODE, cs_now());
	cs_set_errno(saved);
}

/* Descriptors and streams that were opened are new; what they were before is over. */
static inline int new_descriptor(int fd, const char *path, int flags)
{
	cs_follow_new(fd);
	if (fd >= 0 && (cs_inherited_any(CS_INHERITED_UNREAD | CS_INHERITED_UNWRITTEN) ||
			cs_logs_any(CS_LOGS_STDOUT | CS_LOGS_STDERR)))
		cs_inherited_opened(fd, path, flags);
	return fd;
}

/* The open family: @call is the original with its arguments. */
#define OBSERVE_OPEN(call, path, flags)                                                            \
	do {                                                                                       \
		uint64_t begin_ns;                                                                 \
		int fd;                                                                            \
                                                                                                   \
		if (!counts_here()) {                                                              \
			fd = new_descriptor(call, path, flags);                                    \
			if (code_is_late())                                                        \
				note_late_code((path), fd >= 0, reads_code(flags));                \
			return fd;                                                                 \
		}                                                                                  \
		begin_ns = cs_now();                                                               \
		fd = new_descriptor(call, path, flags);                                            \
		after_open((path), fd >= 0, fd < 0 && missing_now(), reads_code(flags), begin_ns); \
		return fd;                                                                         \
	} while (0)

/* The mode is given only with O_CREAT and O_TMPFILE; handing on what is not there changes nothing. */
#define OPEN(name)                                                                                 \
	CS_HOOK(int, name, (const char *path, int flags, ...))                                     \
	{                                                                                          \
		unsigned mode;                                                                     \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, unsigned);                                                       \
		va_end(ap);                                                                        \
		OBSERVE_OPEN(CS_REAL(name)(path, flags, mode), path, flags);                       \
	}

#define OPENAT(name)                                                                               \
	CS_HOOK(int, name, (int dir, const char *path, int flags, ...))                            \
	{                                                                                          \
		unsigned mode;                                                                     \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, unsigned);                                                       \
		va_end(ap);                                                                        \
		OBSERVE_OPEN(CS_REAL(name)(dir, path, flags, mode), path, flags);                  \
	}

#define OPEN_2(name)                                                                               \
	CS_HOOK(int, name, (const char *path, int flags))                                          \
	{                                                                                          \
		OBSERVE_OPEN(CS_REAL(name)(path, flags), path, flags);                             \
	}

#define OPENAT_2(name)                                                                             \
	CS_HOOK(int, name, (int dir, const char *path, int flags))                                 \
	{                                                                                          \
		OBSERVE_OPEN(CS_REAL(name)(dir, path, flags), path, flags);                        \
	}

#define CREAT(name)                                                                                \
	CS_HOOK(int, name, (const char *path, unsigned mode))                                      \
	{                                                                                          \
		return cs_follow_new(CS_REAL(name)(path, mode));                                   \
	}

#define FOPEN(name)                                                                                \
	CS_HOOK(void *, name, (const char *path, const char *mode))                                \
	{                                                                                          \
		uint64_t begin_ns;                                                                 \
		void *file;                                                                        \
                                                                                                   \
		if (!counts_here()) {                                                              \
			file = new_stream(CS_REAL(name)(path, mode));                              \
			if (code_is_late())                                                        \
				note_late_code(path, file != NULL, mode_reads(mode));              \
			return file;                                                               \
		}                                                                                  \
		begin_ns = cs_now();                                                               \
		file = new_stream(CS_REAL(name)(path, mode));                                      \
		after_open(path, file != NULL, !file && missing_now(), mode_reads(mode),           \
			   begin_ns);                                                              \
		return file;                                                                       \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
OPEN_2(__open_2)
OPEN_2(__open64_2)
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)
CREAT(creat)
CREAT(creat64)
FOPEN(fopen)
FOPEN(fopen64)

/* Called by thunk.S; dlopen searches by its caller, so it is jumped to, and its end is not seen. */
void cs_thunk_dlopen(const char *path);
void cs_thunk_dlmopen(long namespace, const char *path);

static void record_dlopen(const char *path)
{
	int saved;

	if (!counts_here())
		return;
	saved = cs_errno();
	cs_count(CS_FACT_DLOPENS);
	if (path)
		record_file(path, cs_now(), 0, CS_FILE_FLAG_DLOPEN);
	cs_set_errno(saved);
}

void cs_thunk_dlopen(const char *path)
{
	cs_find_late(CS_HOOK_dlopen);
	record_dlopen(path);
}

void cs_thunk_dlmopen(long namespace, const char *path)
{
	cs_find_late(CS_HOOK_dlmopen);
	record_dlopen(path);
}
