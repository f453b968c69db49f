/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finding the script; see script.h. Options are those that the interpreters' own --help and manuals
 * list; of Node.js those too that it hands on to V8.
 */
#include "preload/start/script.h"

#include <stddef.h>
#include <stdint.h>

#include "preload/text.h"

#define ARGUMENTS_MAX 64
#define PATH_MAX_LEN  511u

/* How a command line differs from getopt's. */
#define WORDS_ONLY 0x1u  /* -one is a word, no cluster of letters */
#define SHELL      0x2u  /* +x as well, and a value never is glued to its letter */
#define SUBCOMMAND 0x4u  /* tells code from commands by a dot or slash only */
#define CLASSES    0x8u  /* runs classes; a file only after -jar, or one ending in .java */
#define NO_DASHES  0x10u /* after "--" come arguments, not the script */

/*
 * Words begin with what they mean, and end in '*' if more may follow:
 *   -      goes without a value
 *   =      takes the next argument, unless it has a '=' of its own
 *   !      the code is elsewhere, or a command: there is no script
 *   >      a command that the script follows
 *   @      only with this the script is a file (CLASSES)
 * A word that is in no list, with a '=' in it, goes without a value; any other ends the search.
 */
struct language {
	char names[24];   /* without the version behind it */
	char letters[48]; /* go without a value */
	char values[12];  /* take a value: the rest of their argument, or the next one */
	char rests[12];   /* take the rest of their argument, which may be empty */
	char codes[12];   /* the code is elsewhere */
	char file;        /* its value is the script; 0 none */
	unsigned char flags;
};

static const struct language languages[] = {
	{ "python pypy", "bBdEiIOPqRsStuvx", "WX", "", "cmhVJ?", 0, 0 },
	{ "ruby", "acdhlnpsvwyKTW0123456789", "CEIr", "Fix:", "eS", 0, 0 },
	{ "perl", "acdfglnpstTuUvwWX0123456789", "I", "CDFiMmx:=", "eEhSV", 0, 0 },
	{ "php", "neCHlqw", "cdztS", "", "rRBFEaimsvh", 'f', NO_DASHES },
	{ "bash dash sh ash zsh ksh", "abefhiklmnprtuvxBCEHPT", "oO", "", "csD", 0, SHELL },
	{ "lua luajit", "iEvW", "lj", "O", "eb", 0, 0 },
	{ "java", "", "", "", "", 0, WORDS_ONLY | CLASSES },
	{ "deno", "AqENRWSI", "cL", "r=", "eph", 0, SUBCOMMAND },
	{ "bun", "bi", "rd", "", "ecph", 0, SUBCOMMAND },
	{ "node nodejs", "", "", "", "", 0, WORDS_ONLY },
};

/*
 * One list a language, in their order, with a NUL between: pointers would be relocated at each start.
 * The longest comes last.
 */
