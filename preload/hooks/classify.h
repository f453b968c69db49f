/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whose file is it? Told from the path alone, when it is opened: what a language's installer puts
 * under well-known folders is a dependency or the runtime, what lies in the function's folders is
 * user code: also below a folder that is called as a language would call its own. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/wire/records.h"

/**
 * cs_classify() - class of a file
 * @path:      as the program wrote it; relative paths are taken to start at the working directory
 * @user_dirs: folders of the function, each with a slash at the end; "" entries are passed over
 *
 * Context: signal (pure). Bounded by the path's length.
 * Return:  enum cs_file_class.
 */
enum cs_file_class cs_classify(const char *path, const char *const *user_dirs, size_t dirs_count);

/**
 * cs_classify_holds_code() - may @dir (absolute, with a slash at the end) be a function's folder?
 *
 * The system's folders are not, nor those where installers of packages put them.
 *
 * Context: signal (pure).
 */
bool cs_classify_holds_code(const char *dir);
