/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan doctor -- CMD`: whether a command can be watched; see doctor.h. It is not started. */
#include "agent/doctor/doctor.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/doctor/probe.h"
#include "agent/doctor/wrapper.h"
#include "agent/exit_codes.h"
#include "agent/library.h"
#include "agent/program.h"
#include "agent/scratch.h"
#include "base/log.h"

#define STEPS_MAX 16 /* scripts and wrappers, one behind the other */

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
	int r = cs_wrapper_follow(arena, argv, &start->env, &start->argv);

	if (r < 0 || r == CS_WRAPPER_NONE)
		return r < 0 ? r : 0;
	if (r == CS_WRAPPER_OPAQUE) {
		cs_finding_note("%s itself is judged, not what it starts", argv[0]);
		return 0;
	}
	if (start->program.secure_exec)
		start->env.preload = NULL;
	if (start->env.preload != preload)
		start->changed_by = argv[0];
	cs_finding_note("%s starts %s, which is judged", argv[0], start->argv[0]);
	return 1;
}

static int find_start(struct cs_arena *arena, struct start *start, struct cs_diag *diag)
{
	const struct cs_program *p = &start->program;

	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		char **argv = start->argv;
		int r = cs_program_inspect(argv[0], start->env.path, &start->program, diag);

		if (r < 0)
			return r;
		if (p->no_first_line)
			cs_finding_note("%s has no #! line: shells and coldspan run give it to %s, "
					"whoever calls execve(2) itself gets an error",
					p->script, p->path);
		else if (p->hops)
			cs_finding_note("the script is run by %s", p->path);
		if (p->hops)
			argv = script_argv(arena, p, argv);
		r = argv ? follow(arena, argv, start) : -ENOMEM;
		if (r <= 0)
			return r < 0 ? cs_diag_set(diag, r, "out of memory") : 0;
	}
	return cs_diag_set(diag, -ELOOP, "%s: too many commands that start another",
			   start->argv[0]);
}

/* What wrappers left of the variables that coldspan run or coldspan env had set. */
static void judge_wrappers(struct cs_findings *findings, const struct start *start,
			   const char *library)
{
	char remedy[PATH_MAX + 128];
	const char *preload = start->env.preload;

	snprintf(remedy, sizeof(remedy), "name LD_PRELOAD=%s and COLDSPAN_SOCKET behind it",
		 library);
	if (start->changed_by && (!preload || !*preload))
		cs_finding_obstacle(findings, remedy, "%s strips LD_PRELOAD from what it starts",
				    start->changed_by);
	else if (start->changed_by && !cs_library_is_named(preload, library))
		cs_finding_obstacle(findings, remedy, "%s sets LD_PRELOAD to %s, where no shim is",
				    start->changed_by, preload);
	else if (!start->env.socket)
		cs_finding_obstacle(findings, "name COLDSPAN_SOCKET behind the wrapper as well",
				    "COLDSPAN_SOCKET is stripped, and with it where to announce");
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

static void judge_loader(struct cs_findings *findings, const struct cs_program *p,
			 const char *library)
{
	int r;

	if (p->libc != CS_LIBC_GLIBC || !p->native || p->secure_exec || !p->loader[0] ||
	    access(p->loader, X_OK) < 0)
		return;
	r = probe(p, library);
	if (r == 0)
		cs_finding_obstacle(findings, "try LD_DEBUG=libs with the same command to see why",
				    "the loader does not map the shim into this program");
	else if (r > 0)
		cs_finding_ok("the loader maps the shim into it");
	else
		cs_finding_obstacle(findings, "start the program by itself to see what it lacks",
				    "its loader cannot be tried: %s", strerror(-r));
}

/* @for_run: coldspan run helps itself where the path does not fit; nobody else can. */
static void judge_library(struct cs_findings *findings, const char *library, bool for_run)
{
	bool fits = cs_library_fits(library);

	if (!fits && !for_run) {
		cs_finding_obstacle(findings, CS_LIBRARY_MISFIT, "shim %s", library);
		return;
	}
	cs_finding_ok("shim %s", library);
	if (!fits)
		cs_finding_note(
			"LD_PRELOAD cannot hold this path: coldspan run preloads a link to it");
}

static uint64_t limit_here(int resource)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) < 0 ? UINT64_MAX : limit.rlim_cur;
}

/* argv[0] as the shim will find it. */
static const char *name_of(const struct start *start)
{
	return start->program.hops ? start->program.path : start->argv[0];
}

static void judge_here(struct cs_findings *findings, const struct start *start)
{
	char call[CS_PROBE_NAME_BYTES] = "";
	int r;

	if (cs_doctor_is_off(start->env.disable))
		cs_finding_obstacle(findings, "unset it", "COLDSPAN_DISABLE is set");
	if (cs_doctor_is_named(start->env.deny, name_of(start)))
		cs_finding_obstacle(findings, "take its name out of the list",
				    "COLDSPAN_DENY names it");
	cs_doctor_limits(findings, limit_here(RLIMIT_FSIZE), limit_here(RLIMIT_AS));
	r = cs_probe_calls(call);
	if (r == 0)
		cs_finding_ok("the system calls of an attach are allowed here");
	else
		cs_finding_obstacle(
			findings, "allow the system calls that docs/attach.md lists", "%s %s here",
			call, r == -EKEYREVOKED ? "kills the process (seccomp)" : "is refused");
}

/* Who else will be in it: in a list that coldspan run or coldspan env adds to. */
static void judge_company(const struct start *start, const char *library)
{
	const char *preload = getenv("LD_PRELOAD");
	const char *hide = getenv("COLDSPAN_HIDE");

	cs_doctor_company(preload);
	if (cs_library_other_copy(preload, library))
		cs_finding_note(
			"LD_PRELOAD names another copy of the shim as well: the first in the list "
			"records, the second stands down");
	if (cs_doctor_is_named(hide ? hide : CS_DOCTOR_HIDE_DEFAULT, name_of(start)))
		cs_finding_note(
			"LD_PRELOAD is hidden from it (COLDSPAN_HIDE): what it starts is not "
			"watched");
}

static void judge_socket(struct cs_findings *findings, const char *socket)
{
	int r = cs_probe_socket(socket, NULL);

	if (r == 0)
		cs_finding_ok("a collector listens at %s", socket);
	else
		cs_finding_obstacle(findings,
				    r == -EACCES ? CS_DOCTOR_REMEDY_ACCESS : CS_DOCTOR_REMEDY_START,
				    "no collector can be reached at %s: %s", socket, strerror(-r));
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
	struct cs_findings findings = { 0 };
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
	cs_doctor_program(&findings, &start->program);
	if (!library) {
		cs_finding_obstacle(&findings, "install coldspan, or set COLDSPAN_LIBRARY", "%s",
				    missing.text);
	} else {
		judge_wrappers(&findings, start, library);
		judge_library(&findings, library, !socket);
		judge_loader(&findings, &start->program, library);
		judge_company(start, library);
	}
	judge_here(&findings, start);
	if (socket && start->env.socket)
		judge_socket(&findings, start->env.socket);
	else if (start->env.socket && *start->env.socket)
		cs_finding_note(
			"a wrapper sets COLDSPAN_SOCKET: it announces there, not at coldspan run");
	cs_finding_verdict("%s %s be watched", start->argv[0],
			   findings.obstacles ? "CANNOT" : "can");
	return findings.obstacles ? CS_EXIT_CANNOT_WATCH : CS_EXIT_DONE;
}

int cs_doctor_command(char **argv, const char *socket)
{
	struct cs_arena arena;
	int code;

	cs_arena_init(&arena, 0);
	code = judge(&arena, argv, socket);
	cs_arena_deinit(&arena);
	return code;
}
