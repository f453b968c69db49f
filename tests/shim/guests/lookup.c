/* SPDX-License-Identifier: Apache-2.0 */

/* Every look-up of a file's state, well and badly used. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/shim/guests/guest.h"

/* Programs built before glibc 2.33 call these; the linker still gives them out by version. */
#if defined(__GLIBC__) && defined(__x86_64__)
#define OLD_STAT 1
struct stat64;
int old_xstat(int version, const char *path, struct stat *st);
int old_xstat64(int version, const char *path, struct stat64 *st);
int old_lxstat(int version, const char *path, struct stat *st);
int old_lxstat64(int version, const char *path, struct stat64 *st);
int old_fxstatat(int version, int dir, const char *path, struct stat *st, int flags);
int old_fxstatat64(int version, int dir, const char *path, struct stat64 *st, int flags);
__asm__(".symver old_fxstatat, __fxstatat@GLIBC_2.4");
__asm__(".symver old_fxstatat64, __fxstatat64@GLIBC_2.4");
__asm__(".symver old_xstat, __xstat@GLIBC_2.2.5");
__asm__(".symver old_xstat64, __xstat64@GLIBC_2.2.5");
__asm__(".symver old_lxstat, __lxstat@GLIBC_2.2.5");
__asm__(".symver old_lxstat64, __lxstat64@GLIBC_2.2.5");
#endif

#define TRY_STAT(what, call)                                                                       \
	do {                                                                                       \
		struct stat st;                                                                    \
		memset(&st, 0x5a, sizeof(st));                                                     \
		TRY(what, call);                                                                   \
		printf("  mode %o size %lld\n", st.st_mode, (long long)st.st_size);                \
	} while (0)

static void plain(int dir)
{
	TRY_STAT("stat", stat("link", &st));
	TRY_STAT("stat, missing", stat("missing", &st));
	TRY_STAT("stat, loop", stat("loop", &st));
	TRY_STAT("stat, bad pointer", stat((const char *)8, &st));
	TRY_STAT("lstat", lstat("link", &st));
	TRY_STAT("lstat, missing", lstat("missing", &st));
	TRY_STAT("fstatat", fstatat(dir, "link", &st, 0));
	TRY_STAT("fstatat, link", fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW));
	TRY_STAT("fstatat, missing", fstatat(dir, "missing", &st, 0));
	TRY_STAT("fstatat, itself", fstatat(dir, "", &st, AT_EMPTY_PATH));
	TRY_STAT("fstatat, bad flags", fstatat(dir, "link", &st, 0x40000000));
	TRY_STAT("fstatat, bad folder", fstatat(-1, "link", &st, 0));
}

#ifdef __GLIBC__
static void large(int dir)
{
	TRY_STAT("stat64", stat64("link", (struct stat64 *)&st));
	TRY_STAT("stat64, missing", stat64("missing", (struct stat64 *)&st));
	TRY_STAT("lstat64", lstat64("link", (struct stat64 *)&st));
	TRY_STAT("lstat64, missing", lstat64("missing", (struct stat64 *)&st));
	TRY_STAT("fstatat64", fstatat64(dir, "link", (struct stat64 *)&st, AT_SYMLINK_NOFOLLOW));
	TRY_STAT("fstatat64, missing", fstatat64(dir, "missing", (struct stat64 *)&st, 0));
}

static void extended(int dir)
{
	struct statx stx;

	memset(&stx, 0, sizeof(stx));
	TRY("statx", statx(dir, "link", 0, STATX_BASIC_STATS, &stx));
	printf("  mode %o size %llu\n", stx.stx_mode, (unsigned long long)stx.stx_size);
	TRY("statx, missing", statx(dir, "missing", 0, STATX_BASIC_STATS, &stx));
	TRY("statx, bad flags", statx(dir, "link", 0x40000000, STATX_BASIC_STATS, &stx));
}
#endif

#ifdef OLD_STAT
static void old(int dir)
{
	TRY_STAT("__xstat", old_xstat(1, "link", &st));
	TRY_STAT("__xstat, missing", old_xstat(1, "missing", &st));
	TRY_STAT("__xstat, bad version", old_xstat(7, "link", &st));
	TRY_STAT("__xstat64", old_xstat64(1, "link", (struct stat64 *)&st));
	TRY_STAT("__lxstat", old_lxstat(1, "link", &st));
	TRY_STAT("__lxstat, missing", old_lxstat(1, "missing", &st));
	TRY_STAT("__lxstat64", old_lxstat64(1, "link", (struct stat64 *)&st));
	TRY_STAT("__fxstatat", old_fxstatat(1, dir, "link", &st, 0));
	TRY_STAT("__fxstatat, missing", old_fxstatat(1, dir, "missing", &st, 0));
	TRY_STAT("__fxstatat, bad folder", old_fxstatat(1, -1, "link", &st, 0));
	TRY_STAT("__fxstatat64",
		 old_fxstatat64(1, dir, "link", (struct stat64 *)&st, AT_SYMLINK_NOFOLLOW));
	TRY_STAT("__fxstatat64, missing",
		 old_fxstatat64(1, dir, "missing", (struct stat64 *)&st, 0));
}
#endif

static void accesses(int dir)
{
	TRY("access", access("file", R_OK));
	TRY("access, missing", access("missing", F_OK));
	TRY("access, denied", access("file", X_OK));
	TRY("access, bad mode", access("file", 99));
	TRY("faccessat", faccessat(dir, "file", W_OK, 0));
	TRY("faccessat, effective", faccessat(dir, "file", W_OK, AT_EACCESS));
	TRY("faccessat, missing", faccessat(dir, "missing", F_OK, 0));
	TRY("faccessat, link itself", faccessat(dir, "loop", F_OK, AT_SYMLINK_NOFOLLOW));
	TRY("faccessat, bad flags", faccessat(dir, "file", F_OK, 0x40000000));
}

int main(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY);
	int fd = open("file", O_CREAT | O_WRONLY, 0640);

	guest_start();
	if (write(fd, "twelve bytes", 12) != 12 || symlink("file", "link") < 0 ||
	    symlink("loop", "loop") < 0)
		return 2;
	plain(dir);
#ifdef __GLIBC__
	large(dir);
	extended(dir);
#endif
#ifdef OLD_STAT
	old(dir);
#endif
	accesses(dir);
	return 64;
}
