/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of preload/script. What is no script here was code, a secret or a folder that left the
 * process under a script's name.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "preload/start/script.h"

struct sample {
	char exe[40];
	char script[40]; /* "" none */
	char arguments[8][40];
};

static struct sample samples[] = {
	{ "/usr/bin/python3.11", "h.py", { "h.py", "--password=SECRET" } },
	{ "/usr/bin/python3", "h.py", { "-X", "importtime", "-W", "ignore", "h.py" } },
	{ "python3.13t", "/app/h.py", { "-IuWignore", "-Xutf8", "/app/h.py" } },
	{ "python", "-h.py", { "-u", "--", "-h.py" } },
	{ "python3", "h", { "--check-hash-based-pycs", "never", "h" } },
	{ "/opt/python3.11-config", "", { "SECRET" } },
	{ "python3", "", { "-Ic", "print(SECRET)" } },
	{ "python3", "", { "-cprint(SECRET)", "word" } },
	{ "python3", "", { "-m", "http.server", "SECRET" } },
	{ "python3", "", { "-", "SECRET" } },
	{ "python3", "", { "--from-the-future", "SECRET", "h.py" } },
	{ "python3", "", { "print(1)" } },
	{ "python3", "", { "-W" } },
	{ "python3", "", { "--" } },
	{ "python3", "", { "" } },
	{ "python3", "./with space.py", { "./with space.py" } },
	{ "python3", "", { "with space.py" } },
	{ "node", "h.js", { "-r", "fs", "h.js", "SECRET" } },
	{ "/usr/bin/nodejs", "server", { "--require=./x", "--enable-source-maps", "server" } },
	{ "node20", "h.js", { "--max-old-space-size=512", "--no-warnings", "h.js" } },
	{ "node", "h.js", { "--test-only", "--expose-gc", "h.js", "SECRET" } },
	{ "node", "", { "--eval", "SECRET" } },
	{ "node", "", { "--eval=SECRET", "SECRET" } },
	{ "node", "", { "-pe", "SECRET" } },
	{ "node", "", { "-p", "SECRET" } },
	{ "node", "", { "--unknown", "SECRET" } },
	{ "node", "", { "inspect", "h.js" } },
	{ "node", "", { "https://user:SECRET@host/h.js" } },
	{ "ruby", "h.rb", { "-I", "lib", "-rjson", "-W0", "h.rb" } },
	{ "ruby3.1", "h.rb", { "-W:no-deprecated", "--yjit", "h.rb" } },
	{ "ruby", "", { "-ne", "SECRET" } },
	{ "ruby", "", { "-Kue", "SECRET" } },
	{ "ruby", "", { "-S", "rake" } },
	{ "perl", "h.pl", { "-w", "-MJSON", "-I", "lib", "-d:NYTProf", "h.pl" } },
	{ "perl5.36.0", "h.pl", { "-CSD", "-0777", "h.pl" } },
	{ "perl", "", { "-ne", "SECRET" } },
	{ "perl", "", { "-0777ne", "SECRET" } },
	{ "perl", "", { "-de", "SECRET" } },
	{ "perl", "", { "-pi.bak", "-e", "SECRET", "file" } },
	{ "php8.2", "h.php", { "-d", "memory_limit=1G", "-n", "h.php" } },
	{ "php", "h.php", { "-f", "h.php", "--", "SECRET" } },
	{ "php", "h.php", { "-fh.php" } },
	{ "php", "router.php", { "-S", "127.0.0.1:80", "-t", "/www", "router.php" } },
	{ "php", "", { "-r", "SECRET" } },
	{ "php", "", { "--", "SECRET" } },
	{ "bash", "h.sh", { "-eu", "-o", "pipefail", "h.sh", "SECRET" } },
	{ "/bin/bash", "h.sh", { "-euxo", "pipefail", "+x", "--norc", "h.sh" } },
	{ "bash", "h.sh", { "--rcfile", "x", "--", "h.sh" } },
	{ "sh", "", { "-ec", "echo password=SECRET" } },
	{ "dash", "", { "-oc", "errexit", "echo SECRET" } },
	{ "bash", "", { "-s", "SECRET" } },
	{ "bash", "", { "-", "SECRET" } },
	{ "java", "/x/fn.jar", { "-cp", "/x", "-Xmx64m", "-jar", "-Dk=SECRET", "/x/fn.jar" } },
	{ "java", "Main.java", { "--add-opens", "java.base/x=ALL", "Main.java" } },
	{ "java", "", { "-cp", "/tmp/secret:/x", "Main", "SECRET" } },
	{ "java", "", { "-jar", "@SECRET" } },
	{ "java", "", { "-m", "x/y" } },
	{ "javac", "", { "Main.java" } },
	{ "lua5.4", "h.lua", { "-l", "x", "h.lua" } },
	{ "luajit", "", { "-e", "SECRET" } },
	{ "deno", "h.ts", { "run", "-A", "--allow-net=x", "h.ts", "SECRET" } },
	{ "deno", "/x/h", { "/x/h" } },
	{ "deno", "", { "eval", "SECRET" } },
	{ "deno", "", { "task", "build.all" } },
	{ "bun", "h.ts", { "--smol", "run", "h.ts" } },
	{ "bun", "", { "run", "build" } },
	{ "bun", "", { "-e", "SECRET" } },
	{ "shuf", "", { "SECRET" } },
	{ "sha256sum", "", { "SECRET" } },
	{ "/app/node-server", "", { "SECRET" } },
};

