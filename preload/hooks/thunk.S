/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hooks that see the entry only: save the argument registers, call the recorder with them, restore,
 * jump to the original as if we had never been there. For variadic functions (nothing is rebuilt)
 * and for those that look at their caller (dlopen searches by it).
 */
#include "preload/assembler.inc"

	.macro THUNK name, index
	.globl \name
	.type \name, %function
\name:
	.cfi_startproc
	LANDING
	SAVE_ARGUMENTS
	CALL_TO cs_thunk_\name
	RESTORE_ARGUMENTS
	JUMP_TO_ORIGINAL \index
	.cfi_endproc
	.size \name, . - \name
	.endm

	.text
	.hidden cs_real_table
#include "thunks.inc"
	.section .note.GNU-stack, "", %progbits
