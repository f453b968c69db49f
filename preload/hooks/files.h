/* SPDX-License-Identifier: Apache-2.0 */

/* Which files are told by name; see hooks_file.c. */
#pragma once

/** cs_files_variable() - "NAME=value", one of the environment: COLDSPAN_FILES=all. Context: startup. */
void cs_files_variable(const char *variable);
