/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/classify, on paths that real starts of Python, Node and Java open. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "preload/hooks/classify.h"

static const char *const dirs[] = {
	"", "/srv/function/", "/var/task/", "/app/lib/server/", "/app/lib/python-fn/", "/home/me/"
};

struct sample {
	char path[96];
	enum cs_file_class expected;
};

static struct sample samples[] = {
	/* the function */
	{ "/srv/function/handler.py", CS_FILE_USER },
	{ "/srv/function/lib/model.json", CS_FILE_USER },
	{ "/var/task/index.js", CS_FILE_USER },
	{ "handler.py", CS_FILE_USER },
	{ "./data.txt", CS_FILE_USER },
	{ "/srv/function", CS_FILE_OTHER },
	{ "/srv/functions/other.py", CS_FILE_OTHER },
	{ "/home/somebody/x.py", CS_FILE_OTHER },
	/* its own folders may be called as a language's are */
	{ "/app/lib/server/h.js", CS_FILE_USER },
	{ "/app/lib/python-fn/lib/h.py", CS_FILE_USER },
	{ "/srv/function/lib/server/h.js", CS_FILE_USER },
	{ "/srv/function/lib/python-fn/h.py", CS_FILE_USER },
	{ "/srv/function/lib/modules/h.js", CS_FILE_USER },
	{ "/srv/function/jvm/h.rb", CS_FILE_USER },
	{ "lib/server/h.js", CS_FILE_USER },
	{ "/app/lib/server/node_modules/x/x.js", CS_FILE_DEPENDENCY },
	{ "/home/me/.pyenv/versions/3.11.7/lib/python3.11/os.py", CS_FILE_RUNTIME },
	{ "/home/me/jdk/lib/modules", CS_FILE_RUNTIME },
	{ "/home/me/venv/pyvenv.cfg", CS_FILE_RUNTIME },
	/* what it depends on, wherever that lies */
	{ "/srv/function/node_modules/express/index.js", CS_FILE_DEPENDENCY },
	{ "/usr/lib/python3/dist-packages/yaml/__init__.py", CS_FILE_DEPENDENCY },
	{ "/usr/local/lib/python3.11/site-packages/flask/app.py", CS_FILE_DEPENDENCY },
	{ "/srv/function/lib/gson-2.10.jar", CS_FILE_DEPENDENCY },
	{ "/usr/local/bundle/gems/rack-3.0/lib/rack.rb", CS_FILE_DEPENDENCY },
	/* the language's own */
	{ "/usr/lib/python3.11/encodings/utf_8.py", CS_FILE_RUNTIME },
	{ "/usr/local/lib/python3.11/json/__pycache__/decoder.cpython-311.pyc", CS_FILE_RUNTIME },
	{ "/usr/lib/jvm/java-17-openjdk-amd64/lib/modules", CS_FILE_RUNTIME },
	{ "/usr/share/nodejs/acorn/package.json", CS_FILE_RUNTIME },
	/* native code */
	{ "/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so", CS_FILE_NATIVE },
	{ "/srv/function/node_modules/sharp/build/sharp.node", CS_FILE_NATIVE },
	{ "/usr/lib/x86_64-linux-gnu/libssl.so.3", CS_FILE_NATIVE },
	/* the system's */
	{ "/etc/localtime", CS_FILE_OTHER },
	{ "/proc/self/cgroup", CS_FILE_OTHER },
	{ "/dev/urandom", CS_FILE_OTHER },
	{ "/usr/share/zoneinfo/UTC", CS_FILE_OTHER },
	{ "/usr/lib/locale/locale-archive", CS_FILE_OTHER },
	{ "", CS_FILE_OTHER },
};

ParameterizedTestParameters(classify, tells_whose_file_it_is)
{
	return cr_make_param_array(struct sample, samples, sizeof(samples) / sizeof(samples[0]));
}

ParameterizedTest(struct sample *s, classify, tells_whose_file_it_is)
{
	cr_assert(eq(int, cs_classify(s->path, dirs, sizeof(dirs) / sizeof(dirs[0])), s->expected),
		  "%s", s->path);
}

Test(classify, folders_of_the_system_and_of_packages_hold_no_function)
{
	static const char *const no[] = { "/",
					  "/usr/",
					  "/usr/local/",
					  "/usr/bin/",
					  "/usr/lib/x/",
					  "/lib/",
					  "/etc/x/",
					  "/usr/local/bin/",
					  "/app/node_modules/.bin/",
					  "/x/site-packages/gunicorn/" };
	static const char *const yes[] = { "/usr/src/app/", "/library/fn/", "/usr/local/app/",
					   "/binary/",      "/libfn/",      "/app/" };

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		cr_assert(not(cs_classify_holds_code(no[i])), "%s", no[i]);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		cr_assert(cs_classify_holds_code(yes[i]), "%s", yes[i]);
}
