/* SPDX-License-Identifier: Apache-2.0 */

/* FNV-1a; see fingerprint.h. */
#include "base/fingerprint.h"

#include <stdio.h>

uint64_t cs_fingerprint_add(uint64_t so_far, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		so_far = (so_far ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
	return so_far;
}

void cs_fingerprint_text(uint64_t fingerprint, char ret[CS_FINGERPRINT_BYTES])
{
	snprintf(ret, CS_FINGERPRINT_BYTES, "%016llx", (unsigned long long)fingerprint);
}
