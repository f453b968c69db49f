/* SPDX-License-Identifier: Apache-2.0 */

/* Following wrappers; see wrapper.h. Options as in GNU coreutils, findutils, time, util-linux. */
#include "agent/doctor/wrapper.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#define SPLITS_MAX 4 /* env -S within env -S */

/* Wrappers that leave the environment alone, and how to pass over what stands before their command. */
struct plain {
	const char *name;
	const char *letters; /* as getopt(3) wants them */
	const char *valued;  /* long options with a value of their own, separated by spaces */
	int operands;        /* before the command */
};

static const struct plain plains[] = {
	{ "ionice", "+:c:n:p:P:u:t", "class classdata pid pgid uid", 0 },
	{ "nice", "+:n:0123456789", "adjustment", 0 },
	{ "nohup", "+:", "", 0 },
	{ "setsid", "+:cfw", "", 0 },
	{ "stdbuf", "+:i:o:e:", "input output error", 0 },
	{ "time", "+:apqvf:o:", "format output", 0 },
	{ "timeout", "+:fk:ps:v", "kill-after signal", 1 },
	{ "xargs", "+:0a:d:E:e::I:i::L:l::n:oP:prs:tx",
	  "arg-file delimiter max-args max-procs max-chars process-slot-var", 0 },
};

/* Their command lines are languages of their own, or what they start is somebody else's child. */
static const char *const opaque[] = {
	"chroot",  "chrt",    "dbus-run-session", "doas",     "docker", "flock",   "gdb",
	"ltrace",  "nsenter", "parallel",         "perf",     "podman", "prlimit", "runuser",
	"script",  "setarch", "setpriv",          "strace",   "su",     "sudo",    "systemd-run",
	"taskset", "tini",    "unshare",          "valgrind", "watch",
};

/* With a script or a command of their own: what these start is watched or not, whatever is said of the shell. */
static const char *const shells[] = { "ash", "bash", "dash", "ksh", "mksh", "sh", "zsh" };

static const struct option env_options[] = {
	{ "argv0", required_argument, NULL, 'a' },
	{ "block-signal", optional_argument, NULL, 'v' },
	{ "chdir", required_argument, NULL, 'C' },
	{ "debug", no_argument, NULL, 'v' },
	{ "default-signal", optional_argument, NULL, 'v' },
	{ "ignore-environment", no_argument, NULL, 'i' },
	{ "ignore-signal", optional_argument, NULL, 'v' },
	{ "list-signal-handling", no_argument, NULL, 'v' },
	{ "null", no_argument, NULL, '0' },
	{ "split-string", required_argument, NULL, 'S' },
	{ "unset", required_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	size_t at;
} variables[] = {
	{ "LD_PRELOAD", offsetof(struct cs_watch_env, preload) },
	{ "COLDSPAN_SOCKET", offsetof(struct cs_watch_env, socket) },
	{ "COLDSPAN_DISABLE", offsetof(struct cs_watch_env, disable) },
	{ "COLDSPAN_DENY", offsetof(struct cs_watch_env, deny) },
	{ "PATH", offsetof(struct cs_watch_env, path) },
};

static void assign(struct cs_watch_env *env, const char *name, size_t len, const char *value)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (strlen(variables[i].name) == len && !strncmp(variables[i].name, name, len))
			memcpy((char *)env + variables[i].at, &value, sizeof(value));
	}
}

static size_t count_of(char **argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	return n;
}

