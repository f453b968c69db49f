/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan doctor`: whether a command can be watched; if not, why, and what to do about it. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/exit_codes.h"
#include "agent/library.h"
#include "agent/option_error.h"
#include "agent/probe.h"
#include "agent/program.h"
#include "agent/scratch.h"
#include "agent/verbs.h"
#include "agent/wrapper.h"
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

#define STEPS_MAX               16 /* scripts and wrappers, one behind the other */
#define SEGMENT_BYTES           cs_segment_bytes(CS_SLOTS_DEFAULT, 1)
#define ADDRESS_SPACE_MIN_BYTES (1ull << 30) /* as in preload/attach.c */

#if defined(__x86_64__)
#define NATIVE_NAME "x86-64"
#else
#define NATIVE_NAME "aarch64"
#endif

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

/* What is judged in the end, behind all scripts and wrappers. */
struct start {
	struct cs_program program;
	char **argv;
	struct cs_watch_env env;
	const char *changed_by; /* the last wrapper that touched LD_PRELOAD; NULL none */
};

/* As the kernel does for "#!": the interpreter, its one argument, the script, the other words. */
static char **script_argv(struct cs_arena *arena, const struct cs_program *p, char **argv)
{
	size_t count = 0, n = 0;
	char **words;

	while (argv[count])
		count++;
	words = cs_arena_alloc(arena, (count + 3) * sizeof(*words));
	if (!words)
		return NULL;
	words[n++] = cs_arena_strndup(arena, p->path, sizeof(p->path));
	if (*p->argument)
		words[n++] = cs_arena_strndup(arena, p->argument, sizeof(p->argument));
	words[n++] = cs_arena_strndup(arena, p->script, sizeof(p->script));
	memcpy(words + n, argv + 1, count * sizeof(*words));
	return words[0] && words[1] && words[n - 1] ? words : NULL;
}

/* One wrapper further. Return: 1, 0 there is none, negative errno. */
static int follow(struct cs_arena *arena, char **argv, struct start *start)
{
	const char *preload = start->env.preload;
	char line[2 * PATH_MAX];
	int r = cs_wrapper_follow(arena, argv, &start->env, &start->argv);

	if (r < 0 || r == CS_WRAPPER_NONE)
		return r < 0 ? r : 0;
	if (r == CS_WRAPPER_OPAQUE) {
		snprintf(line, sizeof(line), "%s itself is judged, not what it starts", argv[0]);
		note(line);
		return 0;
	}
	if (start->program.secure_exec)
		start->env.preload = NULL;
	if (start->env.preload != preload)
		start->changed_by = argv[0];
	snprintf(line, sizeof(line), "%s starts %s, which is judged", argv[0], start->argv[0]);
	note(line);
	return 1;
}

static int find_start(struct cs_arena *arena, struct start *start, struct cs_diag *diag)
{
	const struct cs_program *p = &start->program;
	char line[PATH_MAX + 128];

	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		char **argv = start->argv;
		int r = cs_program_inspect(argv[0], start->env.path, &start->program, diag);

		if (r < 0)
			return r;
		if (p->hops) {
			snprintf(line, sizeof(line), "the script is run by %s", p->path);
			note(line);
			argv = script_argv(arena, p, argv);
		}
		r = argv ? follow(arena, argv, start) : -ENOMEM;
		if (r <= 0)
			return r < 0 ? cs_diag_set(diag, r, "out of memory") : 0;
	}
	return cs_diag_set(diag, -ELOOP, "%s: too many commands that start another",
			   start->argv[0]);
}

static bool loader_is_there(const struct cs_program *p)
{
	return access(p->loader, X_OK) == 0;
}

static void judge_libc(struct report *report, const struct cs_program *p)
{
	char line[PATH_MAX + 64];

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
	if (!p->native || !p->loader[0] || loader_is_there(p))
		return;
	snprintf(line, sizeof(line), "its loader %s is not there: it cannot start", p->loader);
	cannot(report, line, "install the C library that it was built for");
}

static void judge_program(struct report *report, const struct cs_program *p)
{
	if (!p->native)
		cannot(report, "the program is for another architecture or word size",
		       "use a build of it for " NATIVE_NAME ", as this coldspan is");
	judge_libc(report, p);
	if (p->secure_exec)
		cannot(report, "setuid, setgid or file capabilities: the loader drops LD_PRELOAD",
		       "run the program itself under the user it switches to");
	if (p->address_sanitizer)
		cannot(report,
		       "built with AddressSanitizer, which refuses to start behind a preload",
		       "use a build without it, or set ASAN_OPTIONS=verify_asan_link_order=0");
}

/* What wrappers left of the variables that coldspan run or coldspan env had set. */
static void judge_wrappers(struct report *report, const struct start *start, const char *library)
{
	char line[PATH_MAX + 128], remedy[PATH_MAX + 128];
	const char *preload = start->env.preload;

	snprintf(remedy, sizeof(remedy), "name LD_PRELOAD=%s and COLDSPAN_SOCKET behind it",
		 library);
	if (start->changed_by && (!preload || !*preload)) {
		snprintf(line, sizeof(line), "%s strips LD_PRELOAD from what it starts",
			 start->changed_by);
		cannot(report, line, remedy);
	} else if (start->changed_by && !cs_library_is_named(preload, library)) {
		snprintf(line, sizeof(line), "%s sets LD_PRELOAD to %s, where no shim is",
			 start->changed_by, preload);
		cannot(report, line, remedy);
	} else if (!start->env.socket) {
		cannot(report, "COLDSPAN_SOCKET is stripped, and with it where to announce",
		       "name COLDSPAN_SOCKET behind the wrapper as well");
	}
}

/* Tries what coldspan run does, also where the library's path does not fit into LD_PRELOAD. */
static int probe(const struct cs_program *p, const char *library)
{
	struct cs_scratch scratch = { 0 };
	int r;

	if (cs_library_fits(library))
		return cs_probe_loader(p->path, library);
	r = cs_scratch_make(&scratch, NULL);
	if (r == 0)
		r = cs_scratch_library(&scratch, library, &library, NULL);
	if (r == 0)
		r = cs_probe_loader(p->path, library);
	cs_scratch_remove(&scratch);
	return r;
}

static void judge_loader(struct report *report, const struct cs_program *p, const char *library)
{
	char line[PATH_MAX + 64];
	int r;

	if (p->libc != CS_LIBC_GLIBC || !p->native || p->secure_exec || !p->loader[0] ||
	    !loader_is_there(p))
		return;
	r = probe(p, library);
	if (r == 0) {
		cannot(report, "the loader does not map the shim into this program",
		       "try LD_DEBUG=libs with the same command to see why");
	} else if (r > 0) {
		ok("the loader maps the shim into it");
	} else {
		snprintf(line, sizeof(line), "its loader cannot be tried: %s", strerror(-r));
		cannot(report, line, "start the program by itself to see what it lacks");
	}
}

/* @for_run: coldspan run helps itself where the path does not fit; nobody else can. */
static void judge_library(struct report *report, const char *library, bool for_run)
{
	char line[PATH_MAX + sizeof(CS_LIBRARY_MISFIT)];

	snprintf(line, sizeof(line), "shim %s", library);
	if (cs_library_fits(library)) {
		ok(line);
	} else if (for_run) {
		ok(line);
		note("LD_PRELOAD cannot hold this path: coldspan run preloads a link to it");
	} else {
		cannot(report, line, CS_LIBRARY_MISFIT);
	}
}

/* COLDSPAN_DENY: names of programs that are left alone, separated by ':'. */
static bool denied(const char *deny, const char *command)
{
	const char *name = strrchr(command, '/');
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

static void judge_here(struct report *report, const struct start *start)
{
	const char *disable = start->env.disable;
	char line[128], call[CS_PROBE_NAME_BYTES] = "";
	int r;

	if (disable && *disable && strcmp(disable, "0") != 0)
		cannot(report, "COLDSPAN_DISABLE is set", "unset it");
	if (denied(start->env.deny, start->argv[0]))
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

/* What coldspan run, or an environment set by coldspan env, gives to the command. */
static struct cs_watch_env given_environment(const char *library, const char *socket)
{
	return (struct cs_watch_env){
		.preload = library,
		.socket = socket ? socket : "",
		.disable = getenv("COLDSPAN_DISABLE"),
		.deny = getenv("COLDSPAN_DENY"),
		.path = getenv("PATH"),
	};
}

/* @socket: NULL not to ask. Return: the exit status. */
static int judge(struct cs_arena *arena, char **argv, const char *socket)
{
	struct report report = { 0 };
	struct cs_diag diag = { 0 }, missing = { 0 };
	const char *library = NULL;
	struct start *start = cs_arena_alloc(arena, sizeof(*start));
	int r = cs_library_find(arena, &library, &missing);

	if (r == -ENOMEM || !start) {
		cs_log(CS_LOG_ERROR, "out of memory");
		return CS_EXIT_FAILED;
	}
	start->argv = argv;
	start->env = given_environment(library, socket);
	r = find_start(arena, start, &diag);
	if (r < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		return r == -ENOENT || r == -EACCES || r == -ENOEXEC ? CS_EXIT_USAGE
								     : CS_EXIT_FAILED;
	}
	judge_program(&report, &start->program);
	if (!library) {
		cannot(&report, missing.text, "install coldspan, or set COLDSPAN_LIBRARY");
	} else {
		judge_wrappers(&report, start, library);
		judge_library(&report, library, !socket);
		judge_loader(&report, &start->program, library);
	}
	judge_here(&report, start);
	if (socket && start->env.socket)
		judge_socket(&report, start->env.socket);
	else if (start->env.socket && *start->env.socket)
		note("a wrapper sets COLDSPAN_SOCKET: it announces there, not at coldspan run");
	printf("%s %s be watched\n", start->argv[0], report.obstacles ? "CANNOT" : "can");
	return report.obstacles ? CS_EXIT_CANNOT_WATCH : CS_EXIT_DONE;
}

static int examine(char **argv, const char *socket)
{
	struct cs_arena arena;
	int code;

	cs_arena_init(&arena, 0);
	code = judge(&arena, argv, socket);
	cs_arena_deinit(&arena);
	return code;
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
