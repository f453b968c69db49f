/* SPDX-License-Identifier: Apache-2.0 */

/* Finding and writing the files of boards; see files.h. */
#include "agent/dashboards/files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/own_folder.h"
#include "agent/result_file.h"
#include "base/input.h"
#include "coldspan_config.h"

#define FILE_BYTES_MAX (8u << 20)

/* Relative to the folder of the executable: the prefix, then a build tree within the source. */
static const char *const beside[] = { "../" CS_DATADIR "/coldspan/dashboards",
				      "../share/coldspan/dashboards", "../../dashboards" };

static const char *const folders[] = { "boards", "rules", "provisioning/dashboards",
				       "provisioning/datasources", "stack" };

static bool has_boards(const char *path)
{
	char boards[PATH_MAX + 16];

	snprintf(boards, sizeof(boards), "%s/boards", path);
	return access(boards, R_OK | X_OK) == 0;
}

int cs_dashboards_find(char ret[PATH_MAX], struct cs_diag *diag)
{
	const char *named = getenv("COLDSPAN_DASHBOARDS");
	char path[PATH_MAX];
	int r;

	if (named && *named) {
		return has_boards(named) && realpath(named, ret)
			       ? 0
			       : cs_diag_set(diag, -ENOENT,
					     "COLDSPAN_DASHBOARDS names %s, which has no "
					     "folder boards",
					     named);
	}
	if (cs_own_find(beside, sizeof(beside) / sizeof(beside[0]), has_boards, path) &&
	    realpath(path, ret))
		return 0;
	r = cs_own_folder(path, diag);
	if (r < 0)
		return r;
	return cs_diag_set(
		diag, -ENOENT,
		"the boards were not found beside %s; install them, or name their folder "
		"by COLDSPAN_DASHBOARDS",
		path);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

int cs_dashboards_each(const char *root, const char *folder, cs_dashboards_file_fn fn, void *user,
		       struct cs_diag *diag)
{
	char path[PATH_MAX + 64], name[PATH_MAX];
	struct dirent **entries;
	int count, r = 0;

	snprintf(path, sizeof(path), "%s/%s", root, folder);
	count = scandir(path, &entries, is_visible, alphasort);
	if (count < 0)
		return cs_diag_set(diag, -errno, "%s: %s", path, strerror(errno));
	for (int i = 0; i < count && r >= 0; i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, entries[i]->d_name);
		r = fn(user, name);
	}
	free_entries(entries, count);
	return r < 0 ? r : 0;
}

/* --- installing ------------------------------------------------------------------------------------- */

struct installing {
	const char *root;
	const char *folder; /* absolute */
	cs_dashboards_file_fn fn;
	void *user;
	struct cs_diag *diag;
};

/* Makes all folders of @path behind its first @from bytes, for others to read: Grafana has a user of its own. */
static int make_folders(char *path, size_t from, struct cs_diag *diag)
{
	for (char *slash = path + from; (slash = strchr(slash, '/')); slash++) {
		int r;

		*slash = 0;
		r = *path ? mkdir(path, 0755) : 0;
		if (*path && r == 0)
			r = chmod(path, 0755); /* whatever the umask */
		if (r < 0 && errno != EEXIST)
			return cs_diag_set(diag, -errno, "%s: %s", path, strerror(errno));
		*slash = '/';
	}
	return 0;
}

static void replace(struct cs_buffer *out, const char *text, const char *folder)
{
	const char *found;

	for (; (found = strstr(text, CS_DASHBOARDS_PLACE));
	     text = found + strlen(CS_DASHBOARDS_PLACE)) {
		cs_buffer_append(out, text, (size_t)(found - text));
		cs_buffer_puts(out, folder);
	}
	cs_buffer_puts(out, text);
}

static int write_file(const char *path, const struct cs_buffer *text, struct cs_diag *diag)
{
	struct cs_result_file file = { 0 };
	int r = cs_result_file_open(path, diag, &file);

	if (r == 0 && fchmod(fileno(file.out), 0644) < 0)
		r = cs_diag_set(diag, -errno, "%s: %s", path, strerror(errno));
	if (r == 0) {
		fwrite(text->data, 1, text->len, file.out);
		r = cs_result_file_commit(&file, diag);
	}
	cs_result_file_close(&file);
	return r;
}

static int install_file(void *user, const char *name)
{
	struct installing *installing = user;
	cs_cleanup(cs_freep) char *text = NULL;
	char path[2 * PATH_MAX];
	struct cs_buffer out = { 0 };
	size_t len;
	int r;

	snprintf(path, sizeof(path), "%s/%s", installing->root, name);
	r = cs_input_read_file(path, FILE_BYTES_MAX, &text, &len);
	if (r < 0)
		return cs_diag_set(installing->diag, r, "%s: %s", path, strerror(-r));
	/* What is not Grafana's stands at the top, where people look. */
	if (!strncmp(name, "stack/", 6))
		name += 6;
	snprintf(path, sizeof(path), "%s/%s", installing->folder, name);
	replace(&out, text, installing->folder);
	r = out.failed ? -ENOMEM : make_folders(path, strlen(installing->folder), installing->diag);
	if (r == 0)
		r = write_file(path, &out, installing->diag);
	cs_buffer_deinit(&out);
	return r < 0 ? r : installing->fn(installing->user, name);
}

/* It stands in YAML without quotes, where Grafana and compose put in variables. */
static bool fits(const char *path)
{
	return !path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "/._-+@,=")];
}

static int check_name(const char *path, struct cs_diag *diag)
{
	return fits(path) ? 0
			  : cs_diag_set(diag, -EINVAL,
					"%s: name a folder of letters, digits and any of "
					"._-+@,= since it stands in files that others read",
					path);
}

/* Before a folder is made: as it is named, and where that is. */
static int check_folder(const char *folder, struct cs_diag *diag)
{
	char here[PATH_MAX];
	int r = check_name(folder, diag);

	if (r < 0 || *folder == '/' || !realpath(".", here))
		return r;
	return check_name(here, diag);
}

int cs_dashboards_install(const char *root, const char *folder, cs_dashboards_file_fn fn,
			  void *user, struct cs_diag *diag)
{
	char path[PATH_MAX + 1], real[PATH_MAX];
	struct installing installing = { root, real, fn, user, diag };
	int n = snprintf(path, sizeof(path), "%s/", folder);
	int r = check_folder(folder, diag);

	if (r < 0)
		return r;
	r = n >= PATH_MAX ? -ENAMETOOLONG : make_folders(path, 0, diag);
	if (r < 0)
		return cs_diag_set(diag, r, "%s: %s", folder, strerror(-r));
	if (!realpath(folder, real))
		return cs_diag_set(diag, -errno, "%s: %s", folder, strerror(errno));
	r = check_name(real, diag); /* behind links */
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && r == 0; i++)
		r = cs_dashboards_each(root, folders[i], install_file, &installing, diag);
	return r;
}