static const char words[] =
	/* python pypy */
	"=--check-hash-based-pycs"
	"\0"
	/* ruby */
	"=--encoding =--external-encoding =--internal-encoding =--enable =--disable --debug "
	"--verbose --jit --yjit --rjit --mjit"
	"\0"
	/* perl */ ""
	"\0"
	/* php */ ""
	"\0"
	/* bash dash sh ash zsh ksh */
	"=--init-file =--rcfile --posix --norc --noprofile --login --restricted --verbose "
	"--noediting --debugger"
	"\0"
	/* lua luajit */ ""
	"\0"
	/* java */ "@-jar !-m !--module !-d !--describe-module =-cp =-classpath =--class-path =-p "
	"=--module-path =--upgrade-module-path =--add-modules =--limit-modules =--add-reads "
	"=--add-exports =--add-opens =--patch-module =--enable-native-access =--source "
	"-X* -D* -javaagent* -agentlib* -agentpath* -verbose* -ea* -da* -enable* -disable* -esa "
	"-dsa -server -client -show* -splash* --enable-preview --show-module-resolution"
	"\0"
	/* deno */
	">run >serve >test >bench =--config =--import-map =--cert =--location =--seed =--ext "
	"=--log-level =--port =--host --allow-* --deny-* --no-* --unstable* --inspect* --check* "
	"--cached-only --watch* --quiet --reload --frozen --node-modules-dir --vendor --parallel"
	"\0"
	/* bun */
	">run >test !--eval !--print =--preload =--require =--import =--cwd =--env-file =--port "
	"=--define --watch --hot --smol --silent --bun --inspect* --no-*"
	"\0"
	/* node nodejs */
	"!inspect !debug !--eval !--print !-e !-p !-pe !--run !-i !--interactive !--completion-bash "
	"!--v8-options !--entry-url !--build-sea "
	"=-r =--require =--import =--loader =--experimental-loader =-C =--conditions =--env-file "
	"=--env-file-if-exists =--watch-path =--watch-kill-signal =--title =--icu-data-dir "
	"=--openssl-config =--input-type =--unhandled-rejections =--redirect-warnings "
	"=--trace-event-categories =--trace-event-file-pattern =--diagnostic-dir =--report-dir "
	"=--report-directory =--report-filename =--report-signal =--cpu-prof-dir =--cpu-prof-name "
	"=--cpu-prof-interval =--heap-prof-dir =--heap-prof-name =--heap-prof-interval "
	"=--heapsnapshot-signal =--heapsnapshot-near-heap-limit =--disable-warning =--disable-proto =--dns-result-order "
	"=--tls-cipher-list =--tls-keylog =--max-http-header-size =--secure-heap "
	"=--secure-heap-min =--localstorage-file =--experimental-config-file "
	"=--experimental-default-type =--experimental-sea-config "
	"=--experimental-specifier-resolution "
	"=--snapshot-blob =--inspect-port =--inspect-publish-uid =--debug-port =--test-reporter "
	"=--test-reporter-destination =--test-name-pattern =--test-skip-pattern "
	"=--test-concurrency =--test-timeout =--test-shard =--test-isolation "
	"=--allow-fs-read =--allow-fs-write =--v8-pool-size "
	"--no-* --enable-* --disable-wasm-* --experimental-* --trace-* --expose-gc --expose_gc "
	"--harmony* --inspect --inspect-brk --inspect-wait --throw-deprecation "
	"--pending-deprecation --preserve-symlinks* --prof --cpu-prof --heap-prof --report-on-* "
	"--report-uncaught-exception --report-compact --track-heap-objects --use-* --warnings "
	"--watch --watch-preserve-output --abort-on-uncaught-exception --allow-addons "
	"--allow-child-process --allow-wasi --allow-worker --permission --check -c "
	"--force-context-aware --force-fips --frozen-intrinsics --insecure-http-parser "
	"--interpreted-frames-native-stack --jitless --node-snapshot --zero-fill-buffers "
	"--verify-base-objects --test --test-only --tls-m* --optimize-for-size --lite-mode "
	"--deprecation --build-snapshot";

static const char *words_of(const struct language *language)
{
	const char *list = words;

	for (ptrdiff_t n = language - languages; n; n--)
		list += cs_text_len(list) + 1;
	return list;
}

/* The first word of @list that is @arg up to its '='; *@ret_len: of what stands in the list. */
static const char *find_word(const char *list, const char *arg, size_t arg_len)
{
	while (*list) {
		const char *word = list + (*list != '-');
		size_t len = 0;

		while (word[len] && word[len] != ' ')
			len++;
		if (word[len - 1] == '*'
			    ? arg_len >= len - 1 && !__builtin_memcmp(arg, word, len - 1)
			    : arg_len == len && !__builtin_memcmp(arg, word, len))
			return list;
		list = word + len + (word[len] == ' ');
	}
	return NULL;
}

static bool has(const char *set, char c)
{
	return c && set[cs_text_until(set, SIZE_MAX, c)] == c;
}

/* As in python3.11, python3.13t, node20. */
static bool version_only(const char *s)
{
	bool any = false;

	for (; has("0123456789.", *s); s++)
		any = true;
	if (any && has("dmt", *s))
		s++;
	return !*s;
}

static const struct language *language_of(const char *exe)
{
	const char *base = cs_text_base(exe);

	for (unsigned i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		for (const char *name = languages[i].names; *name;) {
			size_t len = cs_text_until(name, SIZE_MAX, ' '), at = 0;

			while (at < len && base[at] == name[at])
				at++;
			if (at == len && version_only(base + len))
				return &languages[i];
			name += len + (name[len] == ' ');
		}
	}
	return NULL;
}

