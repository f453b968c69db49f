/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A loaded ELF object as its tables lie in memory, built from a list of symbols: what the loader
 * would have mapped, less everything that look-ups do not read.
 */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_IMAGE_BYTES       4096u
#define CS_IMAGE_SYMBOLS_MAX 15u

struct cs_image_symbol {
	const char *name;
	uint64_t value;
	unsigned char type; /* STT_* */
	bool undefined;
	uint16_t version; /* as in the version table */
};

struct cs_image_options {
	bool no_gnu_hash;
	bool no_sysv_hash;
	bool no_versions;
	bool relocated; /* the dynamic section holds addresses, not offsets (glibc) */
};

struct cs_image {
	_Alignas(16) unsigned char bytes[CS_IMAGE_BYTES];
	uint32_t dynamic_offset; /* below it: all tables */
	uint32_t used;
};

/** cs_image_build() - lay out @count symbols, at most CS_IMAGE_SYMBOLS_MAX. Context: any-thread. */
void cs_image_build(struct cs_image *image, const struct cs_image_symbol *symbols, uint32_t count,
		    struct cs_image_options options);

/** cs_image_dynamic() - its dynamic section. Context: any-thread. */
const Elf64_Dyn *cs_image_dynamic(const struct cs_image *image);
