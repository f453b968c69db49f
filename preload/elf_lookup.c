/* SPDX-License-Identifier: Apache-2.0 */

/* Symbol look-up in one object; see elf_lookup.h. */
#include "preload/elf_lookup.h"

#include <stddef.h>

#include "preload/text.h"

#define CHAIN_MAX      65536u /* symbols compared in one bucket */
#define DYNAMIC_MAX    1024u  /* entries of a dynamic section; real ones have some thirty */
#define VERSION_HIDDEN 0x8000u

/*
 * Address of @count elements of @size from index @i on, NULL if they may not be read or are not
 * aligned. Sums are made of integers: hostile ones overflow.
 */
static const void *elements(const struct cs_elf_object *object, const void *base, uint64_t i,
			    uint64_t count, size_t size, size_t alignment)
{
	uint64_t at, bytes;

	if (__builtin_mul_overflow(i, size, &at) ||
	    __builtin_add_overflow(at, (uintptr_t)base, &at) ||
	    __builtin_mul_overflow(count, size, &bytes) || (at & (alignment - 1)) ||
	    at < object->begin || at > object->end || bytes > object->end - at)
		return NULL;
	return (const void *)at;
}

#define ELEMENTS(object, base, i, count)                                                           \
	((__typeof__(base))elements(object, base, i, count, sizeof(*(base)),                       \
				    _Alignof(__typeof__(*(base)))))

/* musl and the vDSO leave file addresses in the dynamic section, glibc adds the bias. */
static const void *table_at(uintptr_t bias, uintptr_t address)
{
	return (const void *)(address < bias ? address + bias : address);
}

bool cs_elf_open(struct cs_elf_object *object, uintptr_t bias, const Elf64_Dyn *dynamic)
{
	*object =
		(struct cs_elf_object){ .bias = bias, .begin = object->begin, .end = object->end };
	for (unsigned n = 0; n < DYNAMIC_MAX; n++) {
		const Elf64_Dyn *entry = ELEMENTS(object, dynamic, n, 1);
		uintptr_t value;

		if (!dynamic || !entry)
			return false;
		if (entry->d_tag == DT_NULL)
			break;
		value = entry->d_un.d_ptr;
		switch (entry->d_tag) {
		case DT_SYMTAB:
			object->symbols = table_at(bias, value);
			break;
		case DT_STRTAB:
			object->strings = table_at(bias, value);
			break;
		case DT_STRSZ:
			object->strings_bytes = value;
			break;
		case DT_VERSYM:
			object->versions = table_at(bias, value);
			break;
		case DT_GNU_HASH:
			object->gnu_hash = table_at(bias, value);
			break;
		case DT_HASH:
			object->sysv_hash = table_at(bias, value);
			break;
		}
	}
	return object->symbols && object->strings && (object->gnu_hash || object->sysv_hash);
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
static bool named(const struct cs_elf_object *object, uint32_t offset, const char *name)
{
	size_t bytes = cs_text_len(name) + 1;
	const char *string = ELEMENTS(object, object->strings, offset, bytes);

	return string && offset < object->strings_bytes &&
	       bytes <= object->strings_bytes - offset && cs_text_equal(string, name);
}

/* Is symbol @i the one that is asked for? */
static enum cs_elf_found judge(const struct cs_elf_object *object, uint32_t i, const char *name,
			       uintptr_t *ret_address)
{
	const Elf64_Sym *symbol = ELEMENTS(object, object->symbols, i, 1);
	const uint16_t *version;
	unsigned type;

	if (!symbol || symbol->st_shndx == SHN_UNDEF || !named(object, symbol->st_name, name))
		return CS_ELF_ABSENT;
	if (object->versions) {
		version = ELEMENTS(object, object->versions, i, 1);
		if (!version || *version & VERSION_HIDDEN)
			return CS_ELF_ABSENT;
	}
	type = ELF64_ST_TYPE(symbol->st_info);
	if (type == STT_GNU_IFUNC)
		return CS_ELF_INDIRECT;
	if (type != STT_FUNC && type != STT_OBJECT)
		return CS_ELF_ABSENT;
	*ret_address = object->bias + symbol->st_value;
	return type == STT_FUNC ? CS_ELF_FUNCTION : CS_ELF_DATA;
}

/* Table: buckets, first symbol, bloom words, shift; bloom filter; buckets; chains from the first. */
static enum cs_elf_found find_gnu(const struct cs_elf_object *object, const char *name,
				  uint32_t hash, uintptr_t *ret_address)
{
	const uint32_t *table = ELEMENTS(object, object->gnu_hash, 0, 4);
	const uint32_t *bucket, *chain;
	const uint64_t *bloom;
	uint64_t after_bloom, word;

	if (!table || !table[0] || !table[2] || table[2] & (table[2] - 1))
		return CS_ELF_ABSENT;
	bloom = ELEMENTS(object, (const uint64_t *)(const void *)(table + 4),
			 hash / 64 & (table[2] - 1), 1);
	if (!bloom)
		return CS_ELF_ABSENT;
	word = *bloom;
	if (!(word >> (hash % 64) & word >> ((hash >> (table[3] & 31)) % 64) & 1))
		return CS_ELF_ABSENT;
	after_bloom = 4 + 2 * (uint64_t)table[2];
	bucket = ELEMENTS(object, object->gnu_hash, after_bloom + hash % table[0], 1);
	if (!bucket || *bucket < table[1])
		return CS_ELF_ABSENT;
	for (uint64_t i = *bucket; i - *bucket < CHAIN_MAX && i <= UINT32_MAX; i++) {
		enum cs_elf_found found = CS_ELF_ABSENT;

		chain = ELEMENTS(object, object->gnu_hash, after_bloom + table[0] + (i - table[1]),
				 1);
		if (!chain)
			return CS_ELF_ABSENT;
		if ((*chain | 1) == (hash | 1))
			found = judge(object, (uint32_t)i, name, ret_address);
		if (found != CS_ELF_ABSENT || *chain & 1)
			return found;
	}
	return CS_ELF_ABSENT;
}

/* Table: buckets, symbols; buckets; chains, one for each symbol. */
static enum cs_elf_found find_sysv(const struct cs_elf_object *object, const char *name,
				   uintptr_t *ret_address)
{
	const uint32_t *table = ELEMENTS(object, object->sysv_hash, 0, 2);
	uint32_t buckets, symbols, i;

	if (!table || !table[0])
		return CS_ELF_ABSENT;
	buckets = table[0];
	symbols = table[1];
	table = ELEMENTS(object, object->sysv_hash, 0, 2 + (uint64_t)buckets + symbols);
	if (!table)
		return CS_ELF_ABSENT;
	i = table[2 + sysv_hash_of(name) % buckets];
	for (uint32_t n = 0; i && i < symbols && n < CHAIN_MAX; n++, i = table[2 + buckets + i]) {
		enum cs_elf_found found = judge(object, i, name, ret_address);

		if (found != CS_ELF_ABSENT)
			return found;
	}
	return CS_ELF_ABSENT;
}

enum cs_elf_found cs_elf_find(const struct cs_elf_object *object, const char *name,
			      uint32_t gnu_hash, uintptr_t *ret_address)
{
	if (object->gnu_hash)
		return find_gnu(object, name, gnu_hash, ret_address);
	return find_sysv(object, name, ret_address);
}
