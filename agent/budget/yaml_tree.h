/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A YAML document as a tree whose every node knows its line and column; anchors are resolved. What it
 * means is the caller's business. libyaml reads it: libcyaml's schemas have no "a string or a mapping",
 * and name places in their log only.
 *
 * Bounded: CS_YAML_BYTES_MAX of text, CS_YAML_NODES_MAX nodes after anchors are resolved (an alias costs
 * what it stands for), CS_YAML_DEPTH_MAX levels, so that neither cycles nor "billion laughs" get far. Levels,
 * anchors, tags and keys have bounds since libyaml, or we, compare each of them with all before: 1 MiB of "["
 * takes libyaml 0.2.5 ten minutes.
 * Format: YAML 1.1 as libyaml reads it; `<<` merges (yaml.org/type/merge.html).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

#define CS_YAML_BYTES_MAX   (1u << 20)
#define CS_YAML_NODES_MAX   65536u
#define CS_YAML_DEPTH_MAX   32u
#define CS_YAML_ANCHORS_MAX 1024u
#define CS_YAML_TAGS_MAX    16u   /* %TAG, of which we need none */
#define CS_YAML_KEYS_MAX    8192u /* of one mapping */

enum cs_yaml_kind {
	CS_YAML_SCALAR,
	CS_YAML_LIST,
	CS_YAML_MAP,
};

struct cs_yaml_entry;

/* Lines and columns count from 1. */
struct cs_yaml_node {
	enum cs_yaml_kind kind;
	unsigned line;
	unsigned column;
	const char *value; /* of a scalar: its text, without NUL bytes in it */
	bool quoted;       /* of a scalar: it is a string, whatever it looks like */
	const struct cs_yaml_entry *entries;
	size_t count;
};

struct cs_yaml_entry {
	const char *key; /* NULL in a list */
	unsigned line;   /* of the key */
	unsigned column;
	const struct cs_yaml_node *value;
};

/**
 * cs_yaml_load() - read one document
 * @arena: owns the result
 * @file:  its name, borrowed by @diag
 * @text:  @len bytes, any content
 * @ret:   NULL: there is nothing in it
 *
 * Context: startup.
 * Return:  0; -EINVAL, @diag says where and what; -E2BIG it is above a bound, idem; -ENOMEM.
 */
int cs_yaml_load(struct cs_arena *arena, const char *file, const void *text, size_t len,
		 struct cs_diag *diag, const struct cs_yaml_node **ret) cs_must_use;

/** cs_yaml_get() - value of a mapping's key; NULL: there is none, or @map is no mapping. */
const struct cs_yaml_node *cs_yaml_get(const struct cs_yaml_node *map, const char *key);
