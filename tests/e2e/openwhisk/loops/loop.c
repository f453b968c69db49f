/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An action loop in C. How it reads and answers is its argument:
 *   raw     read() of up to 64 KiB, write() of the whole answer
 *   bytes   read() of one byte at a time, writev() of the answer in two pieces
 *   stdio   fgets() and fputs(), inside of libc
 *   mixed   read() as raw, answers by fputs()
 *   ahead   as raw, but a thread reads: what it has read is answered when it waits for more
 * An event whose parameters say "killed" kills it. Others are answered with the number of the event.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char line[1 << 20];
static char more[1 << 16];
static size_t more_len;

/* The next line without its end; false: there is none. */
static int next_line(size_t step)
{
	size_t len = 0;

	for (;;) {
		char *end = memchr(more, '\n', more_len);
		size_t n = end ? (size_t)(end - more) : more_len;
		ssize_t got;

		if (len + n >= sizeof(line))
			return 0;
		memcpy(line + len, more, n);
		len += n;
		if (end) {
			memmove(more, end + 1, more_len - n - 1);
			more_len -= n + 1;
			line[len] = '\0';
			return 1;
		}
		got = read(0, more, step);
		if (got <= 0)
			return 0;
		more_len = (size_t)got;
	}
}

static void answer(const char *text, const char *how, FILE *out)
{
	char copy[64], end[] = "\n";
	struct iovec parts[2] = { { copy, strlen(text) }, { end, 1 } };

	snprintf(copy, sizeof(copy), "%s", text);
	if (out) {
		fprintf(out, "%s\n", text);
		fflush(out);
	} else if (!strcmp(how, "bytes")) {
		if (writev(3, parts, 2) < 0)
			_exit(1);
	} else {
		char whole[128];
		int len = snprintf(whole, sizeof(whole), "%s\n", text);

		if (write(3, whole, (size_t)len) != len)
			_exit(1);
	}
}

static sem_t read_one, answered;
static char ahead[1 << 16]; /* the line that is being answered; "": there are no more */
static long reader;

static void *read_ahead(void *unused)
{
	reader = syscall(SYS_gettid);
	for (;;) {
		int more_comes = next_line(sizeof(more));

		sem_wait(&answered);
		snprintf(ahead, sizeof(ahead), "%.*s", (int)sizeof(ahead) - 1,
			 more_comes ? line : "");
		sem_post(&read_one);
		if (!more_comes)
			return unused;
	}
}

/* Until the reader waits for descriptor 0: in read, which has the number 0 on x86-64 and 63 on aarch64. */
static void await_reader(void)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/syscall", reader);
	for (;;) {
		FILE *file = fopen(path, "r");
		int found = file && fgets(text, sizeof(text), file) &&
			    (!strncmp(text, "0 0x0 ", 6) || !strncmp(text, "63 0x0 ", 7));

		if (file)
			fclose(file);
		if (found)
			return;
		sched_yield();
	}
}

static int next_ahead(void)
{
	sem_wait(&read_one);
	if (!*ahead)
		return 0;
	await_reader();
	snprintf(line, sizeof(line), "%s", ahead);
	sem_post(&answered);
	return 1;
}

static int next_of(const char *how)
{
	if (!strcmp(how, "ahead"))
		return next_ahead();
	if (!strcmp(how, "stdio"))
		return fgets(line, sizeof(line), stdin) != NULL;
	return next_line(strcmp(how, "bytes") ? sizeof(more) : 1);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "raw";
	FILE *out = !strcmp(how, "stdio") || !strcmp(how, "mixed") ? fdopen(3, "w") : NULL;
	const char *ack = getenv("__OW_WAIT_FOR_ACK");
	char text[64];

	if (ack && *ack)
		answer("{\"ok\":true}", how, out);
	if (!strcmp(how, "ahead")) {
		pthread_t thread;

		sem_init(&read_one, 0, 0);
		sem_init(&answered, 0, 1);
		if (pthread_create(&thread, NULL, read_ahead, NULL))
			return 1;
	}
	for (unsigned n = 0;; n++) {
		if (!next_of(how))
			break;
		if (strstr(line, "killed"))
			raise(SIGKILL);
		snprintf(text, sizeof(text),
			 strstr(line, "wrong") ? "{\"error\":%u}" : "{\"n\":%u}", n);
		answer(text, how, out);
	}
	return 0;
}
