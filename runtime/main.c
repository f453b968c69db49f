/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan-faas`: a small FaaS runtime for one host. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/faas.h"
#include "runtime/lines.h"
#include "runtime/options.h"

/* jemalloc's: a runtime that has gone quiet gives its memory back. */
__attribute__((visibility("default"))) const char *malloc_conf =
	"dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:1";

static void print_help(void)
{
	fputs("Serve functions over HTTP on this host: a folder with a function.yaml is one.\n"
	      "\n"
	      "  coldspan-faas serve --functions functions\n"
	      "  coldspan-faas serve --functions DIR --listen 127.0.0.1:0 --port-file port\n"
	      "  coldspan-faas serve --functions DIR --pass-env 'LD_PRELOAD,OTEL_*'\n"
	      "  curl -d hello http://127.0.0.1:8080/function/NAME\n"
	      "\n"
	      "function.yaml:\n"
	      "  name: hello\n"
	      "  mode: exec                    # a process per request; or http: kept, listens\n"
	      "                                # on $PORT\n"
	      "  command: [./hello]\n"
	      "  environment: {GREETING: hi}   # also: timeout, idle_timeout, concurrency,\n"
	      "                                # content_type\n"
	      "\n"
	      "Options of serve:\n"
	      "  --functions DIR          the folder whose folders are functions\n"
	      "  --listen HOST:PORT       loopback only; port 0: any free one [127.0.0.1:8080]\n"
	      "  --port-file FILE         receives the port once requests are taken\n"
	      "  --pass-env NAME[,NAME*]  what functions see beside PATH, HOME, LANG, TZ and\n"
	      "                           their own\n"
	      "  --timeout TIME           of a request; then its processes are killed [3s]\n"
	      "  --idle-timeout TIME      an unused http instance is ended after that [5m]\n"
	      "  --concurrency N          requests at once to a function; more get a 429 [100]\n"
	      "  --max-payload-bytes N    of a request's body and of an answer [6291456]\n"
	      "  --version\n"
	      "  -h, --help               man coldspan-faas has the rest\n"
	      "\n"
	      "Exit status: 0 stopped by SIGTERM or SIGINT, 1 own failure, 2 bad command line\n"
	      "or configuration.\n",
	      stdout);
}

/* What is said on standard output is the result. Return: the exit status. */
static int said(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno != EPIPE) /* whoever closed the pipe had enough */
		cs_say("error: cannot write to standard output: %s", strerror(errno));
	return 1;
}

/*
 * A function inherits 0, 1 and 2 of its own and nothing else: our pipes may not land on those
 * numbers, and what our own parent left open is closed on exec. To a standard output that was closed
 * nothing can be written, as before.
 */
static void tidy_descriptors(void)
{
	bool closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd == STDOUT_FILENO && closed) {
			close(fd);
			fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		}
	} while (fd >= 0 && fd < 3);
	if (fd >= 0)
		close(fd);
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (fd = 3; fd < 1024; fd++) /* Linux < 5.11 */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct cs_options options;
	struct cs_problem problem = { 0 };
	sigset_t none;

	tidy_descriptors();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* whoever started us may have blocked SIGCHLD */
	signal(SIGPIPE, SIG_IGN); /* a client or function that went away is a return value */
	if (cs_options_parse(argc, argv, &options, &problem) < 0) {
		cs_say("error: %s", problem.text);
		return 2;
	}
	switch (options.command) {
	case CS_COMMAND_HELP:
		print_help();
		return said();
	case CS_COMMAND_VERSION:
		puts("coldspan-faas " CS_FAAS_VERSION);
		return said();
	case CS_COMMAND_SERVE:
		break;
	}
	return cs_faas_serve(&options);
}
