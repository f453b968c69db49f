/* SPDX-License-Identifier: Apache-2.0 */

/* The loader's list and the resolution of originals; see loader.h. */
#include "preload/start/loader.h"

#include <elf.h>
#include <stddef.h>

#include "preload/hooks/hook.h"
#include "preload/shim.h"
#include "preload/start/elf_lookup.h"
#include "preload/text.h"

#define OBJECTS_MAX 4096u /* longer lists are taken for damaged */

/* The public beginnings of <link.h>'s structs, the same in glibc and musl. */
struct link_map {
	uintptr_t bias;
	const char *name;
	const Elf64_Dyn *dynamic;
	struct link_map *next;
	struct link_map *previous;
};

struct r_debug {
	int version;
	struct link_map *map;
};

extern const Elf64_Dyn cs_own_dynamic[] __asm__("_DYNAMIC") __attribute__((visibility("hidden")));

/* Exported: how a copy of the shim recognises another. Does nothing; nobody calls it. */
void cs_shim_marker(void) __asm__("coldspan_shim") __attribute__((visibility("default"), used));

void cs_shim_marker(void)
{
}

/* In place, so that the loader has no pointers to relocate. */
#define HOOK_NAME_BYTES 20

static const char hook_names[][HOOK_NAME_BYTES] = {
#define HOOK(name)  #name,
#define THUNK(name) #name,
#include "preload/hooks/hooks.def"
#undef HOOK
#undef THUNK
};

#define HOOK(name)  _Static_assert(sizeof(#name) <= HOOK_NAME_BYTES, #name);
#define THUNK(name) _Static_assert(sizeof(#name) <= HOOK_NAME_BYTES, #name);
#include "preload/hooks/hooks.def"
#undef HOOK
#undef THUNK

static const uint32_t hook_hashes[] = {
#include "hook_hashes.inc"
};

_Static_assert(sizeof(hook_hashes) == CS_HOOK_COUNT * sizeof(uint32_t), "one a hook");

static const Elf64_Dyn *vdso_dynamic; /* by which it is told in the list; NULL: there is none */

/* What the kernel started: the program, or the loader itself (ld.so PROGRAM). */
static bool find_started(const struct cs_start *start, struct link_map *ret)
{
	const Elf64_Phdr *phdr = (const void *)start->program_headers;
	bool based = false;

	*ret = (struct link_map){ 0 };
	if (!phdr)
		return false;
	for (uint64_t i = 0; i < start->program_headers_count && !based; i++) {
		if (phdr[i].p_type == PT_PHDR) {
			ret->bias = start->program_headers - phdr[i].p_vaddr;
			based = true;
		} else if (phdr[i].p_type == PT_LOAD && phdr[i].p_offset == 0) {
			/* Without PT_PHDR (musl's loader): they lie in the first page of the file. */
			ret->bias = (start->program_headers & -(uintptr_t)CS_PAGE_BYTES) -
				    phdr[i].p_vaddr;
			based = true;
		}
	}
	for (uint64_t i = 0; i < start->program_headers_count; i++) {
		if (phdr[i].p_type == PT_DYNAMIC)
			ret->dynamic = (const void *)(ret->bias + phdr[i].p_vaddr);
	}
	return based && ret->dynamic;
}

/* The loader does not tell where an object ends; its tables it has used itself. */
static bool open_object(struct cs_elf_object *object, const struct link_map *map)
{
	object->begin = 0;
	object->end = UINTPTR_MAX;
	return cs_elf_open(object, map->bias, map->dynamic);
}

static bool find_data(const struct cs_elf_object *object, const char *name, uintptr_t *ret_address)
{
	return cs_elf_find(object, name, cs_elf_hash(name), ret_address) == CS_ELF_DATA;
}

static bool find(const struct cs_elf_object *object, const char *name, uintptr_t *ret_address)
{
	return cs_elf_find(object, name, cs_elf_hash(name), ret_address) == CS_ELF_FUNCTION;
}

