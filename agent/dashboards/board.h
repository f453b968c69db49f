/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A board of Grafana, read from its JSON: its variables, its panels (those of closed rows, too), and what its
 * queries become when variables are put in. The classic form; as its HTTP API wraps it ("dashboard"), too.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_BOARD_BYTES_MAX     (8u << 20)
#define CS_BOARD_PANELS_MAX    1000u
#define CS_BOARD_VARIABLES_MAX 1000u       /* each is looked for in the whole board */
#define CS_BOARD_QUERIES_MAX   10000u      /* of panels */
#define CS_BOARD_QUERY_BYTES   (64u << 10) /* of a query with its variables put in */

/* What grafana/dashboard-linter puts in for variables that Grafana knows. */
#define CS_BOARD_RATE_INTERVAL "8869990787ms"

struct cs_board {
	const char *path; /* borrowed */
	const char *uid;  /* "": it has none */
	const char *title;
	json_t *json;          /* owned */
	json_t *dashboard;     /* in @json */
	json_t *variables;     /* an array in it, else NULL */
	const json_t **panels; /* owned; no rows */
	size_t panels_count;
};

/** cs_board_parse() - of @len bytes. @diag: what is wrong. Return: 0; -EINVAL no board; -E2BIG; -ENOMEM. */
int cs_board_parse(const char *path, const char *text, size_t len, struct cs_diag *diag,
		   struct cs_board *ret) cs_must_use;

/** cs_board_read() - the same of a file. Return: also what reading it gives. */
int cs_board_read(const char *path, struct cs_diag *diag, struct cs_board *ret) cs_must_use;

/** cs_board_deinit() - accepts an all-zero one. */
void cs_board_deinit(struct cs_board *board);

/** cs_board_text() - a string member of an object; "" if it is none. */
const char *cs_board_text(const json_t *object, const char *key);

/** cs_board_variable() - by its name; NULL: there is none. */
const json_t *cs_board_variable(const struct cs_board *board, const char *name, size_t len);

/** cs_board_data_source() - the first variable that is a data source; NULL: there is none. */
const json_t *cs_board_data_source(const struct cs_board *board);

/** cs_board_variable_query() - what a variable asks, or which kind of data source it is; "" for none. */
const char *cs_board_variable_query(const json_t *variable);

/**
 * cs_board_next_variable() - find "$name", "${name}", "${name:format}" or "[[name]]"
 * @at:       from where; set to what stands behind it
 * @ret_name: its name, without a format
 *
 * Return: where it begins; NULL: there is none.
 */
const char *cs_board_next_variable(const char **at, const char **ret_name, size_t *ret_len);

/**
 * cs_board_expand() - append @query with samples for variables, but for what stands in double quotes
 *
 * As grafana/dashboard-linter does (lint/variables.go): the value that a variable has, else its first option,
 * else its name.
 * Return: 0; -E2BIG longer than CS_BOARD_QUERY_BYTES, or they are in each other; -ENOMEM.
 */
int cs_board_expand(const struct cs_board *board, const char *query, struct cs_buffer *out)
	cs_must_use;
