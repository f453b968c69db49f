/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A library whose constructor runs before any other's, as libpthread's did before glibc 2.34, and
 * calls what is hooked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNTOUCHED 77

#define TRY(what, call)                                                                            \
	do {                                                                                       \
		errno = UNTOUCHED;                                                                 \
		long ret_ = (long)(call);                                                          \
		int error_ = errno;                                                                \
		printf("%s: %ld errno %d\n", what, ret_, error_);                                  \
	} while (0)

static void *thread(void *arg)
{
	*(int *)arg = 5;
	return NULL;
}

__attribute__((constructor)) static void early(void)
{
	char *const words[] = { "true", NULL };
	struct stat st;
	pthread_t id;
	FILE *stream;
	int value = 0, status = -1;
	pid_t pid;

	setvbuf(stdout, NULL, _IONBF, 0);
	TRY("open, missing", open("missing", O_RDONLY));
	TRY("stat, missing", stat("missing", &st));
	stream = fopen("/dev/null", "w");
	printf("fopen: %d\n", stream != NULL);
	TRY("fclose", stream ? fclose(stream) : -9);
	TRY("pthread_create", pthread_create(&id, NULL, thread, &value));
	if (value || pthread_join(id, NULL) == 0)
		printf("the thread ran: %d\n", value == 5);
	printf("dlopen: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
	TRY("posix_spawn", posix_spawn(&pid, "/bin/true", NULL, NULL, words, words + 1));
	TRY("waitpid", waitpid(pid, &status, 0) == pid);
	printf("status %x\n", status);
	TRY("dprintf", dprintf(1, "%d %s\n", 7, "words"));
	TRY("fcntl", fcntl(1, F_GETFD));
	TRY("syscall, close", syscall(SYS_close, -1));
	TRY("vfork, exec", execl("/nowhere/x", "x", (char *)NULL));
	TRY("socket", close(socket(AF_UNIX, SOCK_STREAM, 0)));
}
