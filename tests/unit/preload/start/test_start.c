/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/start: the kernel's stack, laid out by hand. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <elf.h>

#include "preload/start/start.h"

/* argc is not part of it: libc hands it over apart. */
struct stack {
	const char *argv[3];
	const char *envp[4];
	Elf64_auxv_t auxv[7];
};

static struct cs_start read_stack(struct stack *stack)
{
	struct cs_start start;

	cs_start_read(&start, 2, (char **)stack->argv, (char **)stack->envp);
	return start;
}

Test(start, reads_the_auxiliary_vector)
{
	struct stack stack = { .argv = { "a", "b", NULL },
			       .envp = { "A=1", "B=2", "C=3", NULL },
			       .auxv = { { AT_PHDR, { 0x1000 } },
					 { AT_PHNUM, { 9 } },
					 { AT_SYSINFO_EHDR, { 0x2000 } },
					 { AT_UID, { 33 } },
					 { AT_GID, { 44 } },
					 { AT_SECURE, { 1 } },
					 { AT_NULL, { 0 } } } };
	struct cs_start start = read_stack(&stack);

	cr_assert(eq(u64, start.program_headers, 0x1000));
	cr_assert(eq(u64, start.program_headers_count, 9));
	cr_assert(eq(u64, start.vdso, 0x2000));
	cr_assert(eq(u32, start.uid, 33));
	cr_assert(eq(u32, start.gid, 44));
	cr_assert(start.secure);
}

Test(start, missing_entries_are_zero)
{
	struct stack stack = { .argv = { "a", "b", NULL },
			       .envp = { "A=1", "B=2", "C=3", NULL },
			       .auxv = { { AT_PAGESZ, { 4096 } } } };
	struct cs_start start = read_stack(&stack);

	cr_assert(eq(u64, start.program_headers, 0));
	cr_assert(eq(u64, start.vdso, 0));
	cr_assert(not(start.secure));
}

/* glibc's loader moves the rest down: one more end for each that was unsafe. */
Test(start, variables_that_the_loader_took_away_leave_gaps)
{
	struct stack stack = { .argv = { "a", "b", NULL },
			       .envp = { "A=1", NULL, NULL, NULL },
			       .auxv = { { AT_SECURE, { 1 } }, { AT_PHNUM, { 9 } } } };
	struct cs_start start = read_stack(&stack);

	cr_assert(start.secure);
	cr_assert(eq(u64, start.program_headers_count, 9));
	cr_assert_str_eq(cs_start_env(&start, "A"), "1");
}

Test(start, finds_variables_by_their_whole_name)
{
	struct stack stack = { .argv = { "a", "b", NULL },
			       .envp = { "COLDSPAN_SOCKETS=no", "COLDSPAN_SOCKET=/a=b",
					 "COLDSPAN_DISABLE=", NULL },
			       .auxv = { { AT_PAGESZ, { 4096 } } } };
	struct cs_start start = read_stack(&stack);

	cr_assert_str_eq(cs_start_env(&start, "COLDSPAN_SOCKET"), "/a=b");
	cr_assert_str_eq(cs_start_env(&start, "COLDSPAN_DISABLE"), "");
	cr_assert_null(cs_start_env(&start, "COLDSPAN"));
	cr_assert_null(cs_start_env(&start, "COLDSPAN_DENY"));
}
