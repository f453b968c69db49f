/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Connections that go to a library whose calls nobody sees, and what gets their numbers afterwards. The
 * first argument is that library, the second how it is loaded: plain, deepbind or dlmopen.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/shim/guests/guest.h"

#define ROUNDS 4
#define ASK    "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

typedef int (*serve_fn)(int fd, const char *answer);

static serve_fn load(const char *path, const char *how)
{
	void *handle = NULL;

	if (!strcmp(how, "plain"))
		handle = dlopen(path, RTLD_NOW);
#ifdef __GLIBC__
	if (!strcmp(how, "deepbind"))
		handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	if (!strcmp(how, "dlmopen"))
		handle = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
#endif
	return handle ? (serve_fn)dlsym(handle, "guest_serve") : NULL;
}

static int listen_somewhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) < 0)
		exit(2);
	return fd;
}

/* A file that looks like a request. */
static void make_file(void)
{
	int fd = open("request", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, ASK, strlen(ASK)) != (ssize_t)strlen(ASK))
		exit(2);
	close(fd);
}

/* The number that the library has closed is given to that file, which is read as no connection. */
static void take_number(int number)
{
	char text[64] = { 0 };
	int fd = open("request", O_RDWR);

	printf("the same number: %d\n", fd == number);
	TRY("read from the file", read(fd, text, sizeof(text)));
	TRY("write to the file", write(fd, ANSWER, strlen(ANSWER)));
	printf("%.3s\n", text);
	TRY("close", close(fd));
}

static void round_of(int listener, const struct sockaddr_in *address, serve_fn serve)
{
	char answer[128] = { 0 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	TRY("connect", connect(client, (const struct sockaddr *)address, sizeof(*address)));
	TRY("ask", send(client, ASK, strlen(ASK), 0));
	fd = accept(listener, NULL, NULL);
	TRY("serve", serve(fd, ANSWER));
	TRY("answer", recv(client, answer, sizeof(answer), MSG_WAITALL));
	printf("%s\n", answer);
	take_number(fd);
	close(client);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	serve_fn serve = argc == 3 ? load(argv[1], argv[2]) : NULL;
	int listener = listen_somewhere(&address);

	guest_start();
	if (!serve) {
		printf("no library: %s\n", dlerror());
		return 3;
	}
	for (int i = 0; i < ROUNDS; i++) {
		make_file();
		round_of(listener, &address, serve);
	}
	return 71;
}
