/* SPDX-License-Identifier: Apache-2.0 */

/* Reading a board; see board.h. JSON is read by jansson. */
#include "agent/dashboards/board.h"

#include <errno.h>
#include <string.h>

#include "base/input.h"

const char *cs_board_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const json_t *cs_board_variable(const struct cs_board *board, const char *name, size_t len)
{
	json_t *variable;
	size_t i;

	json_array_foreach(board->variables, i, variable)
	{
		const char *one = cs_board_text(variable, "name");

		if (len && strlen(one) == len && !memcmp(one, name, len))
			return variable;
	}
	return NULL;
}

const json_t *cs_board_data_source(const struct cs_board *board)
{
	json_t *variable;
	size_t i;

	json_array_foreach(board->variables, i, variable)
	{
		if (!strcmp(cs_board_text(variable, "type"), "datasource"))
			return variable;
	}
	return NULL;
}

const char *cs_board_variable_query(const json_t *variable)
{
	const json_t *query = json_object_get(variable, "query");

	return json_is_object(query) ? cs_board_text(query, "query")
				     : cs_board_text(variable, "query");
}

/* --- panels ----------------------------------------------------------------------------------------- */

static int add_panels(struct cs_board *board, json_t *panels, bool nested)
{
	json_t *panel;
	size_t i;
	int r = 0;

	json_array_foreach(panels, i, panel)
	{
		if (!json_is_object(panel))
			return -EINVAL;
		if (!nested && !strcmp(cs_board_text(panel, "type"), "row")) {
			r = add_panels(board, json_object_get(panel, "panels"), true);
			if (r < 0)
				return r;
			continue;
		}
		if (board->panels_count == CS_BOARD_PANELS_MAX)
			return -E2BIG;
		board->panels[board->panels_count++] = panel;
	}
	return 0;
}

/* "rows" are those of Grafana before 5. */
static int find_panels(struct cs_board *board, struct cs_diag *diag)
{
	json_t *rows = json_object_get(board->dashboard, "rows"), *row;
	int r = add_panels(board, json_object_get(board->dashboard, "panels"), false);
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (r == 0)
			r = add_panels(board, json_object_get(row, "panels"), true);
	}
	if (r == -E2BIG)
		return cs_diag_set(diag, r, "%s: more than %u panels", board->path,
				   CS_BOARD_PANELS_MAX);
	return r < 0 ? cs_diag_set(diag, r, "%s: a panel is no object", board->path) : 0;
}

static int check_counts(const struct cs_board *board, struct cs_diag *diag)
{
	size_t queries = 0;

	for (size_t i = 0; i < board->panels_count; i++)
		queries += json_array_size(json_object_get(board->panels[i], "targets"));
	if (queries > CS_BOARD_QUERIES_MAX)
		return cs_diag_set(diag, -E2BIG, "%s: more than %u queries", board->path,
				   CS_BOARD_QUERIES_MAX);
	if (json_array_size(board->variables) > CS_BOARD_VARIABLES_MAX)
		return cs_diag_set(diag, -E2BIG, "%s: more than %u variables", board->path,
				   CS_BOARD_VARIABLES_MAX);
	return 0;
}

static int find_parts(struct cs_board *board, struct cs_diag *diag)
{
	json_t *wrapped = json_object_get(board->json, "dashboard"), *list;
	int r;

	board->dashboard = json_is_object(wrapped) ? wrapped : board->json;
	if (json_object_get(board->dashboard, "apiVersion"))
		return cs_diag_set(diag, -EINVAL,
				   "%s: a resource of Grafana's new API; export the board as "
				   "classic JSON",
				   board->path);
	if (!json_is_array(json_object_get(board->dashboard, "panels")) &&
	    !json_is_array(json_object_get(board->dashboard, "rows")))
		return cs_diag_set(diag, -EINVAL, "%s: no board of Grafana: it has no panels",
				   board->path);
	list = json_object_get(json_object_get(board->dashboard, "templating"), "list");
	board->variables = json_is_array(list) ? list : NULL;
	board->uid = cs_board_text(board->dashboard, "uid");
	board->title = cs_board_text(board->dashboard, "title");
	board->panels = calloc(CS_BOARD_PANELS_MAX, sizeof(json_t *));
	r = board->panels ? find_panels(board, diag) : -ENOMEM;
	return r < 0 ? r : check_counts(board, diag);
}

int cs_board_parse(const char *path, const char *text, size_t len, struct cs_diag *diag,
		   struct cs_board *ret)
{
	struct cs_board board = { .path = path };
	json_error_t error;
	int r;

	board.json = json_loadb(text, len, 0, &error);
	if (!board.json)
		return cs_diag_at(diag, -EINVAL, path, (unsigned)(error.line > 0 ? error.line : 0),
				  (unsigned)(error.column > 0 ? error.column : 0), "no JSON: %s",
				  error.text);
	r = find_parts(&board, diag);
	if (r < 0) {
		cs_board_deinit(&board);
		return r;
	}
	*ret = board;
	return 0;
}

int cs_board_read(const char *path, struct cs_diag *diag, struct cs_board *ret)
{
	cs_cleanup(cs_freep) char *text = NULL;
	size_t len;
	int r = cs_input_read_file(path, CS_BOARD_BYTES_MAX + 1, &text, &len);

	if (r < 0)
		return cs_diag_set(diag, r, "%s: %s", path, strerror(-r));
	if (len > CS_BOARD_BYTES_MAX)
		return cs_diag_set(diag, -E2BIG, "%s: larger than %u MiB", path,
				   CS_BOARD_BYTES_MAX >> 20);
	return cs_board_parse(path, text, len, diag, ret);
}

void cs_board_deinit(struct cs_board *board)
{
	json_decref(board->json);
	free(board->panels);
	*board = (struct cs_board){ 0 };
}
