/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/output/escape. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdint.h>
#include <string.h>

#include "agent/output/escape.h"
#include "base/clean_text.h"
#include "base/utf8.h"

enum form {
	PLAIN,
	TEXT,
	ATTRIBUTE,
	MARKDOWN,
	DATA,
	PROPERTY,
	LABEL,
	FORMS,
};

static void escape(enum form form, struct cs_buffer *out, const char *s)
{
	switch (form) {
	case PLAIN:
		cs_put_plain(out, s);
		break;
	case TEXT:
	case ATTRIBUTE:
		cs_escape_markup(out, s, form == ATTRIBUTE);
		break;
	case MARKDOWN:
		cs_escape_markdown(out, s);
		break;
	case DATA:
	case PROPERTY:
		cs_escape_command(out, s, form == PROPERTY);
		break;
	case LABEL:
		cs_escape_label(out, s);
		break;
	case FORMS:
		break;
	}
}

static void expect(enum form form, const char *s, const char *wanted)
{
	struct cs_buffer out = { 0 };

	escape(form, &out, s);
	cr_assert(eq(str, out.len ? out.data : (char *)"", (char *)wanted), "form %d", (int)form);
	cs_buffer_deinit(&out);
}

#define BAD "\xef\xbf\xbd"

Test(escape, controls_and_what_is_no_text_are_nobodys)
{
	for (int form = 0; form < FORMS; form++) {
		expect((enum form)form, "", "");
		expect((enum form)form, "a\x01\x1b\x7f", "a" BAD BAD BAD);
		expect((enum form)form, "\r", BAD);
		expect((enum form)form, "\xff\xc3\xa4\xc2\x85", BAD "\xc3\xa4" BAD);
		expect((enum form)form, "\xe2\x80\xaetxt\xe2\x81\xa6", BAD "txt" BAD);
		expect((enum form)form, "\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80",
		       BAD BAD BAD BAD BAD);
		expect((enum form)form, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	}
}

Test(escape, each_format_loses_what_it_gives_a_meaning)
{
	expect(PLAIN, "a\nb\tc<", "a b c<");
	expect(TEXT, "]]> <b>&\"'\n", "]]&#62; &#60;b&#62;&#38;&#34;&#39;\n");
	expect(ATTRIBUTE, "a\n\tb\"", "a&#10;&#9;b&#34;");
	expect(MARKDOWN, "a|b\n`c` *d* _e_ shared_objects",
	       "a&#124;b &#96;c&#96; &#42;d&#42; &#95;e&#95; shared_objects");
	expect(MARKDOWN, "@me #1 [x](y) <b> \\ $z$ :+1: !",
	       "&#64;me &#35;1 &#91;x&#93;&#40;y&#41; &#60;b&#62; &#92; &#36;z&#36; &#58;+1&#58; "
	       "&#33;");
	expect(DATA, "100% a:b,c\n::error::x", "100%25 a:b,c%0A::error::x");
	expect(PROPERTY, "100% a:b,c\n::", "100%25 a%3Ab%2Cc%0A%3A%3A");
	expect(DATA, "%0A", "%250A");
	expect(LABEL, "a\\b\"c\nd{}=,", "a\\\\b\\\"c\\nd{}=,");
}

static uint32_t draw(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Bytes of any kind, most of them such as mean something to somebody. */
static void make_name(uint32_t *state, char *name, size_t size)
{
	static const char spice[] =
		"<>&\"'|`*_[]()~#@!$:{},%\\\n\r\t\x01\x1b\x7f\xc2\x85\xe2\x80\xae]]>";
	size_t len = draw(state) % size;

	for (size_t i = 0; i < len; i++) {
		uint32_t kind = draw(state) % 4;

		name[i] = kind == 0   ? (char)(draw(state) % 255 + 1)
			  : kind == 1 ? (char)('a' + draw(state) % 26)
				      : spice[draw(state) % (sizeof(spice) - 1)];
	}
	name[len] = '\0';
}

/* None of these bytes, and no control but newline and tab. */
static void check_free_of(const struct cs_buffer *out, const char *bytes, enum form form)
{
	for (size_t i = 0; i < out->len; i++) {
		cr_assert(ne(int, (unsigned char)out->data[i], 0));
		cr_assert(zero(ptr, strchr(bytes, out->data[i])), "form %d byte %d", (int)form,
			  out->data[i]);
		cr_assert(out->data[i] == '\n' || out->data[i] == '\t' ||
			  (unsigned char)out->data[i] >= 0x20);
	}
}

Test(escape, names_of_any_bytes_stay_text)
{
	static const char *const never[FORMS] = {
		[PLAIN] = "\n\t",
		[TEXT] = "<>\"'",
		[ATTRIBUTE] = "<>\"'\n\t",
		[MARKDOWN] = "<>|\\`*[]()~@!$:{}\n\t",
		[DATA] = "\n",
		[PROPERTY] = "\n:,",
		[LABEL] = "\n",
	};
	uint32_t state = 1;
	char name[64];

	for (unsigned i = 0; i < 20000; i++) {
		make_name(&state, name, sizeof(name));
		for (int form = 0; form < FORMS; form++) {
			struct cs_buffer out = { 0 };

			escape((enum form)form, &out, name);
			cr_assert(eq(int, out.failed, 0));
			cr_assert(cs_utf8_valid(out.len ? out.data : "", out.len));
			check_free_of(&out, never[form], (enum form)form);
			cs_buffer_deinit(&out);
		}
	}
}
