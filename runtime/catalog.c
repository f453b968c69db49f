/* SPDX-License-Identifier: Apache-2.0 */

/* Which functions there are; see catalog.h. */
#include "runtime/catalog.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_variables(struct cs_function *function, const struct cs_defaults *defaults)
{
	const struct cs_variables *own = &function->manifest.environment;
	int r = cs_variables_pass(&function->variables, defaults->environment, defaults->pass_list);

	for (size_t i = 0; !r && i < own->count; i++) {
		const char *item = own->items[i];
		char *name = strndup(item, strcspn(item, "="));

		r = name ? cs_variables_set(&function->variables, name, strchr(item, '=') + 1)
			 : -ENOMEM;
		free(name);
	}
	return r;
}

static int fill_in(struct cs_function *function, const struct cs_defaults *defaults)
{
	struct cs_manifest *manifest = &function->manifest;

	if (!manifest->timeout_ns)
		manifest->timeout_ns = defaults->timeout_ns;
	if (!manifest->idle_timeout_ns)
		manifest->idle_timeout_ns = defaults->idle_timeout_ns;
	if (!manifest->concurrency)
		manifest->concurrency = defaults->concurrency;
	return add_variables(function, defaults);
}

/* Returns -ENOENT when @name is no function's folder. */
static int load_one(const char *root, const char *name, const struct cs_defaults *defaults,
		    struct cs_catalog *catalog, struct cs_problem *problem)
{
	struct cs_function *function = &catalog->functions[catalog->count];
	const struct cs_function *same;
	cs_cleanup(cs_freep) char *file = NULL;
	int r;

	if (asprintf(&file, "%s/%s/%s", root, name, CS_MANIFEST_FILE) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	r = cs_manifest_load(file, &function->manifest, problem);
	if (r == -ENOENT)
		return r;
	same = r ? NULL
		 : cs_catalog_find(catalog, function->manifest.name,
				   strlen(function->manifest.name));
	catalog->count++; /* from here on the catalogue frees it */
	if (r)
		return r;
	if (same)
		return cs_problem_set(problem, -EEXIST,
				      "%s: the name \"%s\" is taken by %s; change one of them",
				      file, function->manifest.name, same->folder);
	*strrchr(file, '/') = 0;
	function->folder = realpath(file, NULL);
	return function->folder ? fill_in(function, defaults) : -errno;
}

static int by_name(const void *a, const void *b)
{
	const struct cs_function *fa = a, *fb = b;

	return strcmp(fa->manifest.name, fb->manifest.name);
}

int cs_catalog_load(const char *folder, const struct cs_defaults *defaults, struct cs_catalog *ret,
		    struct cs_problem *problem)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, alphasort), r = 0;

	if (count < 0)
		return cs_problem_set(problem, -ENOENT,
				      "--functions %s: %s; name a folder of functions", folder,
				      strerror(errno));
	ret->functions = calloc((size_t)count + 1, sizeof(*ret->functions));
	if (!ret->functions)
		r = -ENOMEM;
	for (int i = 0; i < count; i++) {
		if (!r)
			r = load_one(folder, entries[i]->d_name, defaults, ret, problem);
		if (r == -ENOENT)
			r = 0;
		free(entries[i]);
	}
	free(entries);
	if (r)
		return r;
	if (!ret->count)
		return cs_problem_set(problem, -ENOENT,
				      "--functions %s: no folder in it has a %s; add one", folder,
				      CS_MANIFEST_FILE);
	qsort(ret->functions, ret->count, sizeof(*ret->functions), by_name);
	return 0;
}

void cs_catalog_deinit(struct cs_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		cs_manifest_deinit(&catalog->functions[i].manifest);
		cs_variables_deinit(&catalog->functions[i].variables);
		free(catalog->functions[i].folder);
	}
	free(catalog->functions);
	*catalog = (struct cs_catalog){ 0 };
}

struct cs_function *cs_catalog_find(const struct cs_catalog *catalog, const char *name,
				    size_t name_len)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const char *known = catalog->functions[i].manifest.name;

		if (strlen(known) == name_len && !memcmp(known, name, name_len))
			return &catalog->functions[i];
	}
	return NULL;
}
