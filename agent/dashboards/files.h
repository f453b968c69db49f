/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The boards of this installation, and everything that is beside them: rules, provisioning, a compose file
 * (dashboards/README.md). Found beside the program, or where COLDSPAN_DASHBOARDS says.
 */
#pragma once

#include <limits.h>

#include "base/buffer.h"
#include "base/diag.h"

/* What files name where they will be, and installing replaces. */
#define CS_DASHBOARDS_PLACE "/etc/coldspan"

/** cs_dashboards_find() - the folder, into @ret. Return: 0; -ENOENT, @diag says where it was looked for. */
int cs_dashboards_find(char ret[PATH_MAX], struct cs_diag *diag) cs_must_use;

/** cs_dashboards_file_fn() - told the name of a file, below the folder. Return: negative ends it. */
typedef int (*cs_dashboards_file_fn)(void *user, const char *name);

/** cs_dashboards_each() - call @fn for all files of a folder below @root ("boards"), by name. */
int cs_dashboards_each(const char *root, const char *folder, cs_dashboards_file_fn fn, void *user,
		       struct cs_diag *diag) cs_must_use;

/**
 * cs_dashboards_install() - write everything into @folder, which is made if it is not there
 * @fn: told each file that was written, below @folder
 *
 * Files that are there are replaced. Absolute names in them become those of @folder.
 * Context: startup. Return: 0; -EINVAL its name cannot stand in these files; other negative errno.
 */
int cs_dashboards_install(const char *root, const char *folder, cs_dashboards_file_fn fn,
			  void *user, struct cs_diag *diag) cs_must_use;
