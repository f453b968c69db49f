/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/inherited.h"

#include <fcntl.h>

#include "preload/descriptors/follow.h"
#include "preload/events/stdio_loop.h"
#include "preload/hooks/borrowed.h"
#include "preload/shim.h"
#include "preload/text.h"

_Atomic uint32_t cs_inherited = CS_INHERITED_STDIN | CS_INHERITED_STDOUT | CS_INHERITED_STDERR |
				CS_INHERITED_UNREAD | CS_INHERITED_UNWRITTEN;

/* A child in borrowed memory has descriptors of its own: its parent tells of what it executes. */
void cs_inherited_forget(int fd)
{
	if (cs_tables_may_change())
		atomic_fetch_and_explicit(&cs_inherited, ~(1u << fd), memory_order_relaxed);
	else
		cs_borrow_replaced(fd);
}

/* "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0" and their like of 1 and 2; -1: none of them. */
static int named(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };

	if (!cs_text_starts(path, "/dev/") && !cs_text_starts(path, "/proc/"))
		return -1;
	if (cs_text_equal(path, "/dev/stdin"))
		return 0;
	if (cs_text_equal(path, "/dev/stdout"))
		return 1;
	if (cs_text_equal(path, "/dev/stderr"))
		return 2;
	for (unsigned i = 0; i < 2; i++) {
		const char *number = path + cs_text_len(folders[i]);

		if (cs_text_starts(path, folders[i]) && *number >= '0' && *number <= '2' &&
		    !number[1])
			return *number - '0';
	}
	return -1;
}

void cs_inherited_opened(int fd, const char *path, int flags)
{
	int which = path && !(flags & O_PATH) ? named(path) : -1;

	if (which >= 0)
		cs_follow_dup(which, cs_fd_word(which), fd);
}

/* Only in main: what constructors do is no event. */
static bool first(uint32_t flag)
{
	if (!cs_inherited_any(flag) || !cs_shim_watching() || !cs_tables_may_change() ||
	    !atomic_load_explicit(&cs_shim.in_main, memory_order_relaxed))
		return false;
	return atomic_fetch_and_explicit(&cs_inherited, ~flag, memory_order_relaxed) & flag;
}

void cs_inherited_reading(void)
{
	if (cs_stdio_wanted())
		cs_stdio_asks();
	if (!first(CS_INHERITED_UNREAD))
		return;
	cs_mark_told(CS_MARK_STDIN_READ, cs_now());
	cs_shim_end_init();
}

void cs_inherited_written(uint64_t begin_ns)
{
	if (first(CS_INHERITED_UNWRITTEN))
		cs_mark_told(CS_MARK_STDOUT_WRITE, begin_ns);
}

unsigned cs_inherited_left(void)
{
	unsigned left = 0;

	if (cs_inherited_any(CS_INHERITED_UNREAD) && cs_inherited_is(0, cs_fd_word(0), 0))
		left |= CS_EXEC_STDIN;
	if (cs_inherited_any(CS_INHERITED_UNWRITTEN) && cs_inherited_is(1, cs_fd_word(1), 1))
		left |= CS_EXEC_STDOUT;
	return left;
}
