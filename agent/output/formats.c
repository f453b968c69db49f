/* SPDX-License-Identifier: Apache-2.0 */

/* The table of formats, and those of a few lines; see formats.h. */
#include "agent/output/formats.h"

#include <errno.h>
#include <string.h>

#include "agent/output/escape.h"
#include "agent/output/json.h"
#include "base/clean_text.h"
#include "base/suggest.h"

static const struct cs_format formats[] = {
	{ "github", cs_format_github },
	{ "gitlab", cs_format_gitlab },
	{ "html", cs_format_html },
	{ "json", cs_format_json },
	{ "junit", cs_format_junit },
	{ "markdown", cs_format_markdown },
	{ "openmetrics", cs_format_openmetrics },
	{ "text", cs_format_text },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct cs_format *cs_format_find(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	}
	return NULL;
}

const char *cs_format_near(const char *name)
{
	const char *names[FORMATS];

	for (size_t i = 0; i < FORMATS; i++)
		names[i] = formats[i].name;
	return cs_suggest(name, names, FORMATS);
}

int cs_format_json(const struct cs_result *result, struct cs_buffer *out)
{
	return cs_result_json_write(result, CS_RESULT_JSON_FILE, out);
}

void cs_format_function(const struct cs_result *result, const struct cs_result_function *function,
			const struct cs_terminal *terminal, struct cs_buffer *out)
{
	struct cs_buffer config = { 0 };

	if (function->label) {
		cs_put_plain(out, function->label);
		cs_buffer_puts(out, ": ");
	}
	cs_assert_text(result->plan, &function->asserted, result->today, terminal, out);
	cs_result_remark(result, function, CS_REMARK_CONFIG, &config);
	if (config.len)
		cs_buffer_printf(out, "  %s\n", config.data);
	out->failed |= config.failed;
	cs_buffer_deinit(&config);
}

int cs_format_text(const struct cs_result *result, struct cs_buffer *out)
{
	const struct cs_terminal plain = { .columns = 80 };

	for (size_t i = 0; i < result->count; i++)
		cs_format_function(result, &result->functions[i], &plain, out);
	cs_assert_text_end(&result->tally, out);
	return out->failed ? -ENOMEM : 0;
}
