/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finds a function in one loaded ELF object by its hash table. Reads the object's own tables, which
 * the loader has used already. Nothing is read outside the range that the caller names, and every
 * loop is bounded: within a range that is mapped, no object can crash or hang the process. Pure.
 *
 * Formats: System V gABI, "Hash Table"; GNU hash as glibc's elf/dl-lookup.c reads it; symbol versions
 * as in the LSB, "Symbol Versioning".
 */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

/* All but begin and end is set by cs_elf_open(), and read by cs_elf_find() alone. */
struct cs_elf_object {
	uintptr_t begin; /* what may be read; the loader's objects have no known end */
	uintptr_t end;
	uintptr_t bias; /* added to addresses in the file */
	const Elf64_Sym *symbols;
	const char *strings;
	const uint16_t *versions; /* NULL: none */
	const uint64_t *bloom;    /* of a GNU hash table; NULL: it is a System V one */
	const uint32_t *buckets;
	const uint32_t *chains;
	uint64_t symbols_count; /* these are how many may be read */
	uint64_t strings_bytes;
	uint64_t versions_count;
	uint64_t chains_count;
	uint32_t buckets_count; /* 0: nothing is found */
	uint32_t bloom_mask;
	uint32_t bloom_shift;
	uint32_t first_symbol; /* of the chains */
};

enum cs_elf_found {
	CS_ELF_ABSENT = 0,
	CS_ELF_FUNCTION,
	CS_ELF_INDIRECT, /* an IFUNC: its resolver may not be run by us */
	CS_ELF_DATA,
};

/**
 * cs_elf_open() - read the addresses of an object's tables
 * @object:  begin and end are set by the caller, the rest is overwritten
 * @bias:    added to addresses in the file
 * @dynamic: its dynamic section; addresses in it may be relocated (glibc) or not (musl, vDSO)
 *
 * Context: signal.
 * Return:  true if it can be searched.
 */
bool cs_elf_open(struct cs_elf_object *object, uintptr_t bias, const Elf64_Dyn *dynamic);

/** cs_elf_hash() - GNU hash of a name, to be computed once for many objects. Context: signal. */
uint32_t cs_elf_hash(const char *name);

/**
 * cs_elf_find() - look @name up; old (hidden) versions do not count
 * @gnu_hash: cs_elf_hash(@name)
 *
 * Context: signal.
 * Return:  enum cs_elf_found; @ret_address is set for functions and data only.
 */
enum cs_elf_found cs_elf_find(const struct cs_elf_object *object, const char *name,
			      uint32_t gnu_hash, uintptr_t *ret_address);