/* A second look, so that a gap in the table is no leak: code is seldom a path. */
static bool like_a_path(const char *s, const struct language *language)
{
	bool rooted = s[0] == '/' || (s[0] == '.' && (s[1] == '/' || s[1] == '.'));
	bool dotted = false;
	size_t n;

	for (n = 0; s[n]; n++) {
		unsigned char c = (unsigned char)s[n];

		if (n >= PATH_MAX_LEN || c < ' ' || c == 0x7f || has("\"'`;|&<>{}$*?\\=", s[n]) ||
		    (has(" ()", s[n]) && !rooted))
			return false;
		if (s[n] == ':' && s[n + 1] == '/' && s[n + 2] == '/')
			return false;
		dotted = dotted || s[n] == '.' || s[n] == '/';
	}
	return n && (dotted || !(language->flags & SUBCOMMAND));
}

/* What an argument does to the search. */
enum step {
	NEXT,      /* go on */
	SKIP,      /* over the next one */
	NONE,      /* there is no script */
	CANDIDATE, /* this is it */
	JAR,
};

static enum step step_of_word(const char *list, const char *arg)
{
	size_t len = cs_text_until(arg, SIZE_MAX, '=');
	const char *word = find_word(list, arg, len);

	if (word && *word == '!')
		return NONE;
	if (word && *word == '@')
		return JAR;
	if (arg[len] == '=' || (word && *word == '-'))
		return NEXT;
	return word && *word == '=' ? SKIP : NONE;
}

/* A cluster of letters; *@ret_script if one of them gives it. */
static enum step step_of_letters(const struct language *language, const char *arg,
				 const char **ret_script)
{
	enum step step = NEXT;

	for (arg++; *arg; arg++) {
		if (has(language->codes, *arg))
			return NONE;
		if (has(language->rests, *arg))
			return step;
		if (has(language->values, *arg)) {
			/* bash -oo: two values; nobody writes that. */
			if (step == SKIP)
				return NONE;
			if (arg[1] && !(language->flags & SHELL))
				return NEXT;
			step = SKIP;
		} else if (language->file && *arg == language->file) {
			*ret_script = arg[1] ? arg + 1 : NULL;
			return CANDIDATE;
		} else if (!has(language->letters, *arg)) {
			return NONE;
		}
	}
	return step;
}

static enum step step_of(const struct language *language, const char *list, const char *arg,
			 const char **ret_script)
{
	const char *word;

	if (*arg == '-' && !arg[1])
		return NONE; /* standard input */
	if (*arg == '-')
		return arg[1] == '-' || language->flags & WORDS_ONLY
			       ? step_of_word(list, arg)
			       : step_of_letters(language, arg, ret_script);
	if (*arg == '+' && language->flags & SHELL)
		return step_of_letters(language, arg, ret_script);
	word = find_word(list, arg, cs_text_len(arg));
	if (word && *word != '-')
		return *word == '>' ? NEXT : NONE;
	*ret_script = arg;
	return CANDIDATE;
}

static const char *judged(const struct language *language, const char *script, bool jar)
{
	if (!script || !like_a_path(script, language))
		return NULL;
	/* @FILE holds more arguments. */
	if (language->flags & CLASSES &&
	    (*script == '@' || (!jar && !cs_text_ends(script, cs_text_len(script), ".java"))))
		return NULL;
	return script;
}

const char *cs_script_find(const char *exe, int argc, char *const *argv, bool *ret_interpreter)
{
	const struct language *language = language_of(exe);
	const char *list = language ? words_of(language) : NULL;
	bool jar = false;

	*ret_interpreter = language;
	for (int i = 1; language && i < argc && i < ARGUMENTS_MAX && argv[i]; i++) {
		const char *script = NULL, *after = i + 1 < argc ? argv[i + 1] : NULL;

		if (cs_text_equal(argv[i], "--"))
			return language->flags & NO_DASHES ? NULL : judged(language, after, jar);
		switch (step_of(language, list, argv[i], &script)) {
		case NEXT:
			break;
		case SKIP:
			i++;
			break;
		case JAR:
			jar = true;
			break;
		case CANDIDATE:
			return judged(language, script ? script : after, jar);
		case NONE:
			return NULL;
		}
	}
	return NULL;
}
