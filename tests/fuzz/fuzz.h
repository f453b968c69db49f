/* SPDX-License-Identifier: Apache-2.0 */

/* What every fuzz target defines, and how it says that a property does not hold. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/**
 * LLVMFuzzerTestOneInput() - run the target over one input
 * @data: an exact copy, so that AddressSanitizer sees a read behind its end
 *
 * Must not keep state from one call to the next. Return: 0.
 */
__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input, in every build. */
#define CS_FUZZ_CHECK(condition)                                                                   \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)
