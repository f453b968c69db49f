/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Foreign text in other people's formats. Names and what functions wrote may hold any byte: ill-formed
 * UTF-8 and control characters (C0 but newline and tab, DEL, C1, and those that turn the direction of
 * text) become U+FFFD in each, and what a format gives a meaning of its own loses it.
 *
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

/**
 * cs_escape_markup() - text of XML 1.0 and HTML
 * @in_attribute: newlines and tabs are written as references, or parsers would make them spaces
 *
 * Source: XML 1.0, 2.2 (characters), 2.4 (`]]>`), 3.3.3; HTML Living Standard, 13.1.
 */
void cs_escape_markup(struct cs_buffer *out, const char *s, bool in_attribute);

/**
 * cs_escape_markdown() - text in a line or a table's cell of GitHub's and GitLab's Markdown
 *
 * Newlines become spaces. All that may begin markup, a link, a mention or mathematics is written as a
 * character reference, also `|`, which a backslash would not keep out of a code span in a cell.
 */
void cs_escape_markdown(struct cs_buffer *out, const char *s);

/**
 * cs_escape_command() - what stands in a workflow command of GitHub
 * @in_property: in a property, where `:` and `,` have a meaning, too
 *
 * Source: actions/toolkit, packages/core/src/command.ts (escapeData, escapeProperty).
 */
void cs_escape_command(struct cs_buffer *out, const char *s, bool in_property);

/** cs_escape_label() - a label's value of OpenMetrics. Source: OpenMetrics 1.0, ABNF escaped-char. */
void cs_escape_label(struct cs_buffer *out, const char *s);
