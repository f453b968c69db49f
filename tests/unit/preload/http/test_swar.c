/* SPDX-License-Identifier: Apache-2.0 */
#include "preload/http/swar.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS 200000u

/* Bytes at the borders of what is told apart, in any company. */
static uint64_t drawn(void)
{
	static const unsigned char borders[] = { 0x00, 0x01, 0x1f, 0x20, 0x21, 'a',  'z',  '~',
						 0x7e, 0x7f, 0x80, 0x81, 0x9f, 0xa0, 0xfe, 0xff };
	unsigned char bytes[CS_SWAR_BYTES];

	for (size_t i = 0; i < CS_SWAR_BYTES; i++)
		bytes[i] = borders[(size_t)rand() % sizeof(borders)];
	return cs_swar_load(bytes);
}

Test(swar, plain_bytes_are_neither_controls_nor_del)
{
	unsigned said = 0;

	for (unsigned n = 0; n < DRAWS; n++) {
		uint64_t bytes = n % 4 ? drawn() | 0x2020202020202020ull : drawn();
		bool plain = true, ascii = true;

		for (unsigned i = 0; i < CS_SWAR_BYTES; i++) {
			unsigned char c = (unsigned char)(bytes >> 8 * i);

			plain = plain && c >= 0x20 && c != 0x7f;
			ascii = ascii && c < 0x80;
		}
		if (cs_swar_plain(bytes, 0x20)) {
			cr_assert(eq(int, plain, true), "%016lx", bytes);
			said++;
		} else {
			cr_assert(eq(int, plain &&ascii, false), "%016lx", bytes);
		}
	}
	cr_assert(gt(uint, said, 0));
}

Test(swar, a_version_is_one_of_two)
{
	char text[] = "HTTP/1.0";

	cr_assert(eq(u8, cs_swar_version(cs_swar_load(text)), 10));
	cr_assert(eq(u8, cs_swar_version(cs_swar_load("HTTP/1.1")), 11));
	for (size_t at = 0; at < strlen(text); at++) {
		char kept = text[at];

		for (unsigned c = 0; c < 256; c++) {
			text[at] = (char)c;
			cr_assert(eq(u8, cs_swar_version(cs_swar_load(text)),
				     text[at] == kept                     ? 10
				     : at == strlen(text) - 1 && c == '1' ? 11
									  : 0));
		}
		text[at] = kept;
	}
}

Test(swar, a_name_ends_at_the_first_byte_that_is_neither_letter_nor_dash)
{
	static const unsigned char borders[] = { 'a', 'z',  'A',         'Z', '-',  '@', '[',
						 '`', '{',  ',',         '.', ':',  '0', '9',
						 ' ', 0x0d, 0x4d | 0x80, 0,   0x7f, 0xff };
	unsigned found = 0;

	for (unsigned n = 0; n < DRAWS; n++) {
		unsigned char bytes[CS_SWAR_BYTES];
		uint64_t marks;
		size_t first = 0;

		for (size_t i = 0; i < CS_SWAR_BYTES; i++)
			bytes[i] = borders[(size_t)rand() % (rand() % 4 ? 5 : sizeof(borders))];
		while (first < CS_SWAR_BYTES &&
		       (bytes[first] == '-' || (bytes[first] < 0x80 && isalpha(bytes[first]))))
			first++;
		marks = cs_swar_ends_name(cs_swar_load(bytes));
		cr_assert(eq(sz, marks ? cs_swar_first(marks) : CS_SWAR_BYTES, first), "%016lx",
			  cs_swar_load(bytes));
		found += first > 0 && first < CS_SWAR_BYTES;
	}
	cr_assert(gt(uint, found, 0));
}

Test(swar, behind_the_end_there_are_zeros)
{
	const unsigned char bytes[] = "0123456789abcdef", *end = bytes + 16;

	for (size_t at = 0; at <= 16; at++) {
		unsigned char want[CS_SWAR_BYTES] = { 0 };

		memcpy(want, bytes + at, 16 - at < CS_SWAR_BYTES ? 16 - at : CS_SWAR_BYTES);
		cr_assert(eq(u64, cs_swar_load_to(bytes + at, end), cs_swar_load(want)));
	}
}

/* In memory that ends where they do. */
Test(swar, plain_bytes_end_at_a_control_or_with_the_memory)
{
	for (size_t len = CS_SWAR_BYTES; len < 40; len++) {
		unsigned char *bytes = malloc(len);

		cr_assert(bytes != NULL);
		for (size_t at = 0; at <= len; at++) {
			memset(bytes, at % 2 ? 'x' : 0xe4, len);
			if (at < len)
				bytes[at] = at % 3 ? 0x7f : 0x1f;
			for (size_t from = 0; from <= at; from++)
				cr_assert(eq(ptr,
					     (void *)cs_swar_plain_end(bytes + from, bytes + len),
					     bytes + at));
		}
		free(bytes);
	}
}
