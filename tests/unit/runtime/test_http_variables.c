/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/http_variables.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

struct naming {
	char header[32];
	char variable[40];
	int error;
};

ParameterizedTestParameters(http_variables, names_are_as_go_writes_headers)
{
	static struct naming namings[] = {
		{ "Host", "Http_Host", 0 },
		{ "x-call-id", "Http_X_Call_Id", 0 },
		{ "X-CALL-ID", "Http_X_Call_Id", 0 },
		{ "traceparent", "Http_Traceparent", 0 },
		{ "ETag", "Http_Etag", 0 },
		{ "x-b3-traceid", "Http_X_B3_Traceid", 0 },
		{ "X--Y", "Http_X__Y", 0 },
		{ "-x", "Http__X", 0 },
		{ "a_b", "Http_A_b", 0 },
		{ "x!y", "Http_X!y", 0 },
		{ "", "", -EINVAL },
		{ "a b", "", -EINVAL },
		{ "a=b", "", -EINVAL },
		{ "a\x7f", "", -EINVAL },
		{ "\xc3\xa4", "", -EINVAL },
		{ "Proxy", "", -EPERM },
		{ "pROXY", "", -EPERM },
		{ "Proxy-Connection", "Http_Proxy_Connection", 0 },
	};

	return cr_make_param_array(struct naming, namings, sizeof(namings) / sizeof(namings[0]));
}

ParameterizedTest(struct naming *naming, http_variables, names_are_as_go_writes_headers)
{
	char name[CS_HTTP_VARIABLE_MAX] = "";

	cr_assert(eq(int, cs_http_variable_name(naming->header, name), naming->error), "%s",
		  naming->header);
	cr_assert(eq(str, name, naming->variable));
}

Test(http_variables, a_name_that_just_fits_is_taken_and_a_longer_one_is_not)
{
	char header[CS_HTTP_VARIABLE_MAX + 1], name[CS_HTTP_VARIABLE_MAX];
	size_t longest = CS_HTTP_VARIABLE_MAX - strlen("Http_") - 1;

	memset(header, 'a', sizeof(header));
	header[longest] = 0;
	cr_assert(zero(int, cs_http_variable_name(header, name)));
	cr_assert(eq(sz, strlen(name), CS_HTTP_VARIABLE_MAX - 1));
	header[longest] = 'a';
	header[longest + 1] = 0;
	cr_assert(eq(int, cs_http_variable_name(header, name), -EINVAL));
}
