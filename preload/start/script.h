/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which of an interpreter's arguments names the file that it runs. Arguments hold secrets, and code
 * that was written on a command line is one of them: only what is sure to be a file's name is told,
 * by a table of each interpreter's options. Pure.
 */
#pragma once

#include <stdbool.h>

/**
 * cs_script_find() - the script of a command line
 * @exe:             path of the program
 * @argv:            may end early, with NULL
 * @ret_interpreter: set to whether @exe runs code that it is given, from wherever
 *
 * An option that the table does not know ends the search: what follows could be its value.
 *
 * Context: signal (pure).
 * Return:  one of @argv, or the value that is glued to one; NULL: none that is sure.
 */
const char *cs_script_find(const char *exe, int argc, char *const *argv, bool *ret_interpreter);
