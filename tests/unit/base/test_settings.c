/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/settings. */
#include "base/settings.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "coldspan_config.h"

static struct cs_settings settings;
static struct cs_buffer out;

static void setup(void)
{
	cs_settings_init(&settings);
}

static void teardown(void)
{
	cs_settings_deinit(&settings);
	cs_buffer_deinit(&out);
}

TestSuite(settings, .init = setup, .fini = teardown);

Test(settings, each_is_a_line_with_its_origin_in_a_column)
{
	char name[] = "a";

	cs_settings_add(&settings, name, "1", CS_SETTING_DEFAULT, NULL, 0);
	*name = 'x'; /* it was copied */
	cs_settings_add(&settings, "b", "", CS_SETTING_FILE, "f.yaml", 12);
	cs_settings_add(&settings, "c", "2 3", CS_SETTING_OPTION, "--c", 0);
	cs_settings_add(&settings, "d", "4", CS_SETTING_VARIABLE, "D", 0);
	cs_settings_text(&settings, &out);
	cr_expect(eq(str, out.data,
		     (char *)"default    a = 1\n"
			     "f.yaml:12  b = \n"
			     "--c        c = 2 3\n"
			     "D          d = 4\n"));
}

Test(settings, what_is_no_text_cannot_play_with_a_terminal)
{
	cs_settings_add(&settings, "\x1b[1m", "x\ny\xe2\x80\xae\xff", CS_SETTING_FILE, "\a", 1);
	cs_settings_text(&settings, &out);
	cr_expect(eq(str, out.data,
		     (char *)"\xef\xbf\xbd:1  \xef\xbf\xbd[1m = x y\xef\xbf\xbd\xef\xbf\xbd\n"));
}

Test(settings, the_document_has_a_member_of_the_kind_of_origin)
{
	cs_settings_add(&settings, "a", "\"\xff", CS_SETTING_DEFAULT, NULL, 0);
	cs_settings_add(&settings, "b", "", CS_SETTING_FILE, "f", 12);
	cs_settings_json(&settings, &out);
	cr_expect(eq(
		str, out.data,
		(char *)"{\n  \"schema\": \"coldspan.settings/v1\",\n"
			"  \"coldspan_version\": \"" CS_VERSION "\",\n  \"settings\": [\n"
			"    {\n      \"origin\": \"default\",\n      \"name\": \"a\",\n"
			"      \"value\": \"\\\"\xef\xbf\xbd\"\n    },\n"
			"    {\n      \"origin\": \"file\",\n      \"file\": \"f\",\n"
			"      \"line\": 12,\n      \"name\": \"b\",\n      \"value\": \"\"\n    }\n"
			"  ]\n}\n"));
}

Test(settings, none_is_an_empty_list)
{
	cs_settings_json(&settings, &out);
	cr_expect(ne(ptr, strstr(out.data, "\"settings\": [\n  ]\n"), NULL));
	cs_buffer_clear(&out);
	cs_settings_text(&settings, &out);
	cr_expect(not(out.failed));
	cr_expect(eq(sz, out.len, 0));
}

Test(settings, one_that_was_not_kept_is_no_success)
{
	settings.failed = true;
	cs_settings_text(&settings, &out);
	cr_expect(out.failed);
	cs_buffer_clear(&out);
	cs_settings_json(&settings, &out);
	cr_expect(out.failed);
}
