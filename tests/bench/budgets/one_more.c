/* SPDX-License-Identifier: Apache-2.0 */

/* One shared object more. */
__attribute__((visibility("default"))) int one_more(void);

int one_more(void)
{
	return 0;
}
