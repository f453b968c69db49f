/* SPDX-License-Identifier: Apache-2.0 */

/* Worktrees of refs; see checkout.h. */
#include "agent/asserting/checkout.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/asserting/tool.h"
#include "base/same_text.h"

#define GIT_S      600u /* a checkout of a large repository over a network's disk */
#define REMOVE_FDS 16
#define ARGS_MAX   12

void cs_checkouts_init(struct cs_checkouts *checkouts, struct event_base *base,
		       const struct cs_dispositions *dispositions, const char *folder)
{
	*checkouts = (struct cs_checkouts){
		.base = base,
		.dispositions = dispositions,
		.folder = folder,
	};
}

/* --- git --- */

/* @words: ends with NULL. Hooks of a checkout are not for this one. */
static int run_git(struct cs_checkouts *checkouts, const char *const *words, struct cs_diag *diag,
		   struct cs_tool_result *ret)
{
	const char *argv[ARGS_MAX + 4] = { "git", "-c", "core.hooksPath=/dev/null" };
	struct cs_tool_command command = {
		.folder = checkouts->folder,
		.dispositions = checkouts->dispositions,
		.limit_s = GIT_S,
	};
	char *const *as_exec_takes_it;

	for (unsigned i = 0; words[i] && i < ARGS_MAX; i++)
		argv[3 + i] = words[i];
	/* exec(2) changes none of them; its type is older than const. */
	memcpy(&as_exec_takes_it, &(const char *const *){ argv }, sizeof(as_exec_takes_it));
	command.argv = as_exec_takes_it;
	return cs_tool_run(checkouts->base, &command, diag, ret);
}

/* Its one line of output. Return: 0; -ENOENT it ended badly, and wrote that. */
static int ask_git(struct cs_checkouts *checkouts, const char *const *words, struct cs_diag *diag,
		   char *line, size_t size)
{
	struct cs_tool_result result;
	int r = run_git(checkouts, words, diag, &result);

	if (r < 0)
		return r;
	snprintf(line, size, "%s", cs_tool_line(&result));
	return cs_tool_succeeded(&result) ? 0 : -ENOENT;
}

static int find_repository(struct cs_checkouts *checkouts, struct cs_diag *diag)
{
	static const char *const top[] = { "rev-parse", "--show-toplevel", NULL };
	static const char *const prefix[] = { "rev-parse", "--show-prefix", NULL };
	char line[PATH_MAX];
	int r;

	if (checkouts->top[0])
		return 0;
	r = ask_git(checkouts, top, diag, line, sizeof(line));
	if (r == -ENOENT && strstr(line, "not a git repository"))
		return cs_diag_set(diag, -EINVAL, "%s is in no git repository", checkouts->folder);
	if (r == -ENOENT)
		return cs_diag_set(diag, -EINVAL, "git: %s", line);
	if (r == 0)
		r = ask_git(checkouts, prefix, diag, checkouts->prefix, sizeof(checkouts->prefix));
	if (r == 0)
		memcpy(checkouts->top, line, sizeof(line));
	return r;
}

static int unknown_ref(struct cs_checkouts *checkouts, const char *ref, struct cs_diag *diag)
{
	static const char *const shallow[] = { "rev-parse", "--is-shallow-repository", NULL };
	char answer[64];
	int r = ask_git(checkouts, shallow, diag, answer, sizeof(answer));

	if (r == 0 && !strcmp(answer, "true"))
		return cs_diag_set(
			diag, -EINVAL,
			"%s is not in this clone, which is shallow; git fetch --unshallow "
			"gets it, or fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 of "
			"GitLab",
			ref);
	return r < 0 && r != -ENOENT
		       ? r
		       : cs_diag_set(diag, -EINVAL,
				     "%s is no commit of %s; git fetch gets what is new elsewhere",
				     ref, checkouts->top);
}

static int find_commit(struct cs_checkouts *checkouts, const char *ref, struct cs_diag *diag,
		       char *ret, size_t size)
{
	char wanted[PATH_MAX], line[PATH_MAX];
	const char *const words[] = { "rev-parse",        "--verify", "--quiet",
				      "--end-of-options", wanted,     NULL };
	int r;

	if (snprintf(wanted, sizeof(wanted), "%s^{commit}", ref) >= (int)sizeof(wanted))
		return cs_diag_set(diag, -EINVAL, "a ref of that length is none");
	r = ask_git(checkouts, words, diag, line, sizeof(line));
	if (r == -ENOENT)
		return unknown_ref(checkouts, ref, diag);
	if (r == 0)
		snprintf(ret, size, "%.40s", line);
	return r;
}

/* --- a checkout --- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	int r = remove(path);

	(void)r; /* What stays is in a folder whose own removal then fails, too. */
	return 0;
}

