/* SPDX-License-Identifier: Apache-2.0 */

/* What is largest; see largest.h. */
#include "agent/asserting/largest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/asserting/module_name.h"
#include "agent/budget/quantity.h"

#define NAMES_MOST   3u
#define PACKAGES_MAX 512u /* those that are met later are left out */

struct package {
	char name[CS_MODULE_NAME_BYTES];
	uint32_t files;
};

/* --- packages --- */

/* "pandas.core.api" is of pandas, "@aws-sdk/client-s3/dist/x" of @aws-sdk/client-s3. */
static void cut_to_package(char *name)
{
	char *from = *name == '@' && strchr(name, '/') ? strchr(name, '/') + 1 : name;

	from[strcspn(from, *name == '@' || strchr(name, '/') ? "/" : ".")] = '\0';
}

static struct package *package_of(struct package *list, uint32_t *count, const char *name)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (!strcmp(list[i].name, name))
			return &list[i];
	}
	if (*count == PACKAGES_MAX)
		return NULL;
	memcpy(list[*count].name, name, strlen(name) + 1);
	return &list[(*count)++];
}

static int by_files(const void *a, const void *b)
{
	const struct package *left = a, *right = b;

	if (left->files != right->files)
		return left->files > right->files ? -1 : 1;
	return strcmp(left->name, right->name);
}

/* Of files that lie neither where a language looks nor below the function's folder none is known. */
static bool module_of(const char *file, struct cs_module_name *ret)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s%s", *file == '/' ? "" : "/", file) <
		       (int)sizeof(path) &&
	       cs_module_name(path, "", ret) == 0 && (ret->rooted || *file != '/');
}

void cs_largest_packages(const struct cs_file_set *files, struct cs_buffer *out)
{
	struct package *list = calloc(PACKAGES_MAX, sizeof(*list));
	uint32_t count = 0;

	for (uint32_t i = 0; list && i < files->count; i++) {
		struct cs_module_name name;
		struct package *package;

		if (!module_of(files->list[i].name, &name))
			continue;
		cut_to_package(name.text);
		package = package_of(list, &count, name.text);
		if (package)
			package->files++;
	}
	if (list)
		qsort(list, count, sizeof(*list), by_files);
	for (uint32_t i = 0; i < count && i < NAMES_MOST && list[i].files > 1; i++)
		cs_buffer_printf(out, "%s%s %u", i ? ", " : "packages by files: ", list[i].name,
				 list[i].files);
	free(list);
}

/* --- files --- */

const char *cs_largest_name(const char *name, char buf[CS_LARGEST_NAME_BYTES])
{
	size_t len = strlen(name), room = CS_LARGEST_NAME_BYTES - sizeof("...");
	const char *from = name + (len > room ? len - room : 0), *slash;

	if (from == name) {
		memcpy(buf, name, len + 1);
		return buf;
	}
	slash = strchr(from, '/');
	while (((unsigned char)*from & 0xc0) == 0x80)
		from++;
	snprintf(buf, CS_LARGEST_NAME_BYTES, "...%s", slash ? slash : from);
	return buf;
}

static bool is_object(const char *name)
{
	const char *base = strrchr(name, '/'), *so = strstr(base ? base : name, ".so");

	return so && (!so[3] || so[3] == '.');
}

/* The largest below @before; of equals in their order. NULL: there is none. */
static const struct cs_named_file *next_of(const struct cs_file_set *files, bool objects,
					   const struct cs_named_file *before)
{
	const struct cs_named_file *best = NULL;

	for (uint32_t i = 0; i < files->count; i++) {
		const struct cs_named_file *file = &files->list[i];
		bool told = before && (file->bytes > before->bytes ||
				       (file->bytes == before->bytes && file <= before));

		if (file->bytes && !told && (!objects || is_object(file->name)) &&
		    (!best || file->bytes > best->bytes))
			best = file;
	}
	return best;
}

void cs_largest_files(const struct cs_file_set *files, bool objects, struct cs_buffer *out)
{
	const struct cs_named_file *file = NULL;

	for (uint32_t i = 0; i < NAMES_MOST; i++) {
		struct cs_quantity bytes = { .kind = CS_QUANTITY_SIZE };
		char size[64], name[CS_LARGEST_NAME_BYTES];

		file = next_of(files, objects, file);
		if (!file)
			return;
		bytes.value = (double)file->bytes;
		cs_buffer_printf(out, "%s%s %s",
				 i ? ", " : "files by size: ", cs_largest_name(file->name, name),
				 cs_quantity_format(bytes, size, sizeof(size)));
	}
}
