/* SPDX-License-Identifier: Apache-2.0 */

/* Where functions stand in the library; see layout.ld. */
#pragma once

/*
 * What every start runs, of a file that has more to do: first of all code, where the start's page fault has
 * mapped it already. All of the files that only a start runs come first by their place in meson.build.
 */
#define CS_AT_START __attribute__((section(".text.startup")))

/*
 * What an invocation runs. It stands together: between two invocations a runtime takes the processor's
 * entries for our pages for its own, and each that is needed again is looked up in the page table.
 */
#define CS_HOT __attribute__((section(".hot")))
