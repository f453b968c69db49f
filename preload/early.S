/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every hook's original is until the entry has found them: look for them now, then jump to what
 * was found with the arguments as they came. Reached where somebody's constructor runs before ours:
 * of several libraries that are linked -z initfirst the loader takes the last, and before glibc 2.34
 * libpthread is one.
 */
#if defined(__x86_64__)
	.macro EARLY index
	.text
1:	endbr64
	movl $\index, %r11d
	jmp find_and_go
	.section .data.cs_real_table, "aw", %progbits
	.quad 1b
	.endm

	.text
	.type find_and_go, %function
find_and_go:
	.cfi_startproc
	pushq %rax              /* al: vector registers of a variadic call */
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %r8
	pushq %r9
	pushq %r11
	subq $8, %rsp
	.cfi_adjust_cfa_offset 72
	call cs_early
	addq $8, %rsp
	popq %r11
	popq %r9
	popq %r8
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	popq %rax
	.cfi_adjust_cfa_offset -72
	leaq cs_real_table(%rip), %r10
	jmp *(%r10,%r11,8)
	.cfi_endproc
	.size find_and_go, . - find_and_go
#elif defined(__aarch64__)
	.macro EARLY index
	.text
1:	hint #34                /* bti c */
	mov w17, #\index
	b find_and_go
	.section .data.cs_real_table, "aw", %progbits
	.quad 1b
	.endm

	.text
	.type find_and_go, %function
find_and_go:
	.cfi_startproc
	stp x29, x30, [sp, #-96]!
	.cfi_adjust_cfa_offset 96
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	stp x8, x17, [sp, #80]
	bl cs_early
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldp x8, x17, [sp, #80]
	ldp x29, x30, [sp], #96
	.cfi_adjust_cfa_offset -96
	adrp x16, cs_real_table
	add x16, x16, #:lo12:cs_real_table
	ldr x16, [x16, x17, lsl #3]
	br x16
	.cfi_endproc
	.size find_and_go, . - find_and_go
#endif

	.section .data.cs_real_table, "aw", %progbits
	.balign 8
	.globl cs_real_table
	.hidden cs_real_table
	.type cs_real_table, %object
cs_real_table:
#include "early.inc"
	.section .data.cs_real_table, "aw", %progbits
	.size cs_real_table, . - cs_real_table
	.section .note.GNU-stack, "", %progbits
