/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Modules out of the files that their code was read from, as the languages lay them out:
 *
 *   .../site-packages/pandas/core/__pycache__/api.cpython-311.pyc    pandas.core.api
 *   .../lib/python3.11/json/__init__.py                              json
 *   .../node_modules/@a/b/lib/x.js                                   @a/b/lib/x
 *   .../gems/rack-3.0/lib/rack/mime.rb                               rack-3.0/lib/rack/mime
 *   .../guava-32.1-jre.jar                                           guava-32.1-jre
 *   app/heavy.py, below the function's folder                        app.heavy
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CS_MODULE_NAME_BYTES 512u

struct cs_module_name {
	char text[CS_MODULE_NAME_BYTES];
	bool rooted; /* it begins where the language begins to look; else anywhere below may be its beginning */
	bool versioned; /* "-3.0" may end a part of it */
};

/**
 * cs_module_name() - the module whose code is in this file
 * @path:   as it was opened
 * @folder: where the function runs, absolute, without a slash at its end
 *
 * Context: any-thread.
 * Return:  0; -ENOENT it holds no code that is known here.
 */
int cs_module_name(const char *path, const char *folder, struct cs_module_name *ret);

/**
 * cs_module_matches() - is it what @pattern names, or something in it?
 * @pattern: "pandas", "matplotlib.*", "@aws-sdk/[ab]*": as fnmatch(3)
 *
 * Context: any-thread.
 */
bool cs_module_matches(const struct cs_module_name *name, const char *pattern);
