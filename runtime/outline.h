/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where everything stands in a function.yaml, and whether it is YAML that we take at all.
 *
 * libcyaml loads the values, but the places that it reports are those of the mapping around a
 * mistake (1.3: an unknown key is placed at the value before it), it lets further documents and
 * NUL bytes pass, and its schemas have no mapping with free keys. So libyaml's parser runs once
 * before it and notes the place, key and kind of every node.
 */
#pragma once

#include "runtime/problem.h"

#include <stddef.h>

#include "runtime/cleanup.h"

#define CS_OUTLINE_NODES_MAX 2048 /* a function.yaml with more is a mistake or an attack */
#define CS_OUTLINE_DEPTH_MAX 8

enum cs_node_kind {
	CS_NODE_SCALAR,
	CS_NODE_LIST,
	CS_NODE_MAPPING,
};

struct cs_node {
	char *key;   /* owned; NULL for the root and for list entries */
	char *value; /* owned; of a scalar, else NULL */
	int parent;  /* index of the mapping or list it stands in; -1 for the root */
	enum cs_node_kind kind;
	unsigned key_line, key_column;     /* 1-based; for a list entry those of the value */
	unsigned value_line, value_column; /* 1-based */
};

struct cs_outline {
	struct cs_node *nodes; /* [0] is the root */
	size_t count, room;
};

/**
 * cs_outline_read() - note the nodes of one YAML document
 * @file:    its name, for @problem
 * @text:    @text_len bytes, any content
 * @ret:     zero-initialised by the caller, who calls cs_outline_deinit() also after a failure
 * @problem: receives file:line:column and the reason
 *
 * Refused: what is not YAML, no document or two, a root that is no mapping, anchors and aliases,
 * tags, keys that are not plain names or stand twice, NUL bytes, more nodes or depth than allowed.
 *
 * Context: startup.
 * Return:  0; -EINVAL; -ENOMEM.
 */
cs_must_use int cs_outline_read(const char *file, const unsigned char *text, size_t text_len,
				struct cs_outline *ret, struct cs_problem *problem);

/** cs_outline_deinit() - free what cs_outline_read() noted. */
void cs_outline_deinit(struct cs_outline *outline);

/** cs_outline_find() - the node with @key directly under node @parent; NULL when there is none. */
const struct cs_node *cs_outline_find(const struct cs_outline *outline, int parent,
				      const char *key);

/** cs_outline_at() - the node whose value starts at that place; NULL when none does. */
const struct cs_node *cs_outline_at(const struct cs_outline *outline, unsigned line,
				    unsigned column);
