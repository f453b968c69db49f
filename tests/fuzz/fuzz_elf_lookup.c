/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A loaded object with whatever in its tables. The first 4 bytes are the offset of the dynamic
 * section, the next a name with its NUL, the rest is the image: nothing outside it may be read, no
 * loop may go on, and what is found must have that name.
 */
#include <string.h>

#include "preload/start/elf_lookup.h"
#include "tests/fuzz/fuzz.h"

#define NAME_BYTES 32u

static void check_found(const struct cs_elf_object *object, const char *name, uintptr_t address)
{
	size_t bytes = strlen(name) + 1;

	/* Somewhere in the string table, and as some symbol's value. */
	CS_FUZZ_CHECK(
		memmem((const void *)object->begin, object->end - object->begin, name, bytes));
	address -= object->bias;
	CS_FUZZ_CHECK(memmem((const void *)object->begin, object->end - object->begin, &address,
			     sizeof(address)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_elf_object object = { 0 };
	char name[NAME_BYTES] = { 0 };
	uintptr_t address = 0;
	uint32_t offset;
	uint8_t *image;

	if (size < 4 + NAME_BYTES)
		return 0;
	memcpy(&offset, data, sizeof(offset));
	memcpy(name, data + 4, NAME_BYTES - 1);
	data += 4 + NAME_BYTES;
	size -= 4 + NAME_BYTES;
	image = malloc(size ? size : 1);
	memcpy(image, data, size);
	object.begin = (uintptr_t)image;
	object.end = object.begin + size;
	if (cs_elf_open(&object, object.begin, (const void *)(object.begin + offset))) {
		enum cs_elf_found found = cs_elf_find(&object, name, cs_elf_hash(name), &address);

		if (found == CS_ELF_FUNCTION || found == CS_ELF_DATA)
			check_found(&object, name, address);
	}
	free(image);
	return 0;
}