/* What the kernel mapped at @base with its headers: the vDSO, the loader. */
static struct link_map image_at(uintptr_t base)
{
	const Elf64_Ehdr *ehdr = (const void *)base;
	const Elf64_Phdr *phdr = (const void *)(base + ehdr->e_phoff);
	struct link_map map = { .bias = base };
	bool loaded = false;

	for (unsigned i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD && !loaded) {
			map.bias = base + phdr[i].p_offset - phdr[i].p_vaddr;
			loaded = true;
		}
	}
	for (unsigned i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_DYNAMIC)
			map.dynamic = (const void *)(map.bias + phdr[i].p_vaddr);
	}
	return map;
}

static bool open_image(uintptr_t base, struct cs_elf_object *object)
{
	struct link_map map = image_at(base);

	return map.dynamic && open_object(object, &map);
}

/*
 * Where the loader keeps its list: the program's DT_DEBUG says so. Without that (rewritten programs,
 * libraries that can be executed) what debuggers ask for in glibc's and musl's loader.
 */
static const struct r_debug *find_debug(const struct link_map *started, uintptr_t loader)
{
	struct cs_elf_object object;
	uintptr_t at;

	for (const Elf64_Dyn *d = started->dynamic; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_DEBUG)
			return (const void *)d->d_un.d_ptr;
	}
	if (!loader || !open_image(loader, &object))
		return NULL;
	if (find_data(&object, "_r_debug", &at))
		return (const void *)at;
	return find_data(&object, "_dl_debug_addr", &at) ? *(const void *const *)at : NULL;
}

/* Copies under other names are told by the mark that all of them export. */
static bool is_copy_of_us(const struct link_map *map)
{
	struct cs_elf_object object;
	uintptr_t address;

	return open_object(&object, map) && find(&object, "coldspan_shim", &address);
}

/* The look-up of all hooks: how far it has come. */
struct search {
	bool found[CS_HOOK_COUNT];    /* as whatever: it is not looked for any further */
	bool resolved[CS_HOOK_COUNT]; /* as a function */
	unsigned left;
};

static void resolve_in(const struct link_map *map, struct search *search)
{
	struct cs_elf_object object;
	uintptr_t address;

	if (!open_object(&object, map))
		return;
	for (unsigned i = 0; i < CS_HOOK_COUNT; i++) {
		enum cs_elf_found result;

		if (search->found[i])
			continue;
		result = cs_elf_find(&object, hook_names[i], hook_hashes[i], &address);
		if (result == CS_ELF_ABSENT || result == CS_ELF_DATA)
			continue;
		search->found[i] = true;
		if (result == CS_ELF_FUNCTION) {
			cs_real_table[i] = address;
			search->resolved[i] = true;
			search->left--;
		}
	}
	if (!cs_shim.errno_location && find(&object, "__errno_location", &address))
		cs_shim.errno_location = (int *(*)(void))address;
	if (!cs_shim.fileno && find(&object, "fileno_unlocked", &address))
		cs_shim.fileno = (int (*)(void *))address;
	if (!cs_shim.thread_self && find(&object, "pthread_self", &address))
		cs_shim.thread_self = (void *(*)(void))address;
	if (!cs_shim.thread_clock && find(&object, "pthread_getcpuclockid", &address))
		cs_shim.thread_clock = (int (*)(void *, int *))address;
}

/* The objects behind our own; a copy before it makes us stand down, but does not find for us. */
static enum cs_loader_result resolve_behind(const struct link_map *map, struct search *search)
{
	enum cs_loader_result result = CS_LOADER_OK;
	unsigned n = 0;

	for (; map && map->dynamic != cs_own_dynamic; map = map->next) {
		if (is_copy_of_us(map))
			result = CS_LOADER_SECOND_COPY;
		if (++n > OBJECTS_MAX)
			return CS_LOADER_NO_LIST;
	}
	if (!map)
		return CS_LOADER_NO_LIST;
	for (map = map->next; map && n < OBJECTS_MAX; map = map->next, n++)
		resolve_in(map, search);
	return result;
}

