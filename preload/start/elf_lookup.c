/* SPDX-License-Identifier: Apache-2.0 */

/* Symbol look-up in one object; see elf_lookup.h. */
#include "preload/start/elf_lookup.h"

#include <stddef.h>

#define CHAIN_MAX      65536u /* symbols compared in one bucket */
#define DYNAMIC_MAX    1024u  /* entries of a dynamic section; real ones have some thirty */
#define VERSION_HIDDEN 0x8000u

/* How many elements of @size may be read from @base on; none that are not aligned. */
static uint64_t readable(const struct cs_elf_object *object, const void *base, size_t size,
			 size_t alignment)
{
	uintptr_t at = (uintptr_t)base;

	if (!at || (at & (alignment - 1)) || at < object->begin || at > object->end)
		return 0;
	return (object->end - at) / size;
}

#define READABLE(object, base)                                                                     \
	readable(object, base, sizeof(*(base)), _Alignof(__typeof__(*(base))))

/* musl and the vDSO leave file addresses in the dynamic section, glibc adds the bias. */
static const void *table_at(uintptr_t bias, uintptr_t address)
{
	return (const void *)(address < bias ? address + bias : address);
}

/* Table: buckets, first symbol, bloom words, shift; bloom filter; buckets; chains from the first. */
static void open_gnu(struct cs_elf_object *object, const uint32_t *table)
{
	uint64_t words = READABLE(object, table), tables;

	if (words < 4 || !table[2] || table[2] & (table[2] - 1))
		return;
	tables = 4 + 2 * (uint64_t)table[2] + table[0];
	if (words < tables || (uintptr_t)table & (_Alignof(uint64_t) - 1))
		return;
	object->bloom_mask = table[2] - 1;
	object->bloom_shift = table[3] & 31;
	object->bloom = (const void *)(table + 4);
	object->buckets_count = table[0];
	object->buckets = table + tables - table[0];
	object->first_symbol = table[1];
	object->chains = table + tables;
	object->chains_count = words - tables;
}

/* Table: buckets, symbols; buckets; chains, one for each symbol. */
static void open_sysv(struct cs_elf_object *object, const uint32_t *table)
{
	uint64_t words = READABLE(object, table);

	if (words < 2 || words < 2 + (uint64_t)table[0] + table[1])
		return;
	object->buckets_count = table[0];
	object->buckets = table + 2;
	object->chains = table + 2 + table[0];
	object->chains_count = table[1];
}

bool cs_elf_open(struct cs_elf_object *object, uintptr_t bias, const Elf64_Dyn *dynamic)
{
	const void *gnu_hash = NULL, *sysv_hash = NULL;
	uint64_t entries, strings_bytes = 0;

	*object =
		(struct cs_elf_object){ .bias = bias, .begin = object->begin, .end = object->end };
	entries = READABLE(object, dynamic);
	if (entries > DYNAMIC_MAX)
		entries = DYNAMIC_MAX;
	for (; entries && dynamic->d_tag != DT_NULL; entries--, dynamic++) {
		uintptr_t value = dynamic->d_un.d_ptr;

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			object->symbols = table_at(bias, value);
			break;
		case DT_STRTAB:
			object->strings = table_at(bias, value);
			break;
		case DT_STRSZ:
			strings_bytes = value;
			break;
		case DT_VERSYM:
			object->versions = table_at(bias, value);
			break;
		case DT_GNU_HASH:
			gnu_hash = table_at(bias, value);
			break;
		case DT_HASH:
			sysv_hash = table_at(bias, value);
			break;
		}
	}
	object->symbols_count = READABLE(object, object->symbols);
	object->versions_count = READABLE(object, object->versions);
	object->strings_bytes = READABLE(object, object->strings);
	if (object->strings_bytes > strings_bytes)
		object->strings_bytes = strings_bytes;
	if (gnu_hash)
		open_gnu(object, gnu_hash);
	else if (sysv_hash)
		open_sysv(object, sysv_hash);
	return entries && object->symbols && object->strings && (gnu_hash || sysv_hash);
}

uint32_t cs_elf_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static uint32_t sysv_hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash ^= hash >> 24 & 0xf0;
	}
	return hash & 0x0fffffff;
}

/* The name at @offset of the string table: is it @name? */
static bool named(const struct cs_elf_object *object, uint64_t offset, const char *name)
{
	for (; offset < object->strings_bytes && object->strings[offset] == *name; offset++) {
		if (!*name++)
			return true;
	}
	return false;
}

/* Is symbol @i the one that is asked for? */
static enum cs_elf_found judge(const struct cs_elf_object *object, uint64_t i, const char *name,
			       uintptr_t *ret_address)
{
	const Elf64_Sym *symbol;
	unsigned type;

	if (i >= object->symbols_count)
		return CS_ELF_ABSENT;
	symbol = object->symbols + i;
	if (symbol->st_shndx == SHN_UNDEF || !named(object, symbol->st_name, name))
		return CS_ELF_ABSENT;
	if (object->versions &&
	    (i >= object->versions_count || object->versions[i] & VERSION_HIDDEN))
		return CS_ELF_ABSENT;
	type = ELF64_ST_TYPE(symbol->st_info);
	if (type == STT_GNU_IFUNC)
		return CS_ELF_INDIRECT;
	if (type != STT_FUNC && type != STT_OBJECT)
		return CS_ELF_ABSENT;
	*ret_address = object->bias + symbol->st_value;
	return type == STT_FUNC ? CS_ELF_FUNCTION : CS_ELF_DATA;
}

static enum cs_elf_found find_gnu(const struct cs_elf_object *object, const char *name,
				  uint32_t hash, uintptr_t *ret_address)
{
	uint64_t word = object->bloom[hash / 64 & object->bloom_mask];
	uint64_t first = object->first_symbol, i;

	if (!(word >> (hash % 64) & word >> ((hash >> object->bloom_shift) % 64) & 1))
		return CS_ELF_ABSENT;
	i = object->buckets[hash % object->buckets_count];
	for (unsigned n = 0; n < CHAIN_MAX && i >= first && i - first < object->chains_count;
	     n++, i++) {
		uint32_t chain = object->chains[i - first];
		enum cs_elf_found found = CS_ELF_ABSENT;

		if ((chain | 1) == (hash | 1))
			found = judge(object, i, name, ret_address);
		if (found != CS_ELF_ABSENT || chain & 1)
			return found;
	}
	return CS_ELF_ABSENT;
}

static enum cs_elf_found find_sysv(const struct cs_elf_object *object, const char *name,
				   uintptr_t *ret_address)
{
	uint32_t i = object->buckets[sysv_hash_of(name) % object->buckets_count];

	for (unsigned n = 0; n < CHAIN_MAX && i && i < object->chains_count;
	     n++, i = object->chains[i]) {
		enum cs_elf_found found = judge(object, i, name, ret_address);

		if (found != CS_ELF_ABSENT)
			return found;
	}
	return CS_ELF_ABSENT;
}

enum cs_elf_found cs_elf_find(const struct cs_elf_object *object, const char *name,
			      uint32_t gnu_hash, uintptr_t *ret_address)
{
	if (!object->buckets_count)
		return CS_ELF_ABSENT;
	return object->bloom ? find_gnu(object, name, gnu_hash, ret_address)
			     : find_sysv(object, name, ret_address);
}
