/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the trees of all signals are made of: texts, ids, attributes, and the envelope of one resource.
 * For traces.c and its like alone. Memory comes from the builder's allocator; nothing here frees.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "exporters/telemetry.h"
#include "opentelemetry/proto/common/v1/common.pb-c.h"
#include "opentelemetry/proto/resource/v1/resource.pb-c.h"

/* One build: the first failed allocation makes all later ones fail, and is asked for once. */
struct cs_otlp_tree {
	ProtobufCAllocator *alloc;
	bool failed;
};

/* What is still to be passed over and to be taken of a batch's items: begins as its range. */
struct cs_otlp_cut {
	size_t skip;
	size_t left;
};

/* Of one list of items. */
struct cs_otlp_part {
	size_t first;
	size_t count;
};

/**
 * cs_otlp_cut_next() - which items of the batch's next list are in the range?
 * @total: items in that list
 *
 * Return: false: none of them; @ret is untouched.
 */
bool cs_otlp_cut_next(struct cs_otlp_cut *cut, size_t total, struct cs_otlp_part *ret);

/** cs_otlp_take() - room for an array, at least a byte. NULL: failed, now or before. */
void *cs_otlp_take(struct cs_otlp_tree *b, size_t count, size_t bytes);

/**
 * cs_otlp_text() - @s as valid UTF-8
 * @s:         may be NULL: ""
 * @bytes_max: what is longer is cut on a rune boundary
 *
 * Return: borrowed from @s if nothing had to be done; never NULL: "" after a failure.
 */
char *cs_otlp_text(struct cs_otlp_tree *b, const char *s, size_t bytes_max);

/** cs_otlp_is_zero() - no id? */
bool cs_otlp_is_zero(const uint8_t *bytes, size_t len);

/** cs_otlp_id() - an id of zeros is no id, and written as an empty one; borrowed. */
ProtobufCBinaryData cs_otlp_id(const uint8_t *bytes, size_t len);

/** cs_otlp_attributes() - the list; NULL if it is empty or on failure; *ret_n fits what is returned. */
Opentelemetry__Proto__Common__V1__KeyValue **
cs_otlp_attributes(struct cs_otlp_tree *b, const struct cs_attrs *attrs, size_t *ret_n);

/** cs_otlp_resource() - of one group. NULL: failed. */
Opentelemetry__Proto__Resource__V1__Resource *cs_otlp_resource(struct cs_otlp_tree *b,
							       const struct cs_attrs *attrs);

/** cs_otlp_scope() - ours. NULL: failed. */
Opentelemetry__Proto__Common__V1__InstrumentationScope *cs_otlp_scope(struct cs_otlp_tree *b);
