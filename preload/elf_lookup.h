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

struct cs_elf_object {
	uintptr_t bias;  /* added to addresses in the file */
	uintptr_t begin; /* what may be read; the loader's objects have no known end */
	uintptr_t end;
	const Elf64_Sym *symbols;
	const char *strings;
	uint64_t strings_bytes;
	const uint16_t *versions;  /* NULL: none */
	const uint32_t *gnu_hash;  /* NULL: none */
	const uint32_t *sysv_hash; /* NULL: none */
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
