/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attributes under construction: strings are looked at until cs_attr_list_keep() copies them all.
 * What does not fit is counted as dropped. Not thread-safe: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "exporters/telemetry.h"

#define CS_ATTR_LIST_MAX 64u /* the most that one span gets */

struct cs_attr_list {
	struct cs_arena *arena; /* takes the copies */
	size_t count;
	uint32_t dropped;
	struct cs_attr items[CS_ATTR_LIST_MAX];
};

/** CS_ATTR_LIST() - an empty list whose copies go to @arena; its items are not set. */
#define CS_ATTR_LIST(name, to)                                                                     \
	struct cs_attr_list name;                                                                  \
	cs_attr_list_init(&name, to)

/** cs_attr_list_init() - idem, of a list that is there. */
static inline void cs_attr_list_init(struct cs_attr_list *list, struct cs_arena *arena)
{
	list->arena = arena;
	list->count = 0;
	list->dropped = 0;
}

/** cs_attr_add_string() - nothing happens if @value is NULL. */
void cs_attr_add_string(struct cs_attr_list *list, const char *key, const char *value);

/** cs_attr_set_string() - idem, in the place of what @key had; @key is copied at once. */
void cs_attr_set_string(struct cs_attr_list *list, const char *key, const char *value);

/** cs_attr_add_int() - OTLP's integers are signed: a larger one is its largest. */
void cs_attr_add_int(struct cs_attr_list *list, const char *key, uint64_t value);

/** cs_attr_add_signed() - idem, of either sign. */
void cs_attr_add_signed(struct cs_attr_list *list, const char *key, int64_t value);

/** cs_attr_add_bool() */
void cs_attr_add_bool(struct cs_attr_list *list, const char *key, bool value);

/**
 * cs_attr_add_strings() - a list
 *
 * Ownership: of @items and what they point to: the caller's, for as long as the batch lives.
 */
void cs_attr_add_strings(struct cs_attr_list *list, const char *key, const char *const *items,
			 size_t count);

/**
 * cs_attr_add_only() - a list with one string in it, which is copied at once
 *
 * What the semantic conventions have as a list, though one value is kept (headers; names of logs).
 * Nothing happens if @value is NULL.
 */
void cs_attr_add_only(struct cs_attr_list *list, const char *key, const char *value);

/** cs_attr_list_keep() - copy what was added; false: no memory. */
bool cs_attr_list_keep(const struct cs_attr_list *list, struct cs_attrs *ret);
