/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/input. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/input.h"

#define MORE 10000u /* than what a first look takes */

static char path[64];

static void make_file(void)
{
	int fd;

	strcpy(path, "/tmp/coldspan-input.XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	close(fd);
}

static void remove_file(void)
{
	unlink(path);
}

static void write_bytes(const char *to, size_t count)
{
	FILE *file = fopen(to, "w");

	for (size_t i = 0; i < count; i++)
		fputc('a' + (int)(i % 26), file);
	fclose(file);
}

/* Whole, with a NUL behind it. */
static void check_bytes(const char *text, size_t len, size_t count)
{
	cr_assert(eq(sz, len, count));
	for (size_t i = 0; i < count; i++)
		cr_assert(text[i] == 'a' + (int)(i % 26), "byte %zu", i);
	cr_assert(text[count] == '\0');
}

TestSuite(input, .init = make_file, .fini = remove_file);

Test(input, a_file_is_read_whole_whatever_its_size)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, MORE };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cs_cleanup(cs_freep) char *text = NULL;
		size_t len = 0;

		write_bytes(path, sizes[i]);
		cr_assert(zero(int, cs_input_read_file(path, MORE + 1, &text, &len)));
		check_bytes(text, len, sizes[i]);
	}
}

Test(input, of_a_longer_file_as_much_as_is_asked_for)
{
	static const size_t mosts[] = { 1, 4096, 4097, MORE - 1, MORE };

	write_bytes(path, MORE);
	for (size_t i = 0; i < sizeof(mosts) / sizeof(mosts[0]); i++) {
		cs_cleanup(cs_freep) char *text = NULL;
		size_t len = 0;

		cr_assert(zero(int, cs_input_read_file(path, mosts[i], &text, &len)));
		check_bytes(text, len, mosts[i]);
	}
}

Test(input, what_has_no_size_is_read_to_its_end)
{
	cs_cleanup(cs_freep) char *text = NULL;
	size_t len = 0;

	cr_assert(zero(int, cs_input_read_file("/proc/self/stat", MORE, &text, &len)));
	cr_assert(len > 0 && strlen(text) == len && text[len - 1] == '\n');
}

/* The second part comes once the first was taken, and the reader asks for more. */
static bool write_in_two(int fd)
{
	int waiting = 1;

	if (write(fd, "first ", 6) != 6)
		return false;
	while (ioctl(fd, FIONREAD, &waiting) == 0 && waiting)
		sched_yield();
	for (int i = 0; i < 100; i++)
		sched_yield();
	return write(fd, "second", 6) == 6;
}

Test(input, a_writer_of_a_pipe_is_waited_for)
{
	cs_cleanup(cs_freep) char *text = NULL;
	char name[32];
	size_t len = 0;
	int ends[2];

	cr_assert(zero(int, pipe(ends)));
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	if (fork() == 0) {
		close(ends[0]);
		_exit(write_in_two(ends[1]) ? 0 : 1);
	}
	close(ends[1]);
	cr_assert(zero(int, cs_input_read_file(name, MORE, &text, &len)));
	cr_assert(eq(str, text, (char *)"first second"));
}

Test(input, a_fifo_without_a_writer_is_empty)
{
	cs_cleanup(cs_freep) char *text = NULL;
	size_t len = 1;

	unlink(path);
	cr_assert(zero(int, mkfifo(path, 0600)));
	cr_assert(zero(int, cs_input_read_file(path, MORE, &text, &len)));
	cr_assert(zero(sz, len));
}

Test(input, what_cannot_be_read_says_why)
{
	char *text = NULL;
	size_t len = 0;

	cr_assert(eq(int, cs_input_read_file("/", MORE, &text, &len), -EISDIR));
	cr_assert(eq(int, cs_input_read_file("/nosuch", MORE, &text, &len), -ENOENT));
	cr_assert(text == NULL);
}
