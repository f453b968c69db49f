/* SPDX-License-Identifier: Apache-2.0 */

/* Every open, well and badly used, and what the file system has to say afterwards. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/shim/guests/guest.h"

/* What a fortified build calls when it cannot see the flags; only glibc has them. */
#ifdef __GLIBC__
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
#else
#define open64   open
#define openat64 openat
#define creat64  creat
#define fopen64  fopen
#endif

static void print_mode(const char *path)
{
	struct stat st = { 0 };

	printf("  %s: mode %o size %lld\n", path, stat(path, &st) ? 0 : st.st_mode,
	       (long long)st.st_size);
}

/* The number tells whether anything of ours is open; then it is closed. */
#define TRY_OPEN(what, call)                                                                       \
	do {                                                                                       \
		int fd_;                                                                           \
		errno = UNTOUCHED;                                                                 \
		fd_ = (call);                                                                      \
		printf("%s: %d errno %d flags %x cloexec %d\n", what, fd_, errno,                  \
		       fd_ < 0 ? 0 : fcntl(fd_, F_GETFL), fd_ < 0 ? 0 : fcntl(fd_, F_GETFD));      \
		if (fd_ >= 0)                                                                      \
			close(fd_);                                                                \
	} while (0)

#define TRY_FOPEN(what, call)                                                                      \
	do {                                                                                       \
		FILE *file_;                                                                       \
		errno = UNTOUCHED;                                                                 \
		file_ = (call);                                                                    \
		printf("%s: %d errno %d\n", what, file_ ? fileno(file_) : -1, errno);              \
		if (file_)                                                                         \
			fclose(file_);                                                             \
	} while (0)

static void opens(int dir)
{
	TRY_OPEN("open, read", open("/dev/null", O_RDONLY));
	TRY_OPEN("open, new", open("new1", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640));
	print_mode("new1");
	TRY_OPEN("open, exists", open("new1", O_CREAT | O_EXCL | O_WRONLY, 0640));
	TRY_OPEN("open, missing", open("missing", O_RDONLY));
	TRY_OPEN("open, no folder", open("new1/x", O_RDONLY));
	TRY_OPEN("open, empty", open("", O_RDONLY));
	TRY_OPEN("open, bad pointer", open((const char *)8, O_RDONLY));
	TRY_OPEN("open, folder", open(".", O_RDONLY | O_DIRECTORY));
	TRY_OPEN("open, unnamed", open(".", O_TMPFILE | O_RDWR, 0600));
	TRY_OPEN("open, path", open("new1", O_PATH));
	TRY_OPEN("open64, new", open64("new2", O_CREAT | O_RDWR | O_APPEND, 0604));
	print_mode("new2");
	TRY_OPEN("open64, missing", open64("missing", O_RDONLY));
	TRY_OPEN("openat, new", openat(dir, "new3", O_CREAT | O_WRONLY, 0444));
	print_mode("new3");
	TRY_OPEN("openat, read", openat(dir, "new3", O_RDONLY));
	TRY_OPEN("openat, missing", openat(dir, "missing", O_RDONLY));
	TRY_OPEN("openat, bad folder", openat(-1, "new3", O_RDONLY));
	TRY_OPEN("openat, cwd", openat(AT_FDCWD, "new3", O_RDONLY));
	TRY_OPEN("openat64, new", openat64(dir, "new4", O_CREAT | O_WRONLY, 0666));
	print_mode("new4");
	TRY_OPEN("openat64, missing", openat64(dir, "missing", O_RDONLY));
	TRY_OPEN("creat", creat("new5", 0611));
	print_mode("new5");
	TRY_OPEN("creat, bad", creat("nowhere/x", 0611));
	TRY_OPEN("creat64", creat64("new6", 0622));
	print_mode("new6");
#ifdef __GLIBC__
	TRY_OPEN("__open_2", __open_2("new1", O_RDONLY));
	TRY_OPEN("__open_2, missing", __open_2("missing", O_RDONLY));
	TRY_OPEN("__open64_2", __open64_2("new1", O_RDONLY));
	TRY_OPEN("__openat_2", __openat_2(dir, "new1", O_RDONLY));
	TRY_OPEN("__openat_2, missing", __openat_2(dir, "missing", O_RDONLY));
	TRY_OPEN("__openat64_2", __openat64_2(dir, "new1", O_RDONLY));
#endif
}

static void fopens(void)
{
	TRY_FOPEN("fopen, write", fopen("new7", "w"));
	print_mode("new7");
	TRY_FOPEN("fopen, read", fopen("new7", "re"));
	TRY_FOPEN("fopen, missing", fopen("missing", "r"));
	TRY_FOPEN("fopen, bad mode", fopen("new7", "z"));
	TRY_FOPEN("fopen64, update", fopen64("new7", "r+"));
	TRY_FOPEN("fopen64, missing", fopen64("missing", "r"));
}

/*
 * The first argument names a folder with libguest_inner.so, which only this program's RUNPATH
 * ($ORIGIN/inner) leads to: the loader must see this program as the caller.
 */
static void libraries(const char *folder)
{
	char path[4096];
	void *handle = dlopen("libguest_inner.so", RTLD_NOW | RTLD_LOCAL);
	int (*answer)(void) = handle ? (int (*)(void))dlsym(handle, "guest_inner_answer") : NULL;

	printf("dlopen by RUNPATH: %d\n", answer ? answer() : -1);
	printf("dlopen, not global: %d\n", dlsym(RTLD_DEFAULT, "guest_inner_answer") == NULL);
	printf("dlopen, self: %d\n", dlopen(NULL, RTLD_NOW) != NULL);
	printf("dlopen, missing: %d\n", dlopen("libsurely-missing.so.9", RTLD_NOW) == NULL);
	printf("dlerror: %d\n", dlerror() != NULL);
	snprintf(path, sizeof(path), "%s/inner/libguest_inner.so", folder);
	printf("dlopen by path, same: %d\n", dlopen(path, RTLD_LAZY) == handle);
#ifdef __GLIBC__
	handle = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
	answer = handle ? (int (*)(void))dlsym(handle, "guest_inner_answer") : NULL;
	printf("dlmopen: %d\n", answer ? answer() : -1);
	printf("dlmopen, missing: %d\n",
	       dlmopen(LM_ID_BASE, "libsurely-missing.so.9", RTLD_NOW) == NULL);
#endif
	if (handle)
		dlclose(handle);
}

static void *opening_thread(void *path)
{
	int fd = open(path, O_RDONLY); /* blocks: nobody writes to the pipe */

	return (void *)(intptr_t)fd;
}

static void cancelled(void)
{
	pthread_t id;
	void *result;

	if (mkfifo("pipe", 0600) < 0)
		return;
	pthread_create(&id, NULL, opening_thread, "pipe");
	pthread_cancel(id);
	pthread_join(id, &result);
	printf("cancelled in open: %d\n", result == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
	int dir;

	guest_start();
	umask(0);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	opens(dir);
	fopens();
	if (argc > 1)
		libraries(argv[1]);
	cancelled();
	close(dir);
	return 63;
}
