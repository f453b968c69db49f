/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A JSON document that a command prints instead of its words (--json): versioned by its schema
 * (docs/schema), on standard output, never coloured.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

/** cs_document_new() - an object of @schema, such as "coldspan.env/v1"; NULL: out of memory. */
json_t *cs_document_new(const char *schema);

/** cs_document_text() - a string whatever bytes are in @text, repaired; null for NULL. */
json_t *cs_document_text(const char *text);

/** cs_document_number() - an integer: ns, bytes, counts. */
json_t *cs_document_number(uint64_t n);

/**
 * cs_document_print() - print and free it
 * @document: NULL: it could not be made for want of memory
 * @code:     the exit status if that goes well
 *
 * Context: startup. What could not be written is left to cs_output_finish().
 * Return:  exit status; CS_EXIT_FAILED was said.
 */
int cs_document_print(json_t *document, int code);
