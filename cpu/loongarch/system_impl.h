/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_SYSTEM_IMPL_H
#define ORRERY_CPU_LOONGARCH_SYSTEM_IMPL_H
/* What system.c (the table of system instructions), tlb_insn.c and lvz.c share. */
#include "cpu/loongarch/translate_impl.h"

enum { LA_TLBSRCH, LA_TLBRD, LA_TLBWR, LA_TLBFILL, LA_TLBCLR, LA_TLBFLUSH };

enum { LA_CSR_READ, LA_CSR_WRITE, LA_CSR_EXCHANGE };
/*
 * A CSR instruction; returns the old value. Row, member of the bank, operation and destination are known when
 * translating. Argument a:
 *   7:0 row  15:8 member  17:16 operation  24:20 rd (only csr_mode writes it itself)
 */
uint64_t la_access_csr(struct la_cpu *la, uint64_t a, uint64_t operand, uint64_t mask);
/* Guest mode may not execute the instruction at hand: GSPR, which the root takes. */
bool la_is_sensitive(struct la_tr *t);
void la_exits(struct la_tr *t, enum la_ecode code);

/* Mode or mapping may have changed: the block ends here, and goes on with what follows. */
void la_leave(struct la_tr *t);

la_translate_fn la_tr_tlb, la_tr_invtlb, la_tr_lddir, la_tr_ldpte;

#endif
