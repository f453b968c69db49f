/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Labels in the lock-free code at which tests stop and kill a writer or a reader. Nothing at all
 * in a product build.
 */
#pragma once

#ifdef CS_TESTPOINTS
/** cs_testpoint() - provided by the test that compiles with CS_TESTPOINTS. */
void cs_testpoint(const char *label);
#define CS_TESTPOINT(label) cs_testpoint(label)
#else
#define CS_TESTPOINT(label) ((void)0)
#endif
