/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the stress tests share: how they fail, and numbers that are the same in every run. */
#include <stdint.h>

/**
 * fail() - say what was seen and end the program with status 1
 * @what: one phrase
 * @a:    numbers that tell where, or 0
 * @b:    idem
 *
 * Context: any-thread.
 */
_Noreturn void fail(const char *what, uint64_t a, uint64_t b);

/**
 * draw() - the next number below a bound, by xorshift
 * @state: the caller's own; not 0
 * @below: 1..
 *
 * Context: any-thread, each with its own @state.
 * Return:  0..@below - 1.
 */
uint32_t draw(uint64_t *state, uint32_t below);
