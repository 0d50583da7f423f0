/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic memory accesses, LL and SC: manual, 2.2.7. */
#include "guest.h"

/* Memory, the operand, what is left in memory and what comes back. `cell` has ones above. */
#define AM(op, size, memory, operand, left, old)                                                   \
    li.d $a2, -1; st.d $a2, $s0, 0; li.d $a2, memory; st.size $a2, $s0, 0; li.d $a1, operand;      \
    op $a2, $a1, $s0; EXPECT($a2, old); ld.size $a2, $s0, 0; EXPECT($a2, left)
/* Four forms: of words and doublewords, with and without barrier. */
#define AM4(op, memory, operand, left, old)                                                        \
    AM(op.w, w, memory, operand, left, old); AM(op##_db.w, w, memory, operand, left, old);         \
    AM(op.d, d, memory, operand, left, old); AM(op##_db.d, d, memory, operand, left, old)
#define CAS(op, size, memory, expected, value, left, old)                                          \
    li.d $a2, -1; st.d $a2, $s0, 0; li.d $a2, memory; st.size $a2, $s0, 0; li.d $a1, value;        \
    li.d $a2, expected; op $a2, $a1, $s0; EXPECT($a2, old); ld.size $a2, $s0, 0; EXPECT($a2, left)
#define ABOVE(want) ld.d $a2, $s0, 0; EXPECT($a2, want)

GUEST_BEGIN(atomic)
    la.pcrel $s0, cell
    AM4(amswap, 5, -7, -7, 5)
    AM4(amadd, 5, -7, -2, 5)
    AM4(amand, 0xff, 0xf0f, 0x0f, 0xff)
    AM4(amor, 0xf0, 0x0f, 0xff, 0xf0)
    AM4(amxor, 0xff, 0x0f, 0xf0, 0xff)
    AM4(ammax, -5, 3, 3, -5)
    AM4(ammax, 4, 3, 4, 4)
    AM4(ammin, -5, 3, -5, -5)
    AM4(ammin, 4, 3, 3, 4)
    /* words: the operand's low half counts, the old value is sign-extended, memory above stays */
    AM(amadd.w, w, 0x7fffffff, 0x1200000001, 0xffffffff80000000, 0x7fffffff)
    ABOVE(0xffffffff80000000)
    AM(amswap.w, w, 0x80000000, 1, 1, 0xffffffff80000000)
    ABOVE(0xffffffff00000001)
    AM(amadd.d, d, 0x7fffffffffffffff, 1, 0x8000000000000000, 0x7fffffffffffffff)
    /* unsigned comparison, result still sign-extended */
    AM(ammax.wu, w, -5, 3, -5, -5)
    AM(ammax_db.wu, w, 3, 0xffffffff, -1, 3)
    AM(ammin.wu, w, -5, 3, 3, -5)
    AM(ammin_db.wu, w, 3, 0x1200000002, 2, 3)
    AM(ammax.du, d, -5, 3, -5, -5)
    AM(ammax_db.du, d, 3, 5, 5, 3)
    AM(ammin.du, d, -5, 3, 3, -5)
    AM(ammin_db.du, d, 3, -5, 3, 3)
    /* LAM_BH */
    AM(amswap.b, b, 0x81, 0x1f2, -14, -127)
    ABOVE(0xfffffffffffffff2)
    AM(amswap_db.h, h, 0x8123, 0x15678, 0x5678, 0xffffffffffff8123)
    ABOVE(0xffffffffffff5678)
    AM(amswap_db.b, b, 1, 2, 2, 1)
    AM(amswap.h, h, 1, 2, 2, 1)
    AM(amadd.b, b, 0x7f, 1, -128, 0x7f)
    ABOVE(0xffffffffffffff80)
    AM(amadd_db.b, b, -1, 1, 0, -1)
    ABOVE(0xffffffffffffff00)
    AM(amadd.h, h, -1, 2, 1, -1)
    AM(amadd_db.h, h, 0x7fff, 1, -32768, 0x7fff)
    ABOVE(0xffffffffffff8000)
    /* LAMCAS: only the bytes of the access are compared */
    CAS(amcas.b, b, 0x81, 0x1281, 0x77, 0x77, -127)
    CAS(amcas_db.b, b, 0x81, 0x82, 0x77, -127, -127)
    CAS(amcas.h, h, 0x8001, 0x128001, 0x12345, 0x2345, 0xffffffffffff8001)
    CAS(amcas_db.h, h, 5, 6, 7, 5, 5)
    CAS(amcas.w, w, -2, 0xfffffffe, 9, 9, -2)
    CAS(amcas_db.w, w, -2, -3, 9, -2, -2)
    CAS(amcas.d, d, 0x123456789a, 0x123456789a, -1, -1, 0x123456789a)
    CAS(amcas_db.d, d, 0x123456789a, 0x56789a, -1, 0x123456789a, 0x123456789a)
    /* to r0 */
    li.d $a2, 5
    st.d $a2, $s0, 0
    li.d $a1, 3
    amadd.d $zero, $a1, $s0
    ABOVE(8)

    /* rd = rj; alignment */
    TRAPS(INE, .word 0x386104a5)    # amadd.w $a1, $ra, $a1
    TRAPS(INE, .word 0x385d04a5)    # amadd.b
    addi.d $a0, $s0, 2
    TRAPS(ALE, amadd.w $a2, $a1, $a0)
    sub.d $a2, $t7, $s0
    EXPECT($a2, 2)
    TRAPS(ALE, amswap.d $a2, $a1, $a0)
    TRAPS(ALE, amcas.w $a2, $a1, $a0)
    addi.d $a0, $s0, 1
    TRAPS(ALE, amadd.h $a2, $a1, $a0)
    TRAPS(ALE, ll.w $a2, $a0, 0)
    addi.d $a0, $s0, 4
    TRAPS(ALE, ll.d $a2, $a0, 0)
    TRAPS(ALE, sc.d $a2, $a0, 0)

    /* LL, SC */
    li.d $a2, 0x1122334480000000
    st.d $a2, $s0, 0
    ll.w $a2, $s0, 0
    EXPECT($a2, 0xffffffff80000000)
    li.d $a3, 0x99
    sc.w $a3, $s0, 0
    EXPECT($a3, 1)
    ABOVE(0x1122334400000099)
    li.d $a3, 5                     # LLbit is gone
    sc.w $a3, $s0, 0
    EXPECT($a3, 0)
    ABOVE(0x1122334400000099)
    ll.d $a2, $s0, 0
    EXPECT($a2, 0x1122334400000099)
    li.d $a3, -5
    sc.d $a3, $s0, 0
    EXPECT($a3, 1)
    ABOVE(-5)
    addi.d $a0, $s0, -0x400
    ll.w $a2, $a0, 0x404
    EXPECT($a2, -1)
    csrrd $a2, CSR_LLBCTL
    EXPECT($a2, 1)
    li.w $a2, 2                     # WCLLB
    csrwr $a2, CSR_LLBCTL
    csrrd $a2, CSR_LLBCTL
    EXPECT($a2, 0)
    li.d $a3, 1
    sc.w $a3, $a0, 0x404
    EXPECT($a3, 0)
    /* ERTN clears it, unless KLO */
    ll.d $a2, $s0, 0
    TRAPS(SYS, syscall 0)
    li.d $a3, 1
    sc.d $a3, $s0, 0
    EXPECT($a3, 0)
    ll.d $a2, $s0, 0
    li.w $a2, 4
    csrwr $a2, CSR_LLBCTL
    TRAPS(SYS, syscall 0)
    csrrd $a2, CSR_LLBCTL           # KLO cleared itself
    EXPECT($a2, 1)
    li.d $a3, 6
    sc.d $a3, $s0, 0
    EXPECT($a3, 1)
    ABOVE(6)
    /* LLACQ, SCREL */
    llacq.w $a2, $s0
    EXPECT($a2, 6)
    li.d $a3, 7
    screl.w $a3, $s0
    EXPECT($a3, 1)
    ABOVE(7)
    llacq.d $a2, $s0
    li.d $a3, 0x700000008
    screl.d $a3, $s0
    EXPECT($a3, 1)
    ABOVE(0x700000008)
    screl.d $a3, $s0
    EXPECT($a3, 0)
    /* SC.Q: rd is the low half */
    st.d $zero, $s0, 8
    ll.d $a2, $s0, 0
    ld.d $a3, $s0, 8
    li.d $a2, 0x1111
    li.d $a3, 0x2222
    sc.q $a2, $a3, $s0
    EXPECT($a2, 1)
    ABOVE(0x1111)
    ld.d $a2, $s0, 8
    EXPECT($a2, 0x2222)
    sc.q $a2, $a3, $s0
    EXPECT($a2, 0)
    addi.d $a0, $s0, 8
    ll.d $a2, $a0, 0
    TRAPS(ALE, sc.q $a2, $a3, $a0)
    GUEST_END

    .data
    .balign 64
cell: .dword 0, 0