ParameterizedTestParameters(script, tells_only_what_is_sure)
{
	return cr_make_param_array(struct sample, samples, sizeof(samples) / sizeof(samples[0]));
}

ParameterizedTest(struct sample *s, script, tells_only_what_is_sure)
{
	char *argv[10] = { s->exe };
	const char *found;
	bool interpreter;
	int argc = 1;

	/* An empty argument is one only if it is the first. */
	while (argc < 9 && (s->arguments[argc - 1][0] || argc == 1)) {
		argv[argc] = s->arguments[argc - 1];
		argc++;
	}
	found = cs_script_find(s->exe, argc, argv, &interpreter);
	cr_assert(eq(str, found ? (char *)found : (char *)"", s->script), "%s %s %s %s", s->exe,
		  argv[1], argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : "");
}

static bool interprets(const char *exe)
{
	char *argv[] = { (char *)exe, NULL };
	bool interpreter = false;

	cr_assert(eq(ptr, (void *)cs_script_find(exe, 1, argv, &interpreter), NULL));
	return interpreter;
}

Test(script, interpreters_are_known_by_their_name_and_version)
{
	static const char *const yes[] = { "/usr/bin/python3.11", "pypy3", "nodejs", "dash",
					   "/x/lua5.4",           "java",  "php8" };
	static const char *const no[] = { "",      "/",        "pythonic", "nodemon", "sha1sum",
					  "javac", "php-fpm8", "bashful",  "pythont" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		cr_assert(interprets(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		cr_assert(not(interprets(no[i])), "%s", no[i]);
}

Test(script, neither_many_nor_long_arguments_lead_astray)
{
	char *many[100], longest[600];
	bool interpreter;

	for (int i = 0; i < 99; i++)
		many[i] = (char *)"-u";
	many[0] = (char *)"python3";
	many[98] = (char *)"h.py";
	many[99] = NULL;
	cr_assert(eq(ptr, (void *)cs_script_find("python3", 99, many, &interpreter), NULL));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	many[1] = longest;
	cr_assert(eq(ptr, (void *)cs_script_find("python3", 2, many, &interpreter), NULL));
	cr_assert(eq(ptr, (void *)cs_script_find("python3", 0, NULL, &interpreter), NULL));
}
