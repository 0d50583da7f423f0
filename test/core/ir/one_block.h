/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_IR_ONE_BLOCK_H
#define ORRERY_TEST_CORE_IR_ONE_BLOCK_H
/*
 * Fixture of tests that build a unit of one block: `u`, whose first instruction has begun at 0 and is 4 bytes long. They end it
 * themselves.
 */
#include "test/check_main.h"
#include "test/core/exec/random_ir.h"

static struct arena arena;
static struct ir_unit *u;
static struct err e;
static const struct insn_desc nop = { .name = "nop" };
static const struct insn_regs regs;

static void setup(void)
{
    arena_init(&arena, 0);
    ck_assert_int_eq(ir_unit_create(&u, &arena, rig_guest(IR_FP_RISCV), 0, &e), 0);
    ir_begin_block(u, 0);
    ir_begin_insn(u, 0, 4, &nop, &regs);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

#endif
