/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/real_path, against realpath(3) on a tree of folders and links. */
#include "preload/start/real_path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/shim.h"

#define NAMES_MAX 3 /* in a path: with the links below that is less than it may look at */

static char base[PATH_MAX];

static const char *const folders[] = { "a", "a/b", "a/b/c", "d", "d/e" };
static const char *const files[] = { "a/f", "d/e/f", "f" };

/* Where, and to what; "/" at the front stands for the tree. */
static const char *const links[][2] = {
	{ "r", "a/b" },      { "up", ".." },      { "here", "." },          { "a/d", "../d" },
	{ "a/b/e", "/d/e" }, { "d/r", "../r" },   { "d/e/c", "/a//b/./c" }, { "g", "d/../f" },
	{ "a/g", "/f" },     { "lost", "x/y" },   { "a/lost", "../lost" },  { "o", "o" },
	{ "a/o", "b/o" },    { "a/b/o", "/a/o" },
};

static const char *const names[] = { "a", "b", "c",    "d",    "e",  "f", "g",
				     "r", "o", "lost", "here", "up", ".", ".." };

static void set_up(void)
{
	char made[] = "/tmp/coldspan-real-path-XXXXXX";

	cr_assert(ne(ptr, mkdtemp(made), NULL));
	cr_assert(ne(ptr, realpath(made, base), NULL));
	cr_assert(eq(int, chdir(base), 0));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		cr_assert(eq(int, mkdir(folders[i], 0755), 0));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cr_assert(eq(int, mknod(files[i], S_IFREG | 0644, 0), 0));
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		const char *to = links[i][1];
		char target[PATH_MAX + 64];

		snprintf(target, sizeof(target), "%s%s", *to == '/' ? base : "", to);
		cr_assert(eq(int, symlink(target, links[i][0]), 0));
	}
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
	return remove(path);
}

static void tear_down(void)
{
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(real_path, .init = set_up, .fini = tear_down);

/* What realpath(3) makes of it; false: it has to fail. */
static bool expected(const char *path, char *ret)
{
	return realpath(path, ret) && strlen(ret) < CS_PATH_BYTES && strcmp(ret, "/") != 0;
}

static void check(const char *path)
{
	char wanted[PATH_MAX] = "", got[CS_PATH_BYTES] = "";
	bool there, found;

	errno = 0;
	there = expected(path, wanted);
	/* "file/.." and "file/": nobody can open such a path, so that what is said of it is the same. */
	if (!there && errno == ENOTDIR)
		return;
	found = cs_real_path(path, base, got);
	cr_assert(eq(int, found, there), "%s: %s, not %s", path, found ? got : "none",
		  there ? wanted : "none");
	if (there)
		cr_assert(eq(str, got, wanted), "%s", path);
}

/* Appends @name, with one slash before it or more. */
static void append(char *path, size_t size, const char *name, int slashes)
{
	size_t len = strlen(path);

	snprintf(path + len, size - len, "%.*s%s", len ? slashes : 0, "///", name);
}

Test(real_path, is_what_realpath_says)
{
	unsigned seed = 20, found = 0;

	for (int round = 0; round < 30000; round++) {
		int count = 1 + rand_r(&seed) % NAMES_MAX;
		char path[PATH_MAX + 64] = "", real[PATH_MAX];

		if (rand_r(&seed) % 2)
			append(path, sizeof(path), base, 0);
		for (int i = 0; i < count; i++)
			append(path, sizeof(path),
			       names[(unsigned)rand_r(&seed) % (sizeof(names) / sizeof(names[0]))],
			       1 + rand_r(&seed) % 8 / 7);
		if (rand_r(&seed) % 16 == 0)
			append(path, sizeof(path), "", 1);
		check(path);
		found += expected(path, real);
	}
	cr_assert(found > 5000);
}

Test(real_path, what_is_not_there_has_none)
{
	char got[CS_PATH_BYTES];

	check("");
	check("nowhere");
	check("f/x");
	check("/");
	check("..//../../..");
	/* As after getcwd(2) failed. */
	cr_assert(not(cs_real_path("a", "", got)));
}

/* A folder of @len bytes below @path. */
static void go_into(char *path, size_t size, size_t len)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', len);
	name[len] = '\0';
	append(path, size, name, 1);
	cr_assert(eq(int, mkdir(path, 0755), 0));
}

Test(real_path, a_path_as_long_as_there_is_room_for_is_taken_and_no_longer_one)
{
	size_t len = CS_PATH_BYTES - 1 - strlen(base) - 2; /* of two names, to the last byte */
	char path[PATH_MAX] = "", real[PATH_MAX];

	go_into(path, sizeof(path), len / 2);
	go_into(path, sizeof(path), len - len / 2);
	cr_assert(expected(path, real));
	check(path);
	cr_assert(eq(int, symlink(path, "short"), 0));
	check("short");
	path[len / 2] = '\0';
	go_into(path, sizeof(path), len - len / 2 + 1);
	cr_assert(not(expected(path, real)));
	check(path);
	cr_assert(eq(int, symlink(path, "shorter"), 0));
	check("shorter");
}

/* A link to the folder "a" of @len bytes: .////a */
static void link_of(size_t len, const char *name)
{
	char target[CS_PATH_BYTES] = "";

	memset(target, '/', len);
	target[0] = '.';
	target[len - 1] = 'a';
	cr_assert(eq(int, symlink(target, name), 0));
}

Test(real_path, a_link_is_followed_as_long_as_there_is_room_for_it_and_what_follows)
{
	char got[CS_PATH_BYTES];

	link_of(CS_PATH_BYTES - 3, "long");
	check("long/b");
	link_of(CS_PATH_BYTES - 1, "longer");
	check("longer");
	cr_assert(not(cs_real_path("longer/b", base, got)));
	link_of(CS_PATH_BYTES - 2, "long one");
	cr_assert(not(cs_real_path("long one/b", base, got)));
}

Test(real_path, links_without_end_are_given_up)
{
	char name[16] = "a", next[16];

	check("o");
	check("a/o");
	for (int i = 0; i < 100; i++) {
		snprintf(next, sizeof(next), "l%d", i);
		cr_assert(eq(int, symlink(name, next), 0));
		memcpy(name, next, sizeof(name));
	}
	check("l99");
	check("l9");
}
