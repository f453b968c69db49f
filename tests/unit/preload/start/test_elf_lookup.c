/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/elf_lookup on built images, and on this program's own libc and vDSO. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/start/elf_lookup.h"
#include "tests/support/elf_image.h"

#define HIDDEN 0x8000u

static const struct cs_image_symbol symbols[] = {
	{ "open", 0x100, STT_FUNC, false, 2 },
	{ "open64", 0x110, STT_FUNC, false, 2 },
	{ "close", 0x120, STT_FUNC, false, 2 },
	{ "memcpy", 0x130, STT_GNU_IFUNC, false, 2 },
	{ "environ", 0x140, STT_OBJECT, false, 2 },
	{ "malloc", 0, STT_FUNC, true, 2 },
	{ "old_only", 0x150, STT_FUNC, false, 2 | HIDDEN },
	/* Two versions of one name, the old one first. */
	{ "twice", 0x160, STT_FUNC, false, 2 | HIDDEN },
	{ "twice", 0x170, STT_FUNC, false, 3 },
	{ "a_rather_long_name_of_a_function", 0x180, STT_FUNC, false, 2 },
};

static struct cs_elf_object opened(struct cs_image *image, struct cs_image_options options)
{
	struct cs_elf_object object = { .begin = (uintptr_t)image->bytes };

	cs_image_build(image, symbols, sizeof(symbols) / sizeof(symbols[0]), options);
	object.end = object.begin + image->used;
	cr_assert(cs_elf_open(&object, (uintptr_t)image->bytes, cs_image_dynamic(image)));
	return object;
}

static int find(const struct cs_elf_object *object, const char *name, uintptr_t *ret)
{
	return (int)cs_elf_find(object, name, cs_elf_hash(name), ret);
}

static void check_all(struct cs_image *image, struct cs_image_options options)
{
	struct cs_elf_object object = opened(image, options);
	uintptr_t base = (uintptr_t)image->bytes, at = 0;

	cr_assert(eq(int, find(&object, "open", &at), CS_ELF_FUNCTION));
	cr_assert(eq(u64, at - base, 0x100));
	cr_assert(eq(int, find(&object, "open64", &at), CS_ELF_FUNCTION));
	cr_assert(eq(u64, at - base, 0x110));
	cr_assert(eq(int, find(&object, "close", &at), CS_ELF_FUNCTION));
	cr_assert(eq(int, find(&object, "a_rather_long_name_of_a_function", &at), CS_ELF_FUNCTION));
	cr_assert(eq(u64, at - base, 0x180));
	cr_assert(eq(int, find(&object, "environ", &at), CS_ELF_DATA));
	cr_assert(eq(u64, at - base, 0x140));
	at = 7;
	cr_assert(eq(int, find(&object, "memcpy", &at), CS_ELF_INDIRECT));
	cr_assert(eq(int, find(&object, "malloc", &at), CS_ELF_ABSENT));
	cr_assert(eq(int, find(&object, "ope", &at), CS_ELF_ABSENT));
	cr_assert(eq(int, find(&object, "open6", &at), CS_ELF_ABSENT));
	cr_assert(eq(int, find(&object, "open644", &at), CS_ELF_ABSENT));
	cr_assert(eq(int, find(&object, "", &at), CS_ELF_ABSENT));
	cr_assert(eq(u64, at, 7), "untouched on failure");
}

Test(elf_lookup, finds_functions_and_nothing_else)
{
	static struct cs_image image;

	check_all(&image, (struct cs_image_options){ 0 });
	check_all(&image, (struct cs_image_options){ .no_gnu_hash = true });
	check_all(&image, (struct cs_image_options){ .no_sysv_hash = true });
	check_all(&image, (struct cs_image_options){ .relocated = true });
	check_all(&image, (struct cs_image_options){ .no_gnu_hash = true, .relocated = true });
}

Test(elf_lookup, old_versions_do_not_count)
{
	static struct cs_image image;
	struct cs_elf_object object = opened(&image, (struct cs_image_options){ 0 });
	uintptr_t at = 0;

	cr_assert(eq(int, find(&object, "old_only", &at), CS_ELF_ABSENT));
	cr_assert(eq(int, find(&object, "twice", &at), CS_ELF_FUNCTION));
	cr_assert(eq(u64, at - (uintptr_t)image.bytes, 0x170));
	object = opened(&image, (struct cs_image_options){ .no_versions = true });
	cr_assert(eq(int, find(&object, "old_only", &at), CS_ELF_FUNCTION));
}

