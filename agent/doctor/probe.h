/* SPDX-License-Identifier: Apache-2.0 */

/* Harmless trials for `coldspan doctor`: each runs in a child of its own and cleans up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CS_PROBE_NAME_BYTES 16 /* of a system call, with its NUL */

/**
 * cs_probe_calls() - would the system calls of an attach survive here?
 * @ret_call: name of the call that failed or killed; untouched on success
 *
 * Tries those that docs/attach.md lists in a throwaway child: a seccomp filter that kills can be found
 * in no other way.
 *
 * Context: startup.
 * Return:  0 all work; -EPERM a needed one is refused (the shim would stand down); -EKEYREVOKED one
 *          kills the process (do not preload there); other errno of fork.
 */
int cs_probe_calls(char ret_call[CS_PROBE_NAME_BYTES]);

/**
 * cs_probe_socket() - does a collector listen at @path?
 * @ret_pid: receives its pid, 0 unknown; may be NULL; untouched on failure
 *
 * Context: startup.
 * Return:  0, or negative errno of connect.
 */
int cs_probe_socket(const char *path, int32_t *ret_pid);

/**
 * cs_probe_loader() - does glibc's loader accept @library in @program?
 *
 * Asks the loader to list what it would map (LD_TRACE_LOADED_OBJECTS) and to exit before it runs
 * anything. Only for glibc programs: other loaders would run the program.
 *
 * Context: startup.
 * Return:  1 listed; 0 not listed; negative errno.
 */
int cs_probe_loader(const char *program, const char *library);
