/* SPDX-License-Identifier: Apache-2.0 */

/* Symbol look-up in one object; see elf_lookup.h. */
#include "preload/elf_lookup.h"

#include <stddef.h>

#include "preload/text.h"

#define CHAIN_MAX      65536u /* symbols compared in one bucket */
#define VERSION_HIDDEN 0x8000u

/* musl and the vDSO leave file addresses in the dynamic section, glibc adds the bias. */
static const void *table_at(uintptr_t bias, uintptr_t address)
{
	return (const void *)(address < bias ? address + bias : address);
}

bool cs_elf_open(struct cs_elf_object *object, uintptr_t bias, const Elf64_Dyn *dynamic)
{
	*object = (struct cs_elf_object){ .bias = bias };
	if (!dynamic)
		return false;
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t value = dynamic->d_un.d_ptr;

		switch (dynamic->d_tag) {
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

/* Is symbol @i the one that is asked for? */
static enum cs_elf_found judge(const struct cs_elf_object *object, uint32_t i, const char *name,
			       uintptr_t *ret_address)
{
	const Elf64_Sym *symbol = &object->symbols[i];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_name >= object->strings_bytes ||
	    !cs_text_equal(object->strings + symbol->st_name, name))
		return CS_ELF_ABSENT;
	if (object->versions && object->versions[i] & VERSION_HIDDEN)
		return CS_ELF_ABSENT;
	if (type == STT_GNU_IFUNC)
		return CS_ELF_INDIRECT;
	if (type != STT_FUNC)
		return CS_ELF_ABSENT;
	*ret_address = object->bias + symbol->st_value;
	return CS_ELF_FUNCTION;
}

static enum cs_elf_found find_gnu(const struct cs_elf_object *object, const char *name,
				  uint32_t hash, uintptr_t *ret_address)
{
	const uint32_t *table = object->gnu_hash;
	uint32_t buckets = table[0], first = table[1], bloom_words = table[2], shift = table[3];
	const uint64_t *bloom = (const void *)(table + 4);
	const uint32_t *bucket, *chain;
	uint64_t word;
	uint32_t i;

	if (!buckets || !bloom_words || bloom_words & (bloom_words - 1))
		return CS_ELF_ABSENT;
	word = bloom[hash / 64 & (bloom_words - 1)];
	if (!(word >> (hash % 64) & word >> ((hash >> (shift & 31)) % 64) & 1))
		return CS_ELF_ABSENT;
	bucket = (const void *)(bloom + bloom_words);
	chain = bucket + buckets;
	i = bucket[hash % buckets];
	if (i < first)
		return CS_ELF_ABSENT;
	for (uint32_t n = 0; n < CHAIN_MAX; n++, i++) {
		uint32_t entry = chain[i - first];
		enum cs_elf_found found = CS_ELF_ABSENT;

		if ((entry | 1) == (hash | 1))
			found = judge(object, i, name, ret_address);
		if (found != CS_ELF_ABSENT || entry & 1)
			return found;
	}
	return CS_ELF_ABSENT;
}

static enum cs_elf_found find_sysv(const struct cs_elf_object *object, const char *name,
				   uintptr_t *ret_address)
{
	const uint32_t *table = object->sysv_hash;
	uint32_t buckets = table[0], symbols = table[1], i;
	const uint32_t *chain = table + 2 + buckets;

	if (!buckets)
		return CS_ELF_ABSENT;
	i = table[2 + sysv_hash_of(name) % buckets];
	for (uint32_t n = 0; i && i < symbols && n < CHAIN_MAX; n++, i = chain[i]) {
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
