/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan doctor`: whether a command can be watched; if not, why, and what to do about it. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "agent/exit_codes.h"
#include "agent/library.h"
#include "agent/option_error.h"
#include "agent/probe.h"
#include "agent/program.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "coldspan_config.h"
#include "preload/wire/segment.h"

static const char help_text[] =
	"Say whether a command can be watched, and if not why. The command is not run.\n"
	"\n"
	"  coldspan doctor -- python3 handler.py\n"
	"  coldspan doctor --socket /run/coldspan/announce.sock -- ./bootstrap\n"
	"\n"
	"Options:\n"
	"      --socket PATH    the collector's announce socket [COLDSPAN_SOCKET, else\n"
	"                       " CS_SOCKET_PATH "]\n"
	"      --no-socket      do not ask whether a collector listens (coldspan run brings its own)\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 it can be watched, 3 it cannot, 2 bad command line or no such command,\n"
	"1 doctor itself failed.\n";

#define SEGMENT_BYTES           cs_segment_bytes(CS_SLOTS_DEFAULT, 1)
#define ADDRESS_SPACE_MIN_BYTES (1ull << 30) /* as in preload/attach.c */

struct report {
	unsigned obstacles;
};

static void ok(const char *what)
{
	printf("ok    %s\n", what);
}

/* One obstacle: what it is, and the remedy on a line of its own. */
static void cannot(struct report *report, const char *what, const char *remedy)
{
	report->obstacles++;
	printf("NO    %s\n      remedy: %s\n", what, remedy);
}

static void note(const char *what)
{
	printf("note  %s\n", what);
}

static void judge_program(struct report *report, const struct cs_program *p)
{
	char line[PATH_MAX + 128];

	if (p->hops) {
		snprintf(line, sizeof(line), "the script is run by %s", p->path);
		note(line);
	}
	if (!p->native)
		cannot(report, "the program is for another architecture or word size",
		       "install a coldspan built for it (x86-64 or aarch64)");
	if (!p->loader[0])
		cannot(report,
		       "the program is statically linked: no loader, so nothing is preloaded",
		       "link it dynamically; its dynamic children are watched all the same");
	else if (p->go)
		note("built by Go, which makes its system calls itself: only the start is seen");
	else if (p->libc == CS_LIBC_OTHER)
		cannot(report, "its C library is neither glibc nor musl",
		       "use a build for glibc or musl");
	else
		ok(p->libc == CS_LIBC_MUSL ? "dynamically linked, musl"
					   : "dynamically linked, glibc");
	if (p->secure_exec)
		cannot(report, "setuid, setgid or file capabilities: the loader drops LD_PRELOAD",
		       "run the program itself under the user it switches to");
	if (p->address_sanitizer)
		cannot(report,
		       "built with AddressSanitizer, which refuses to start behind a preload",
		       "use a build without it, or set ASAN_OPTIONS=verify_asan_link_order=0");
}

/* A wrapper that starts its command with an environment of its own. */
static void judge_wrapper(struct report *report, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (strcmp(name, "env") != 0)
		return;
	for (char **arg = argv + 1; *arg && (*arg)[0] == '-'; arg++) {
		if (!strcmp(*arg, "-") || !strcmp(*arg, "-i") ||
		    !strcmp(*arg, "--ignore-environment"))
			cannot(report, "env -i strips LD_PRELOAD from what it starts",
			       "name LD_PRELOAD and COLDSPAN_SOCKET behind it: see coldspan env");
	}
}

static void judge_loader(struct report *report, const struct cs_program *p, const char *library)
{
	char line[PATH_MAX + 64];
	int r;

	snprintf(line, sizeof(line), "shim %s", library);
	ok(line);
	if (p->libc != CS_LIBC_GLIBC || !p->native || p->secure_exec || !p->loader[0])
		return;
	r = cs_probe_loader(p->path, library);
	if (r == 0)
		cannot(report, "the loader does not map the shim into this program",
		       "try LD_DEBUG=libs with the same command to see why");
	else if (r > 0)
		ok("the loader maps the shim into it");
}

/* COLDSPAN_DENY: names of programs that are left alone, separated by ':'. */
static bool denied(const char *command)
{
	const char *deny = getenv("COLDSPAN_DENY"), *name = strrchr(command, '/');
	size_t len;

	name = name ? name + 1 : command;
	len = strlen(name);
	for (; deny && *deny; deny += *deny == ':') {
		size_t n = strcspn(deny, ":");

		if (n == len && !strncmp(deny, name, n))
			return true;
		deny += n;
	}
	return false;
}

/* The shim stands down below what it needs (preload/attach.c). */
static void judge_limit(struct report *report, int resource, rlim_t needed, const char *what)
{
	struct rlimit limit;
	char line[128], remedy[128];

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur >= needed)
		return;
	snprintf(line, sizeof(line), "the limit on %s is %llu bytes", what,
		 (unsigned long long)limit.rlim_cur);
	snprintf(remedy, sizeof(remedy), "raise it to %llu (ulimit -%c)",
		 (unsigned long long)needed, resource == RLIMIT_AS ? 'v' : 'f');
	cannot(report, line, remedy);
}

static void judge_here(struct report *report, const char *command)
{
	const char *disable = getenv("COLDSPAN_DISABLE");
	char line[128], call[CS_PROBE_NAME_BYTES] = "";
	int r;

	if (disable && *disable && strcmp(disable, "0") != 0)
		cannot(report, "COLDSPAN_DISABLE is set", "unset it");
	if (denied(command))
		cannot(report, "COLDSPAN_DENY names it", "take its name out of the list");
	judge_limit(report, RLIMIT_FSIZE, SEGMENT_BYTES, "file sizes");
	judge_limit(report, RLIMIT_AS, ADDRESS_SPACE_MIN_BYTES, "address space");
	r = cs_probe_calls(call);
	if (r == 0) {
		ok("the system calls of an attach are allowed here");
		return;
	}
	snprintf(line, sizeof(line), "%s %s here", call,
		 r == -EKEYREVOKED ? "kills the process (seccomp)" : "is refused");
	cannot(report, line, "allow the system calls that docs/attach.md lists");
}

static void judge_socket(struct report *report, const char *socket)
{
	char line[512];
	int r = cs_probe_socket(socket);

	if (r == 0) {
		snprintf(line, sizeof(line), "a collector listens at %s", socket);
		ok(line);
		return;
	}
	snprintf(line, sizeof(line), "no collector can be reached at %s: %s", socket, strerror(-r));
	cannot(report, line,
	       r == -EACCES ? "make the socket and its folder accessible to this user"
			    : "start coldspan-collector, or name its socket by --socket");
}

static int examine(char **argv, const char *socket)
{
	struct report report = { 0 };
	struct cs_diag diag = { 0 };
	struct cs_program program;
	struct cs_arena arena;
	const char *library;
	int r;

	r = cs_program_inspect(argv[0], &program, &diag);
	if (r < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		return r == -ENOENT || r == -EACCES || r == -ENOEXEC ? CS_EXIT_USAGE
								     : CS_EXIT_FAILED;
	}
	judge_program(&report, &program);
	judge_wrapper(&report, argv);
	cs_arena_init(&arena, 0);
	if (cs_library_find(&arena, &library, &diag) < 0)
		cannot(&report, diag.text, "install coldspan, or set COLDSPAN_LIBRARY");
	else
		judge_loader(&report, &program, library);
	cs_arena_deinit(&arena);
	judge_here(&report, argv[0]);
	if (socket)
		judge_socket(&report, socket);
	printf("%s %s be watched\n", argv[0], report.obstacles ? "CANNOT" : "can");
	return report.obstacles ? CS_EXIT_CANNOT_WATCH : CS_EXIT_DONE;
}

int cs_cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "no-socket", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *socket = getenv("COLDSPAN_SOCKET");
	bool ask_socket = true;
	int option;

	if (!socket || !*socket)
		socket = CS_SOCKET_PATH;
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (option) {
		case 's':
			socket = optarg;
			break;
		case 'n':
			ask_socket = false;
			break;
		case 'h':
			fputs(help_text, stdout);
			return CS_EXIT_DONE;
		default:
			cs_option_complain("doctor", argv, option, options);
			return CS_EXIT_USAGE;
		}
	}
	if (optind == argc) {
		cs_log(CS_LOG_ERROR, "doctor needs a command: coldspan doctor -- CMD…");
		return CS_EXIT_USAGE;
	}
	return examine(argv + optind, ask_socket ? socket : NULL);
}
