/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of wire/siphash. Vectors: the SipHash paper's appendix and its reference output. */
#include "preload/wire/siphash.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(siphash, agrees_with_the_published_vectors)
{
	uint8_t key[CS_SIPHASH_KEY_BYTES], data[15];

	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	cr_assert(eq(u64, cs_siphash(key, data, 15), 0xa129ca6149be45e5u));
	cr_assert(eq(u64, cs_siphash(key, data, 0), 0x726fdb47dd0e0e31u));
	cr_assert(eq(u64, cs_siphash(key, data, 8), 0x93f5f5799a932462u));
}
