/* SPDX-License-Identifier: Apache-2.0 */

/* Building an image; see elf_image.h. */
#include "tests/support/elf_image.h"

#include <string.h>

#include "preload/start/elf_lookup.h"

#define GNU_BUCKETS  3u
#define SYSV_BUCKETS 3u

struct builder {
	struct cs_image *image;
	Elf64_Dyn dynamic[8];
	unsigned tags;
	bool relocated;
};

static void *take(struct builder *b, uint32_t bytes, int64_t tag)
{
	uint32_t offset = (b->image->used + 7) & ~7u;

	b->image->used = offset + bytes;
	b->dynamic[b->tags].d_tag = tag;
	b->dynamic[b->tags++].d_un.d_ptr = offset + (b->relocated ? (uintptr_t)b->image->bytes : 0);
	return b->image->bytes + offset;
}

static uint32_t sysv_hash(const char *name)
{
	uint32_t hash = 0, high;

	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		high = hash & 0xf0000000u;
		hash = (hash ^ high >> 24) & ~high;
	}
	return hash;
}

/* Symbols of one bucket follow one another: the order of the symbol table is the hash's. */
static uint32_t sort(const struct cs_image_symbol *symbols, uint32_t count, uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t bucket = 0; bucket < GNU_BUCKETS; bucket++) {
		for (uint32_t i = 0; i < count; i++) {
			if (cs_elf_hash(symbols[i].name) % GNU_BUCKETS == bucket)
				order[n++] = i;
		}
	}
	return n;
}

static void put_gnu_hash(struct builder *b, const struct cs_image_symbol *symbols,
			 const uint32_t *order, uint32_t count)
{
	uint32_t *table = take(b, (4 + 2 + GNU_BUCKETS + count) * 4, DT_GNU_HASH);
	uint32_t *buckets = table + 6, *chain = buckets + GNU_BUCKETS;
	uint64_t bloom = 0;

	table[0] = GNU_BUCKETS;
	table[1] = 1; /* symbol 0 is the null symbol */
	table[2] = 1;
	table[3] = 6;
	for (uint32_t n = 0; n < count; n++) {
		uint32_t hash = cs_elf_hash(symbols[order[n]].name);
		uint32_t next = n + 1 < count ? cs_elf_hash(symbols[order[n + 1]].name) : 0;

		bloom |= 1ull << hash % 64 | 1ull << (hash >> 6) % 64;
		if (!buckets[hash % GNU_BUCKETS])
			buckets[hash % GNU_BUCKETS] = n + 1;
		chain[n] =
			(hash & ~1u) | (n + 1 == count || next % GNU_BUCKETS != hash % GNU_BUCKETS);
	}
	memcpy(table + 4, &bloom, sizeof(bloom));
}

static void put_sysv_hash(struct builder *b, const struct cs_image_symbol *symbols,
			  const uint32_t *order, uint32_t count)
{
	uint32_t *table = take(b, (2 + SYSV_BUCKETS + count + 1) * 4, DT_HASH);
	uint32_t *buckets = table + 2, *chain = buckets + SYSV_BUCKETS;

	table[0] = SYSV_BUCKETS;
	table[1] = count + 1;
	for (uint32_t n = 0; n < count; n++) {
		uint32_t bucket = sysv_hash(symbols[order[n]].name) % SYSV_BUCKETS;

		chain[n + 1] = buckets[bucket];
		buckets[bucket] = n + 1;
	}
}

static void put_names(struct builder *b, const struct cs_image_symbol *symbols,
		      const uint32_t *order, uint32_t count, Elf64_Sym *table)
{
	char *strings = take(b, 1024, DT_STRTAB);
	uint32_t used = 1;

	for (uint32_t n = 0; n < count; n++) {
		const struct cs_image_symbol *symbol = &symbols[order[n]];
		uint32_t bytes = (uint32_t)strlen(symbol->name) + 1;

		memcpy(strings + used, symbol->name, bytes);
		table[n + 1].st_name = used;
		table[n + 1].st_info = ELF64_ST_INFO(STB_GLOBAL, symbol->type);
		table[n + 1].st_shndx = symbol->undefined ? SHN_UNDEF : 1;
		table[n + 1].st_value = symbol->value;
		used += bytes;
	}
	b->dynamic[b->tags].d_tag = DT_STRSZ;
	b->dynamic[b->tags++].d_un.d_val = used;
}

void cs_image_build(struct cs_image *image, const struct cs_image_symbol *symbols, uint32_t count,
		    struct cs_image_options options)
{
	struct builder b = { .image = image, .relocated = options.relocated };
	uint32_t order[CS_IMAGE_SYMBOLS_MAX] = { 0 };
	uint16_t *versions;

	memset(image, 0, sizeof(*image));
	image->used = 16; /* nothing lies at offset 0: there the file's own header would be */
	count = sort(symbols, count, order);
	put_names(&b, symbols, order, count, take(&b, (count + 1) * sizeof(Elf64_Sym), DT_SYMTAB));
	if (!options.no_gnu_hash)
		put_gnu_hash(&b, symbols, order, count);
	if (!options.no_sysv_hash)
		put_sysv_hash(&b, symbols, order, count);
	if (!options.no_versions) {
		versions = take(&b, (count + 1) * sizeof(uint16_t), DT_VERSYM);
		for (uint32_t n = 0; n < count; n++)
			versions[n + 1] = symbols[order[n]].version;
	}
	image->dynamic_offset = (image->used + 7) & ~7u;
	image->used = image->dynamic_offset + (b.tags + 1) * (uint32_t)sizeof(Elf64_Dyn);
	memcpy(image->bytes + image->dynamic_offset, b.dynamic, b.tags * sizeof(Elf64_Dyn));
}

const Elf64_Dyn *cs_image_dynamic(const struct cs_image *image)
{
	return (const Elf64_Dyn *)(const void *)(image->bytes + image->dynamic_offset);
}
