/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/module_name. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <errno.h>

#include "agent/asserting/module_name.h"

static void named(const char *path, const char *wanted)
{
	struct cs_module_name name;
	int r = cs_module_name(path, "/srv/fn", &name);

	cr_assert(zero(int, r), "%s", path);
	cr_assert(eq(str, name.text, (char *)wanted), "%s", path);
}

Test(module_name, python)
{
	named("/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml");
	named("/v/lib/python3.11/site-packages/pandas/core/__pycache__/api.cpython-311.pyc",
	      "pandas.core.api");
	named("/v/lib/python3.11/site-packages/pandas/_libs/lib.cpython-311-x86_64-linux-gnu.so",
	      "pandas._libs.lib");
	named("/usr/lib/python3.11/json/__pycache__/__init__.cpython-311.pyc", "json");
	named("/usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "_ssl");
	named("/srv/fn/app/heavy.py", "app.heavy");
	named("./app/heavy.py", "app.heavy");
	named("/elsewhere/heavy.py", "heavy");
}

Test(module_name, other_languages)
{
	named("/srv/fn/node_modules/a/node_modules/@b/c/lib/x.min.js", "@b/c/lib/x.min");
	named("/srv/fn/node_modules/x/build/x.node", "x/build/x");
	named("/srv/fn/lib/index.mjs", "lib/index");
	named("/opt/java/guava-32.1-jre.jar", "guava-32.1-jre");
	named("/var/lib/gems/3.1.0/gems/rack-3.0/lib/rack/mime.rb", "rack-3.0/lib/rack/mime");
	named("/usr/lib/x86_64-linux-gnu/libssl.so.3", "libssl");
}

Test(module_name, what_holds_no_code_has_none)
{
	struct cs_module_name name;

	cr_assert(eq(int, cs_module_name("/srv/fn/config.json", "/srv/fn", &name), -ENOENT));
	cr_assert(eq(int, cs_module_name("/srv/fn/.py", "/srv/fn", &name), -ENOENT));
	cr_assert(eq(int, cs_module_name("/srv/fn/also", "/srv/fn", &name), -ENOENT));
	cr_assert(eq(int, cs_module_name("", "/srv/fn", &name), -ENOENT));
}

static bool matches(const char *path, const char *pattern)
{
	struct cs_module_name name;
	int r = cs_module_name(path, "/srv/fn", &name);

	cr_assert(zero(int, r), "%s", path);
	return cs_module_matches(&name, pattern);
}

Test(module_name, a_pattern_is_the_module_and_what_is_in_it)
{
	static const char pandas[] = "/v/site-packages/pandas/core/api.py";
	static const char scoped[] = "/srv/fn/node_modules/@aws-sdk/client-s3/x.js";

	cr_assert(matches(pandas, "pandas"));
	cr_assert(matches(pandas, "pandas.*"));
	cr_assert(matches(pandas, "p*s"));
	cr_assert(not(matches(pandas, "pan")));
	cr_assert(not(matches(pandas, "core")));
	cr_assert(not(matches(pandas, "api")));
	cr_assert(matches(scoped, "@aws-sdk/client-s3"));
	cr_assert(matches(scoped, "@aws-sdk"));
	cr_assert(not(matches(scoped, "@aws-sdk/client")));
}

Test(module_name, a_version_is_no_part_of_the_name)
{
	cr_assert(matches("/x/guava-32.1-jre.jar", "guava"));
	cr_assert(matches("/g/gems/rack-3.0/lib/x.rb", "rack"));
	cr_assert(not(matches("/g/gems/rack-test-2.0/lib/x.rb", "rack")));
	cr_assert(not(matches("/srv/fn/node_modules/rack-2/x.js", "rack")));
}

Test(module_name, own_files_begin_anywhere_below_the_folder)
{
	cr_assert(matches("/srv/fn/src/app/heavy.py", "app.heavy"));
	cr_assert(matches("/srv/fn/src/app/heavy.py", "heavy"));
	cr_assert(not(matches("/srv/fn/src/app/heavy.py", "eavy")));
	cr_assert(not(matches("/home/pandas/main.py", "pandas")));
}