/* One word of env -S into @to, quotes and backslashes undone. Return: behind it; NULL: cannot tell. */
static const char *split_word(const char *from, char *to)
{
	char quote = '\0';

	for (; *from && (quote || !isspace((unsigned char)*from)); from++) {
		if (quote ? *from == quote : *from == '\'' || *from == '"') {
			quote = quote ? '\0' : *from;
		} else if (*from == '$' && quote != '\'') {
			return NULL;
		} else if (*from == '\\' && from[1] && strchr("\\'\"$# ", from[1])) {
			*to++ = *++from;
		} else if (*from == '\\' && quote != '\'') {
			return NULL;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return quote ? NULL : from;
}

/* @argv[0], the words of @text, then @rest. Return: 1; 0 cannot tell; -ENOMEM. */
static int split(struct cs_arena *arena, char *wrapper, const char *text, char **rest, char ***ret)
{
	size_t size = strlen(text) + 1, n = 1, rest_count = count_of(rest);
	char **argv = cs_arena_alloc(arena, (size / 2 + rest_count + 3) * sizeof(*argv));

	if (!argv)
		return -ENOMEM;
	argv[0] = wrapper;
	for (text += strspn(text, " \t\r\n\v\f"); *text; text += strspn(text, " \t\r\n\v\f")) {
		if (*text == '#')
			break;
		argv[n] = cs_arena_alloc(arena, size);
		if (!argv[n])
			return -ENOMEM;
		text = split_word(text, argv[n++]);
		if (!text)
			return 0;
	}
	memcpy(argv + n, rest, (rest_count + 1) * sizeof(*argv));
	*ret = argv;
	return 1;
}

/* The NAME=VALUE operands, then the command. */
static int env_operands(char **operand, const struct cs_watch_env *changed, bool elsewhere,
			struct cs_watch_env *env, char ***ret)
{
	struct cs_watch_env after = *changed;
	const char *equals;

	if (*operand && !strcmp(*operand, "-")) {
		after = (struct cs_watch_env){ 0 };
		operand++;
	}
	for (; *operand && (equals = strchr(*operand, '=')); operand++)
		assign(&after, *operand, (size_t)(equals - *operand), equals + 1);
	if (!*operand)
		return CS_WRAPPER_NONE; /* prints the environment */
	if (elsewhere && **operand != '/' && strchr(*operand, '/'))
		return CS_WRAPPER_OPAQUE;
	*env = after;
	*ret = operand;
	return CS_WRAPPER_FOLLOWED;
}

/* env(1) clears the environment first, in whatever order its options stand. */
static int follow_env(struct cs_arena *arena, char **argv, struct cs_watch_env *env, char ***ret)
{
	struct cs_watch_env after = *env;
	int option, splits = 0, r;
	bool elsewhere = false;

	optind = 0; /* GNU: begin anew */
	opterr = 0;
	while ((option = getopt_long((int)count_of(argv), argv, "+:0a:C:iS:u:v", env_options,
				     NULL)) != -1) {
		switch (option) {
		case 'C':
			elsewhere = true;
			break;
		case 'i':
			after = (struct cs_watch_env){ 0 };
			break;
		case 'u':
			assign(&after, optarg, strlen(optarg), NULL);
			break;
		case 'S':
			if (++splits > SPLITS_MAX)
				return CS_WRAPPER_OPAQUE;
			r = split(arena, argv[0], optarg, argv + optind, &argv);
			if (r <= 0)
				return r < 0 ? r : CS_WRAPPER_OPAQUE;
			optind = 0;
			break;
		case '0':
		case 'a':
		case 'v':
			break;
		default:
			return CS_WRAPPER_OPAQUE;
		}
	}
	return env_operands(argv + optind, &after, elsewhere, env, ret);
}

/* Whether the long option @word has its value in the next word. */
static bool takes_next(const char *word, const char *valued)
{
	size_t len = strlen(word);

	for (; *valued; valued += strcspn(valued, " "), valued += strspn(valued, " ")) {
		if (strcspn(valued, " ") == len && !strncmp(valued, word, len))
			return true;
	}
	return false;
}

static int follow_plain(const struct plain *plain, char **argv, char ***ret)
{
	/* Any long option is passed over; "--name value" is known by @valued. */
	static const struct option none[] = { { NULL, 0, NULL, 0 } };
	int count = (int)count_of(argv), option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(count, argv, plain->letters, none, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (option == ':')
			return CS_WRAPPER_OPAQUE;
		if (option != '?')
			continue;
		if (optopt)
			return CS_WRAPPER_OPAQUE;
		if (takes_next(word + 2, plain->valued) && optind < count)
			optind++;
	}
	if (optind + plain->operands >= count)
		return CS_WRAPPER_NONE;
	*ret = argv + optind + plain->operands;
	return CS_WRAPPER_FOLLOWED;
}

static bool is_in(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

int cs_wrapper_follow(struct cs_arena *arena, char **argv, struct cs_watch_env *env, char ***ret)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (!strcmp(name, "env"))
		return follow_env(arena, argv, env, ret);
	for (size_t i = 0; i < sizeof(plains) / sizeof(plains[0]); i++) {
		if (!strcmp(name, plains[i].name))
			return follow_plain(&plains[i], argv, ret);
	}
	if (is_in(name, opaque, sizeof(opaque) / sizeof(opaque[0])) ||
	    (argv[1] && is_in(name, shells, sizeof(shells) / sizeof(shells[0]))))
		return CS_WRAPPER_OPAQUE;
	return CS_WRAPPER_NONE;
}