Test(elf_lookup, an_object_without_tables_cannot_be_searched)
{
	static struct cs_image image;
	struct cs_elf_object object = opened(&image, (struct cs_image_options){ 0 });
	struct cs_image_options none = { .no_gnu_hash = true, .no_sysv_hash = true };

	cr_assert(not(cs_elf_open(&object, 0, NULL)));
	cs_image_build(&image, symbols, 1, none);
	cr_assert(not(cs_elf_open(&object, (uintptr_t)image.bytes, cs_image_dynamic(&image))));
}

Test(elf_lookup, an_empty_object_has_nothing)
{
	static struct cs_image image;
	struct cs_elf_object object = { .begin = (uintptr_t)image.bytes };
	uintptr_t at = 0;

	cs_image_build(&image, symbols, 0, (struct cs_image_options){ 0 });
	object.end = object.begin + image.used;
	cr_assert(cs_elf_open(&object, (uintptr_t)image.bytes, cs_image_dynamic(&image)));
	cr_assert(eq(int, find(&object, "open", &at), CS_ELF_ABSENT));
}

/* However early the readable range ends, the answer is the right one or none. */
Test(elf_lookup, nothing_behind_the_end_is_read)
{
	static struct cs_image image;
	struct cs_elf_object whole = opened(&image, (struct cs_image_options){ 0 });

	for (uint32_t length = 0; length < image.used; length++) {
		unsigned char *cut = malloc(length ? length : 1); /* for AddressSanitizer */
		struct cs_elf_object object = { .begin = (uintptr_t)cut,
						.end = (uintptr_t)cut + length };
		uintptr_t at = 0, expected = 0;

		memcpy(cut, image.bytes, length);
		if (cs_elf_open(&object, (uintptr_t)cut,
				(const void *)(cut + image.dynamic_offset)) &&
		    find(&object, "twice", &at) == CS_ELF_FUNCTION) {
			cr_assert(eq(int, find(&whole, "twice", &expected), CS_ELF_FUNCTION));
			cr_assert(eq(u64, at - (uintptr_t)cut, expected - (uintptr_t)image.bytes));
		}
		free(cut);
	}
}

Test(elf_lookup, a_chain_that_never_ends_is_left)
{
	static struct cs_image image;
	struct cs_elf_object object =
		opened(&image, (struct cs_image_options){ .no_gnu_hash = true });
	uint32_t *chains = (void *)(uintptr_t)object.chains;
	uintptr_t at = 0;

	cr_assert(object.chains_count > 1);
	for (uint32_t i = 0; i < object.chains_count; i++)
		chains[i] = i ? i : 1; /* each symbol is its own successor */
	cr_assert(eq(int, find(&object, "surely_missing", &at), CS_ELF_ABSENT));
}

/* The real thing: what dlsym says, for every function of this program's libc that we hook. */
Test(elf_lookup, agrees_with_the_loader_on_libc)
{
	const struct link_map *map = NULL;
	unsigned checked = 0;
	void *libc;

	for (const struct link_map *m = _r_debug.r_map; m; m = m->l_next) {
		if (strstr(m->l_name, "libc.so") || strstr(m->l_name, "ld-musl"))
			map = m;
	}
	cr_assert(ne(ptr, (void *)map, NULL));
	libc = dlopen(map->l_name, RTLD_NOW | RTLD_NOLOAD); /* not what a sanitizer put before it */
	cr_assert(ne(ptr, libc, NULL));
	for (const char *const *name =
		     (const char *const[]){ "open", "fork", "execve", "waitpid", "posix_spawn",
					    "pthread_create", "fopen", "read", "accept4", NULL };
	     *name; name++) {
		struct cs_elf_object object = { .end = UINTPTR_MAX };
		uintptr_t at = 0;

		cr_assert(cs_elf_open(&object, map->l_addr, map->l_ld));
		cr_assert(eq(int, find(&object, *name, &at), CS_ELF_FUNCTION));
		checked += at == (uintptr_t)dlsym(libc, *name);
	}
	cr_assert(eq(u32, checked, 9));
	dlclose(libc);
}