static void remove_checkout(struct cs_checkouts *checkouts, struct cs_checkout *checkout)
{
	/* Twice: also one that git believes locked. */
	const char *const words[] = { "worktree", "remove",       "--force",
				      "--force",  checkout->tree, NULL };
	struct cs_tool_result result;
	struct cs_diag unused = { 0 };
	int r = -ENOENT;

	if (checkout->tree[0])
		r = run_git(checkouts, words, &unused, &result);
	/* A signal that came meanwhile has killed git: once more, it has a second to live. */
	if (r == -EINTR)
		r = run_git(checkouts, words, &unused, &result);
	if (checkout->tree[0])
		nftw(checkout->tree, remove_one, REMOVE_FDS, FTW_DEPTH | FTW_PHYS);
	cs_scratch_remove(&checkout->scratch);
	*checkout = (struct cs_checkout){ 0 };
}

static int check_out(struct cs_checkouts *checkouts, struct cs_checkout *checkout,
		     struct cs_diag *diag)
{
	const char *const words[] = { "worktree", "add",          "--detach",       "--force",
				      "--quiet",  checkout->tree, checkout->commit, NULL };
	struct cs_tool_result result;
	char path[PATH_MAX];
	int r = cs_scratch_make(&checkout->scratch, diag);

	if (r < 0)
		return r;
	snprintf(checkout->tree, sizeof(checkout->tree), "%s/tree", checkout->scratch.folder);
	r = run_git(checkouts, words, diag, &result);
	if (r < 0)
		return r;
	if (!cs_tool_succeeded(&result))
		return cs_diag_set(diag, -EINVAL, "git worktree add: %s", cs_tool_line(&result));
	/* As programs tell it: files below it are told by the rest of their names, as ours are. */
	if (snprintf(path, sizeof(path), "%s/%s", checkout->tree, checkouts->prefix) >=
		    (int)sizeof(path) ||
	    !realpath(path, checkout->folder) || access(checkout->folder, X_OK) < 0)
		return cs_diag_set(diag, -EINVAL, "%s has no folder %s", checkout->ref,
				   checkouts->prefix);
	return 0;
}

static int build(struct cs_checkouts *checkouts, const struct cs_checkout *checkout,
		 struct cs_diag *diag, struct cs_tail *ret_tail)
{
	char sh[] = "sh", c[] = "-c", text[PATH_MAX];
	char *const argv[] = { sh, c, text, NULL };
	const struct cs_tool_command command = {
		.argv = argv,
		.folder = checkout->folder,
		.dispositions = checkouts->dispositions,
		.limit_s = CS_CHECKOUT_BUILD_S,
	};
	struct cs_tool_result result;
	int r;

	if (snprintf(text, sizeof(text), "%s", checkout->build) >= (int)sizeof(text))
		return cs_diag_set(diag, -EINVAL, "a build command has at most %zu bytes",
				   sizeof(text) - 1);
	r = cs_tool_run(checkouts->base, &command, diag, &result);
	if (r < 0 || cs_tool_succeeded(&result))
		return r;
	*ret_tail = result.tail;
	if (WIFSIGNALED(result.status))
		return cs_diag_set(diag, -EIO, "the build of %s was killed by signal %d: %s",
				   checkout->ref, WTERMSIG(result.status), checkout->build);
	return cs_diag_set(diag, -EIO, "the build of %s failed with exit status %d: %s",
			   checkout->ref, WEXITSTATUS(result.status), checkout->build);
}

/* --- all --- */

int cs_checkouts_get(struct cs_checkouts *checkouts, const char *ref, const char *build_command,
		     struct cs_diag *diag, struct cs_tail *ret_tail, const struct cs_checkout **ret)
{
	struct cs_checkout *checkout;
	int r;

	for (unsigned i = 0; i < checkouts->count; i++) {
		*ret = &checkouts->list[i];
		if (cs_same_text((*ret)->ref, ref) && cs_same_text((*ret)->build, build_command))
			return 0;
	}
	if (checkouts->count == CS_CHECKOUTS_MAX)
		return cs_diag_set(diag, -E2BIG, "more than %u different baselines by ref",
				   CS_CHECKOUTS_MAX);
	if (!checkouts->count)
		cs_interrupts_begin(&checkouts->interrupts, checkouts->base);
	checkout = &checkouts->list[checkouts->count++];
	*checkout = (struct cs_checkout){ .ref = ref, .build = build_command };
	r = find_repository(checkouts, diag);
	if (r == 0)
		r = find_commit(checkouts, ref, diag, checkout->commit, sizeof(checkout->commit));
	if (r == 0)
		r = check_out(checkouts, checkout, diag);
	if (r == 0 && build_command)
		r = build(checkouts, checkout, diag, ret_tail);
	if (r == 0)
		*ret = checkout;
	return r;
}

void cs_checkouts_deinit(struct cs_checkouts *checkouts)
{
	unsigned count = checkouts->count;

	for (unsigned i = 0; i < count; i++)
		remove_checkout(checkouts, &checkouts->list[i]);
	checkouts->count = 0;
	if (count)
		cs_interrupts_end(&checkouts->interrupts);
}
