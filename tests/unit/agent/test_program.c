/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/program, on files of this machine and on files it writes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/program.h"

static char folder[] = "/tmp/cs-program-XXXXXX";

static const char *write_file(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	FILE *file;

	if (strstr(folder, "XXXXXX"))
		cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
	return path;
}

static void remove_folder(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (!strstr(folder, "XXXXXX"))
		cr_assert(eq(int, system(command), 0));
}

TestSuite(program, .fini = remove_folder);

Test(program, a_dynamic_program_is_found_through_path)
{
	struct cs_diag diag = { 0 };
	struct cs_program p;

	cr_assert(eq(int, cs_program_inspect("true", getenv("PATH"), &p, &diag), 0));
	cr_assert(p.native);
	cr_assert(eq(int, (int)p.libc, CS_LIBC_GLIBC));
	cr_assert(ne(str, p.loader, (char *)""));
	cr_assert(not(p.go));
}

Test(program, a_script_leads_to_its_interpreter)
{
	struct cs_diag diag = { 0 };
	struct cs_program p;

	cr_assert(eq(
		int,
		cs_program_inspect(write_file("s", "#! /bin/sh -e\ntrue\n", 0755), NULL, &p, &diag),
		0));
	cr_assert(eq(u32, p.hops, 1));
	cr_assert(eq(str, p.path, (char *)"/bin/sh"));
	cr_assert(eq(str, p.argument, (char *)"-e"));
	cr_assert(eq(
		int,
		cs_program_inspect(write_file("t", "#!/bin/sh a  b \t\n", 0755), NULL, &p, &diag),
		0));
	cr_assert(eq(str, p.argument, (char *)"a  b"));
	cr_assert(ne(ptr, strstr(p.script, "/t"), NULL));
}

Test(program, a_text_without_a_first_line_is_a_shells)
{
	struct cs_diag diag = { 0 };
	struct cs_program p;

	cr_assert(eq(int, cs_program_inspect(write_file("u", "echo\n", 0755), NULL, &p, &diag), 0));
	cr_assert(p.no_first_line);
	cr_assert(eq(str, p.path, (char *)"/bin/sh"));
	cr_assert(ne(ptr, strstr(p.script, "/u"), NULL));
	cr_assert(eq(int, cs_program_inspect("/bin/sh", NULL, &p, &diag), 0));
	cr_assert(not(p.no_first_line));
}

Test(program, what_cannot_be_started_is_told_apart)
{
	struct cs_diag diag[4] = { 0 };
	struct cs_program p;

	cr_assert(eq(int, cs_program_inspect("no-such-command", NULL, &p, &diag[0]), -ENOENT));
	cr_assert(eq(str, diag[0].text, (char *)"no-such-command: command not found in PATH"));
	cr_assert(eq(int, cs_program_inspect(write_file("x", "data", 0644), NULL, &p, &diag[1]),
		     -EACCES));
	cr_assert(eq(int, cs_program_inspect(write_file("y", "#!\n", 0755), NULL, &p, &diag[2]),
		     -ENOEXEC));
	cr_assert(eq(int,
		     cs_program_inspect(write_file("z", "#!/nonexistent/sh\n", 0755), NULL, &p,
					&diag[3]),
		     -ENOENT));
}

Test(program, a_damaged_elf_file_is_refused_or_read_without_harm)
{
	struct cs_diag diag = { 0 };
	struct cs_program p;
	char text[65] = "\x7f"
			"ELF\x02\x01\x01";

	memset(text + 7, 'A', 57);
	cr_assert(ne(int, cs_program_inspect(write_file("e", text, 0755), NULL, &p, &diag), 0));
}
