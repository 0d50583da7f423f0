/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_SYSTEM_IMPL_H
#define ORRERY_CPU_LOONGARCH_SYSTEM_IMPL_H
/* What system.c (the table of system instructions) and tlb_insn.c share. */
#include "cpu/loongarch/translate_impl.h"

enum { LA_TLBSRCH, LA_TLBRD, LA_TLBWR, LA_TLBFILL, LA_TLBCLR, LA_TLBFLUSH };

/* Mode or mapping may have changed: the block ends here, and goes on with what follows. */
void la_leave(struct la_tr *t);

la_translate_fn la_tr_tlb, la_tr_invtlb, la_tr_lddir, la_tr_ldpte;

#endif