static enum cs_loader_result resolve_all(const struct cs_start *start, struct search *search)
{
	const struct r_debug *debug;
	struct link_map started;

	if (!find_started(start, &started))
		return CS_LOADER_NO_LIST;
	debug = find_debug(&started, start->loader);
	if (debug && debug->map) {
		cs_shim.link_map = (uintptr_t)debug->map;
		return resolve_behind(debug->map, search);
	}
	/* musl's loader, called as a program: it is the libc, so that nothing breaks. */
	resolve_in(&started, search);
	return CS_LOADER_NO_LIST;
}

enum cs_loader_result cs_loader_resolve(const struct cs_start *start, unsigned *ret_unresolved)
{
	static enum cs_loader_result result = CS_LOADER_NO_LIST;
	static unsigned unresolved;
	struct search search = { .left = CS_HOOK_COUNT };

	/* Once found they stay: a thread of an early constructor may be calling one. */
	if (result == CS_LOADER_NO_LIST) {
		result = resolve_all(start, &search);
		unresolved = search.left;
		for (unsigned i = 0; i < CS_HOOK_COUNT; i++) {
			if (!search.resolved[i])
				cs_real_table[i] = cs_standin(i);
		}
	}
	*ret_unresolved = unresolved;
	return result;
}

/* NULL: the list is damaged, or there is none. */
static struct link_map *own_entry(void)
{
	struct link_map *map = (void *)cs_shim.link_map;

	for (unsigned n = 0; map && n < OBJECTS_MAX; map = map->next, n++) {
		if (map->dynamic == cs_own_dynamic)
			return map;
	}
	return NULL;
}

bool cs_loader_find_late(enum cs_hook hook)
{
	const struct link_map *map = own_entry();
	struct cs_elf_object object;
	uintptr_t address;
	unsigned n = 0;

	for (map = map ? map->next : NULL; map && n++ < OBJECTS_MAX; map = map->next) {
		if (!open_object(&object, map) || !find(&object, hook_names[hook], &address))
			continue;
		__atomic_store_n(&cs_real_table[hook], address, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

uintptr_t cs_loader_data(const char *name)
{
	const struct link_map *map = (const void *)cs_shim.link_map;
	struct cs_elf_object object;
	uintptr_t address;

	for (unsigned n = 0; map && n < OBJECTS_MAX; map = map->next, n++) {
		if (open_object(&object, map) && find_data(&object, name, &address))
			return address;
	}
	return 0;
}

unsigned cs_loader_objects(void)
{
	const struct link_map *program = (const void *)cs_shim.link_map;
	unsigned n = 0, seen = 0;

	for (const struct link_map *map = program; map && seen < OBJECTS_MAX; map = map->next) {
		seen++;
		if (map != program && map->dynamic != cs_own_dynamic &&
		    map->dynamic != vdso_dynamic)
			n++;
	}
	return n;
}

bool cs_loader_has(const char *part)
{
	unsigned n = 0;

	for (const struct link_map *map = (const void *)cs_shim.link_map; map && n < OBJECTS_MAX;
	     map = map->next, n++) {
		if (map->name && cs_text_has(cs_text_base(map->name), part))
			return true;
	}
	return false;
}

static struct {
	struct link_map *entry; /* ours; NULL: it has its name */
	const char *name;
} nameless;

void cs_loader_lose_name(void)
{
	struct link_map *entry = own_entry();

	if (!entry || nameless.entry)
		return;
	nameless.entry = entry;
	nameless.name = entry->name;
	entry->name = "";
}

void cs_loader_find_name(void)
{
	if (nameless.entry)
		nameless.entry->name = nameless.name;
	nameless.entry = NULL;
}

uintptr_t cs_loader_vdso(uintptr_t vdso, const char *name)
{
	struct cs_elf_object object;
	struct link_map map = image_at(vdso);
	uintptr_t address;

	vdso_dynamic = map.dynamic;
	if (!map.dynamic || !open_object(&object, &map))
		return 0;
	return find(&object, name, &address) ? address : 0;
}
