/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/target. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "preload/start/target.h"

struct sample {
	char target[48];
	char expected[24];
};

static struct sample samples[] = {
	{ "/orders/1", "/orders/1" },
	{ "/p?token=SECRET", "/p" },
	{ "/p#SECRET", "/p" },
	{ "/p@x:y//z", "/p@x:y//z" },
	{ "/", "/" },
	{ "", "" },
	{ "*", "*" },
	{ "?SECRET", "" },
	{ "p/q?SECRET", "p/q" },
	{ "p/q@r", "p/q@r" },
	{ "http://user:SECRET@host/p?SECRET", "/p" },
	{ "http://user:SECRET@host", "/" },
	{ "http://user:SECRET@host?SECRET", "/" },
	{ "http://", "/" },
	{ "http:/", "http:/" },
	{ "user:SECRET@host:443", "" },
	{ "user:SECRET@host/p", "" },
	{ "host:443", "host:443" },
};

ParameterizedTestParameters(target, keeps_the_path_alone)
{
	return cr_make_param_array(struct sample, samples, sizeof(samples) / sizeof(samples[0]));
}

ParameterizedTest(struct sample *s, target, keeps_the_path_alone)
{
	char kept[64] = "";
	size_t len;
	const char *path = cs_target_path(s->target, &len);

	cr_assert(lt(sz, len, sizeof(kept)));
	memcpy(kept, path, len);
	cr_assert(eq(str, kept, s->expected), "%s", s->target);
}
