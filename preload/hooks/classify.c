/* SPDX-License-Identifier: Apache-2.0 */

/* Classes of files; see classify.h. */
#include "preload/hooks/classify.h"

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

/*
 * Of these, what is no folder of a function's own even below one of its folders ("$HOME" may be one):
 * an installed language. '#' is a digit, '$' the end.
 */
static const char installed_parts[][24] = {
	"/lib/python#", "/lib64/python#", "/lib/perl5/",         "/share/perl5/",
	"/lib/ruby/#",  "/lib/php/#",     "/jre/lib/",           "/lib/jvm/",
	"/lib/jli/",    "/lib/modules$",  "/lib/server/classes", "/pyvenv.cfg$",
};

/* Folders that hold no function. */
static const char system_folders[][20] = {
	"/bin/",
	"/sbin/",
	"/lib/",
	"/lib32/",
	"/lib64/",
	"/libx32/",
	"/etc/",
	"/proc/",
	"/sys/",
	"/dev/",
	"/usr/bin/",
	"/usr/sbin/",
	"/usr/lib/",
	"/usr/lib32/",
	"/usr/lib64/",
	"/usr/libx32/",
	"/usr/libexec/",
	"/usr/share/",
	"/usr/include/",
	"/usr/games/",
	"/usr/local/bin/",
	"/usr/local/lib/",
	"/usr/local/lib64/",
	"/usr/local/sbin/",
	"/usr/local/share/",
};

static bool any_start(const char *path, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (*list[i] && cs_text_starts(path, list[i]))
			return true;
	}
	return false;
}

/* All parts begin with a slash, so that few places of a path are looked at. */
static bool any_part(const char *path, const char *const *list, size_t count)
{
	for (; *path; path++) {
		if (*path != '/')
			continue;
		for (size_t i = 0; i < count; i++) {
			if (path[1] == list[i][1] && cs_text_starts(path + 1, list[i] + 1))
				return true;
		}
	}
	return false;
}

/* Does @part, with '#' and '$' as above, stand at the beginning of @path? */
static bool installed_here(const char *path, const char *part)
{
	size_t n = 0;

	while (part[n] && part[n] != '$' &&
	       (part[n] == '#' ? path[n] >= '0' && path[n] <= '9' : path[n] == part[n]))
		n++;
	return !part[n] || (part[n] == '$' && !path[n]);
}

static bool installed(const char *path)
{
	for (; *path; path++) {
		if (*path != '/')
			continue;
		for (size_t i = 0; i < COUNT(installed_parts); i++) {
			if (installed_here(path, installed_parts[i]))
				return true;
		}
	}
	return false;
}

bool cs_classify_holds_code(const char *dir)
{
	if (cs_text_equal(dir, "/") || cs_text_equal(dir, "/usr/") ||
	    cs_text_equal(dir, "/usr/local/"))
		return false;
	for (size_t i = 0; i < COUNT(system_folders); i++) {
		if (cs_text_starts(dir, system_folders[i]))
			return false;
	}
	return !any_part(dir, dependency_parts, COUNT(dependency_parts));
}

/* What of an absolute @path lies below the function's folders, with a slash first; NULL: nothing. */
static const char *below(const char *path, const char *const *user_dirs, size_t dirs_count)
{
	const char *rest = NULL;

	for (size_t i = 0; i < dirs_count; i++) {
		const char *dir = user_dirs[i], *at = path;

		while (*dir && *dir == *at) {
			dir++;
			at++;
		}
		if (!*dir && dir != user_dirs[i] && (!rest || at - 1 > rest))
			rest = at - 1;
	}
	return rest;
}

/* lib.so, lib.so.6, addon.node */
static bool native(const char *path, size_t len)
{
	const char *base = path + len;

	while (base > path && base[-1] != '/')
		base--;
	return cs_text_ends(path, len, ".so") || cs_text_ends(path, len, ".node") ||
	       cs_text_has(base, ".so.");
}

enum cs_file_class cs_classify(const char *path, const char *const *user_dirs, size_t dirs_count)
{
	size_t len = cs_text_len(path);
	const char *rest;

	if (!len || any_start(path, system_roots, COUNT(system_roots)))
		return CS_FILE_OTHER;
	if (native(path, len))
		return CS_FILE_NATIVE;
	rest = *path == '/' ? below(path, user_dirs, dirs_count) : path;
	if (any_part(rest ? rest : path, dependency_parts, COUNT(dependency_parts)))
		return CS_FILE_DEPENDENCY;
	if (rest ? installed(rest) : any_part(path, runtime_parts, COUNT(runtime_parts)))
		return CS_FILE_RUNTIME;
	if (cs_text_ends(path, len, ".jar"))
		return CS_FILE_DEPENDENCY;
	return rest ? CS_FILE_USER : CS_FILE_OTHER;
}
