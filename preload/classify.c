/* SPDX-License-Identifier: Apache-2.0 */

/* Classes of files; see classify.h. */
#include "preload/classify.h"

#include <stdbool.h>

#include "preload/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Of the system, whoever opens it. */
static const char *const system_roots[] = {
	"/proc/",
	"/sys/",
	"/dev/",
	"/etc/",
	"/run/",
	"/usr/share/locale/",
	"/usr/lib/locale/",
	"/usr/share/zoneinfo/",
};

/* Where installers of packages put them, below any root. */
static const char *const dependency_parts[] = {
	"/node_modules/", "/site-packages/", "/dist-packages/",  "/vendor/bundle/",
	"/gems/",         "/.m2/",           "/vendor/autoload", "/vendor/composer/",
};

/* Standard libraries and the runtimes' own files. */
static const char *const runtime_parts[] = {
	"/lib/python", "/lib/node",    "/jvm/",          "/jre/",
	"/lib/ruby/",  "/lib/perl",    "/share/perl",    "/lib/php",
	"/lib/jli/",   "/lib/server/", "/share/nodejs/", "/lib64/python",
	"/pyvenv.cfg", "/lib/modules", "/openssl.cnf",   "/share/java/",
};

static bool any_start(const char *path, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (*list[i] && cs_text_starts(path, list[i]))
			return true;
	}
	return false;
}

static bool any_part(const char *path, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (cs_text_has(path, list[i]))
			return true;
	}
	return false;
}

/* lib.so, lib.so.6, addon.node */
static bool native(const char *path)
{
	const char *base = cs_text_base(path);
	size_t len = cs_text_len(base);

	return cs_text_ends(base, len, ".so") || cs_text_ends(base, len, ".node") ||
	       cs_text_has(base, ".so.");
}

enum cs_file_class cs_classify(const char *path, const char *const *user_dirs, size_t dirs_count)
{
	size_t len = cs_text_len(path);

	if (!len || any_start(path, system_roots, COUNT(system_roots)))
		return CS_FILE_OTHER;
	if (native(path))
		return CS_FILE_NATIVE;
	if (any_part(path, dependency_parts, COUNT(dependency_parts)))
		return CS_FILE_DEPENDENCY;
	if (any_part(path, runtime_parts, COUNT(runtime_parts)))
		return CS_FILE_RUNTIME;
	if (cs_text_ends(path, len, ".jar"))
		return CS_FILE_DEPENDENCY;
	if (*path != '/' || any_start(path, user_dirs, dirs_count))
		return CS_FILE_USER;
	return CS_FILE_OTHER;
}
