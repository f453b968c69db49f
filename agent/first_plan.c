/* SPDX-License-Identifier: Apache-2.0 */

/* The text of a first coldspan.yaml; see first_plan.h. */
#include "agent/first_plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/project.h"
#include "base/buffer.h"
#include "base/utf8.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* The code point at @s, which is well-formed, and its bytes. */
static uint32_t code_at(const char *s, size_t *ret_len)
{
	unsigned char first = (unsigned char)*s;
	uint32_t code;

	*ret_len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	code = *ret_len == 1 ? first : first & (0x7fu >> *ret_len);
	for (size_t i = 1; i < *ret_len; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	return code;
}

/* What YAML 1.1 does not take as it is (5.1), or ends a line with (5.4). */
static bool is_escaped(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
	       code == 0xfeff || code == 0xfffe || code == 0xffff;
}

static void put_quoted(struct cs_buffer *out, const char *word)
{
	size_t size = 3 * strlen(word) + 1, len;
	char *text = malloc(size);

	out->failed |= !text;
	if (text)
		cs_utf8_repair(text, size, word, strlen(word), NULL);
	cs_buffer_putc(out, '"');
	for (const char *s = text; s && *s; s += len) {
		uint32_t code = code_at(s, &len);

		if (is_escaped(code))
			cs_buffer_printf(out, "\\u%04x", code);
		else if (code == '"' || code == '\\')
			cs_buffer_printf(out, "\\%c", *s);
		else
			cs_buffer_append(out, s, len);
	}
	cs_buffer_putc(out, '"');
	free(text);
}

/* Whether YAML 1.1 might take it for a truth, or for nothing. */
static bool is_a_word_of_yaml(const char *word)
{
	static const char *const words[] = { "y",     "n",  "yes", "no",  "true",
					     "false", "on", "off", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcasecmp(word, words[i]))
			return true;
	}
	return false;
}

/* Plain where YAML takes it for nothing else, else quoted. */
static void put_word(struct cs_buffer *out, const char *word)
{
	const char *begin = word + strspn(word, "-"); /* of an option; not "- ", nor a number */

	if (*begin && strchr(begin == word ? LETTERS "./" : LETTERS, *begin) &&
	    !begin[strspn(begin, LETTERS "0123456789._/-")] && !is_a_word_of_yaml(word))
		cs_buffer_puts(out, word);
	else
		put_quoted(out, word);
}

static void put_list(struct cs_buffer *out, const char *const *words)
{
	cs_buffer_putc(out, '[');
	for (size_t i = 0; words[i]; i++) {
		if (i)
			cs_buffer_puts(out, ", ");
		put_word(out, words[i]);
	}
	cs_buffer_puts(out, "]\n");
}

static void put_ready(struct cs_buffer *out, const struct cs_project *project)
{
	if (project->server)
		cs_buffer_puts(out,
			       "    # A server on $PORT: it is ready once it has answered this.\n"
			       "    ready: first-response\n"
			       "    invoke: {method: POST, path: /, body: '{}'}\n");
	else
		cs_buffer_puts(
			out,
			"    # A process an event: this is its standard input, and it ends well.\n"
			"    # Of a server on $PORT write first-response.\n"
			"    ready: exit\n"
			"    invoke: {body: '{}'}\n");
}

/* What Lambda itself starts, without the framework: a comment, since it may not be installed. */
static void put_framework(struct cs_buffer *out, const struct cs_project *project)
{
	const char *const python[] = { "python3", "-m", "awslambdaric", project->handler, NULL };
	const char *const node[] = { "npx", "aws-lambda-ric", project->handler, NULL };
	bool known = project->handler && project->runtime;

	if (!project->framework)
		return;
	cs_buffer_puts(out, "    # The framework's own start is a part of it.\n    timeout: 60s\n");
	if (!known || (strncmp(project->runtime, "python", 6) != 0 &&
		       strncmp(project->runtime, "nodejs", 6) != 0))
		return;
	cs_buffer_puts(out,
		       "    # Lambda's own client alone, once it is installed:\n    #   run: ");
	put_list(out, project->runtime[0] == 'p' ? python : node);
	cs_buffer_puts(out, "    #   ready: first-poll\n");
}

static void put_start(struct cs_buffer *out, const struct cs_project *project)
{
	if (project->folder) {
		cs_buffer_puts(out,
			       ":\n    # coldspan-faas serves this folder, as its function.yaml "
			       "says; this is its first event.\n    function: ");
		put_word(out, project->folder);
		cs_buffer_puts(out, "\n    invoke: {method: POST, body: '{}'}\n");
		return;
	}
	cs_buffer_puts(out,
		       ":\n    # What starts it, in this folder; shell: takes one line for sh.\n"
		       "    run: ");
	put_list(out, project->command);
	put_framework(out, project);
	put_ready(out, project);
}

void cs_first_plan_write(const struct cs_project *project, const char *schema,
			 struct cs_buffer *out)
{
	cs_buffer_printf(
		out,
		"# yaml-language-server: $schema=%s\n"
		"# Cold-start budgets: coldspan assert holds functions to them, and man coldspan.yaml\n"
		"# explains all that may stand here.\n"
		"version: 1\n"
		"\n"
		"functions:\n"
		"  ",
		schema);
	put_word(out, project->name);
	put_start(out, project);
	cs_buffer_printf(
		out,
		"    budgets:\n"
		"      # No more than 5 of 100 starts may take longer. What they take, and where the time\n"
		"      # goes, coldspan run draws.\n"
		"      - %s\n"
		"      # Counts are the same in every start, whatever the machine does:\n"
		"      # - shared_objects <= 45\n"
		"      # - opens.dependency <= 200\n"
		"    # What no function should need; warnings, for the most part.\n"
		"    extends: coldspan:recommended\n",
		project->framework ? "p95 total <= 20s" : "p95 total <= 2s");
}
