/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values out of a YAML tree, of the kind that is expected there; what is not gets one line with its place.
 * Context of all: startup. Return of all: 0; -EINVAL, the diag says where and what; -ENOMEM.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/quantity.h"
#include "agent/budget/yaml_tree.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/diag.h"

struct cs_fields {
	struct cs_arena *arena; /* owns what is returned */
	const char *file;
	struct cs_diag *diag;
};

/** cs_fields_refuse() - say what is wrong with @node. Return: -EINVAL. */
int cs_fields_refuse(const struct cs_fields *fields, const struct cs_yaml_node *node,
		     const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** cs_fields_known() - a mapping that has none but these keys? */
int cs_fields_known(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    const char *const *keys, size_t count) cs_must_use;

/** cs_fields_map() - a mapping? */
int cs_fields_map(const struct cs_fields *fields, const struct cs_yaml_node *node) cs_must_use;

/** cs_fields_list() - a list? */
int cs_fields_list(const struct cs_fields *fields, const struct cs_yaml_node *node) cs_must_use;

/** cs_fields_text() - a text that is not empty */
int cs_fields_text(const struct cs_fields *fields, const struct cs_yaml_node *node,
		   const char **ret) cs_must_use;

/** cs_fields_any_text() - one that may be empty, if it is quoted: so it is meant */
int cs_fields_any_text(const struct cs_fields *fields, const struct cs_yaml_node *node,
		       const char **ret) cs_must_use;

/** cs_fields_choice() - one of @names; @ret is its place among them */
int cs_fields_choice(const struct cs_fields *fields, const struct cs_yaml_node *node,
		     const char *const *names, unsigned count, unsigned *ret) cs_must_use;

/** cs_fields_count() - a whole number from @min to @max */
int cs_fields_count(const struct cs_fields *fields, const struct cs_yaml_node *node, uint32_t min,
		    uint32_t max, uint32_t *ret) cs_must_use;

/** cs_fields_quantity() - an amount of @kind */
int cs_fields_quantity(const struct cs_fields *fields, const struct cs_yaml_node *node,
		       enum cs_quantity_kind kind, struct cs_quantity *ret) cs_must_use;

/** cs_fields_texts() - a list of texts */
int cs_fields_texts(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    const char *const **ret, size_t *ret_count) cs_must_use;

/** cs_fields_argv() - a list of texts, at least one, as execvp() takes it */
int cs_fields_argv(const struct cs_fields *fields, const struct cs_yaml_node *node, char ***ret)
	cs_must_use;

/** cs_fields_shell() - a text, as an argv of sh -c */
int cs_fields_shell(const struct cs_fields *fields, const struct cs_yaml_node *node, char ***ret)
	cs_must_use;
