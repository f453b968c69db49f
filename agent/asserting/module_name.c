/* SPDX-License-Identifier: Apache-2.0 */

/* Names of modules; see module_name.h. */
#include "agent/asserting/module_name.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum kind {
	KIND_PYTHON, /* parts by dots */
	KIND_PATH,   /* parts by slashes */
	KIND_FILE,   /* its last part alone */
};

static const struct suffix {
	const char *text;
	enum kind kind;
} suffixes[] = {
	{ ".py", KIND_PYTHON },  { ".pyc", KIND_PYTHON }, { ".js", KIND_PATH },
	{ ".mjs", KIND_PATH },   { ".cjs", KIND_PATH },   { ".ts", KIND_PATH },
	{ ".node", KIND_PATH },  { ".rb", KIND_PATH },    { ".php", KIND_PATH },
	{ ".pl", KIND_PATH },    { ".pm", KIND_PATH },    { ".lua", KIND_PATH },
	{ ".class", KIND_PATH }, { ".jar", KIND_FILE },
};

/* Where languages begin to look. */
static const struct root {
	const char *text;
	bool skips_one; /* a folder of any name follows: that of a version */
	bool versioned;
} roots[] = {
	{ "/site-packages/", false, false }, { "/dist-packages/", false, false },
	{ "/node_modules/", false, false },  { "/lib/python", true, false },
	{ "/lib64/python", true, false },    { "/gems/", false, true },
	{ "/vendor/", false, false },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Of all roots the one that ends last. NULL: none. */
static const char *below_root(const char *path, bool *ret_versioned)
{
	const char *best = NULL;

	for (size_t i = 0; i < COUNT(roots); i++) {
		const char *at = path;

		while ((at = strstr(at, roots[i].text))) {
			at += strlen(roots[i].text);
			if (roots[i].skips_one)
				at = strchr(at, '/') ? strchr(at, '/') + 1 : at;
			if (best && at <= best)
				continue;
			best = at;
			*ret_versioned = roots[i].versioned;
		}
	}
	if (best && !strncmp(best, "lib-dynload/", 12))
		best += 12;
	return best;
}

static const char *below_folder(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (*path != '/') {
		while (path[0] == '.' && path[1] == '/')
			path += 2;
		return path;
	}
	return !strncmp(path, folder, len) && path[len] == '/' ? path + len + 1 : NULL;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "libx.so.6", "x.cpython-311-x86_64-linux-gnu.so" */
static bool is_shared_object(const char *base)
{
	const char *so = strstr(base, ".so");

	return so && so > base && (!so[3] || so[3] == '.');
}

static bool kind_of(const char *path, bool rooted, enum kind *ret)
{
	const char *base = base_of(path);
	size_t len = strlen(base);

	if (is_shared_object(base)) {
		*ret = rooted ? KIND_PYTHON : KIND_FILE;
		return true;
	}
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		size_t suffix = strlen(suffixes[i].text);

		if (len > suffix && !strcmp(base + len - suffix, suffixes[i].text)) {
			*ret = suffixes[i].kind;
			return true;
		}
	}
	return false;
}

static void take_out(char *text, const char *part)
{
	char *at = strstr(text, part);

	if (at)
		memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

/* What is after the name in the last part: all of it for a tag of a build, else the suffix. */
static void cut_suffix(char *text, enum kind kind)
{
	char *base = text + (base_of(text) - text);
	char *dot = kind == KIND_PYTHON || is_shared_object(base) ? strchr(base, '.')
								  : strrchr(base, '.');

	if (dot && dot > base)
		*dot = '\0';
}

static void to_python(char *text)
{
	size_t len;

	take_out(text, "__pycache__/");
	len = strlen(text);
	if (len > 9 && !strcmp(text + len - 9, "/__init__"))
		text[len - 9] = '\0';
	for (char *c = text; *c; c++) {
		if (*c == '/')
			*c = '.';
	}
}

int cs_module_name(const char *path, const char *folder, struct cs_module_name *ret)
{
	struct cs_module_name name = { .rooted = true };
	const char *rest = below_root(path, &name.versioned);
	enum kind kind;

	if (!rest) {
		name.rooted = false;
		rest = below_folder(path, folder);
	}
	if (!rest || !*rest)
		rest = base_of(path);
	if (!kind_of(rest, name.rooted, &kind))
		return -ENOENT;
	if (kind == KIND_FILE) {
		rest = base_of(rest);
		name.rooted = name.versioned = true;
	}
	if (snprintf(name.text, sizeof(name.text), "%s", rest) >= (int)sizeof(name.text))
		return -ENOENT;
	cut_suffix(name.text, kind);
	if (kind == KIND_PYTHON)
		to_python(name.text);
	*ret = name;
	return 0;
}

static bool ends_part(const struct cs_module_name *name, const char *at)
{
	return !*at || *at == '.' || *at == '/' ||
	       (name->versioned && *at == '-' && isdigit((unsigned char)at[1]));
}

static bool begins_so(const struct cs_module_name *name, const char *text, const char *pattern)
{
	char part[CS_MODULE_NAME_BYTES];

	for (const char *at = text;; at++) {
		if (at > text && ends_part(name, at)) {
			size_t len = (size_t)(at - text);

			memcpy(part, text, len);
			part[len] = '\0';
			if (fnmatch(pattern, part, 0) == 0)
				return true;
		}
		if (!*at)
			return false;
	}
}

bool cs_module_matches(const struct cs_module_name *name, const char *pattern)
{
	const char *text = name->text;

	if (begins_so(name, text, pattern))
		return true;
	for (; !name->rooted && *text; text++) {
		if ((*text == '.' || *text == '/') && text[1] && begins_so(name, text + 1, pattern))
			return true;
	}
	return false;
}
