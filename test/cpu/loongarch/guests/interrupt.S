/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of the core: software's, the timer's, other processors', IDLE (manual, chapter 6, and 7.6). */
#include "system.h"
#define IE 4
#define VS (7 << 16)
#define SWI0 1
#define SWI1 2
#define TI  (1 << 11)
#define IPI (1 << 12)
#define IPI_STATUS 0x1000
#define IPI_EN     0x1004
#define IPI_SET    0x1008
#define IPI_CLEAR  0x100c
#define MBUF0      0x1020
#define IPI_SEND   0x1040
#define MAIL_SEND  0x1048

#define WRITE_CSR(csr, value) li.d $t0, value; csrwr $t0, csr
/* interrupts on for the code that follows, up to what takes one */
#define INTERRUPTS_ON li.w $t0, IE; csrxchg $t0, $t0, CSR_CRMD
#define READ_ESTAT(reg) csrrd reg, CSR_ESTAT

GUEST_BEGIN(interrupt)
    la.pcrel $s7, lost
    la.pcrel $t0, vectors
    csrwr $t0, CSR_EENTRY

    # ---- software interrupts: the higher number first, at its own entry ----
    WRITE_CSR(CSR_ESTAT, 0xffffffff)
    READ_ESTAT($a2)
    EXPECT($a2, SWI0 | SWI1)
    WRITE_CSR(CSR_ECFG, VS | SWI0 | SWI1)
    CATCH(INTERRUPTS_ON; nop; nop)
    EXPECT($s5, 65 * 512)
    EXPECT($t6, 0)
    EXPECT($s2, IE)                             # PRMD: they were on
    WRITE_CSR(CSR_CRMD, 8)
    WRITE_CSR(CSR_ESTAT, SWI0)
    CATCH(INTERRUPTS_ON; nop)
    EXPECT($s5, 64 * 512)
    WRITE_CSR(CSR_CRMD, 8)
    WRITE_CSR(CSR_ECFG, VS | SWI1)              # not let through
    INTERRUPTS_ON
    nop
    WRITE_CSR(CSR_CRMD, 8)
    CATCH(WRITE_CSR(CSR_ECFG, VS | SWI0); INTERRUPTS_ON; nop)
    EXPECT($s5, 64 * 512)
    WRITE_CSR(CSR_CRMD, 8)
    WRITE_CSR(CSR_ESTAT, 0)

    # ---- one-shot timer; IDLE with interrupts off ends when one pends ----
    WRITE_CSR(CSR_ECFG, VS | TI)
    WRITE_CSR(CSR_TCFG, 0x1000 | 1)
    csrrd $a2, CSR_TVAL
    li.w $a3, 0x1001
    sltu $a2, $a2, $a3
    EXPECT($a2, 1)
    READ_ESTAT($a2)
    EXPECT($a2, 0)
    rdtime.d $s1, $zero
    idle 0
    rdtime.d $a2, $zero
    sub.d $a2, $a2, $s1
    li.w $a3, 0x1000 - 100
    sltu $a2, $a2, $a3
    EXPECT($a2, 0)
    READ_ESTAT($a2)
    EXPECT($a2, TI)
    csrrd $a2, CSR_TVAL
    EXPECT($a2, 0xffffffffffff)
    csrrd $a2, CSR_TCFG
    EXPECT($a2, 0x1001)
    CATCH(INTERRUPTS_ON; nop)
    EXPECT($s5, 75 * 512)
    WRITE_CSR(CSR_CRMD, 8)
    WRITE_CSR(CSR_TICLR, 1)
    READ_ESTAT($a2)
    EXPECT($a2, 0)

    # ---- periodic ----
    WRITE_CSR(CSR_TCFG, 0x1000 | 3)
    idle 0
    READ_ESTAT($a2)
    EXPECT($a2, TI)
    csrrd $a2, CSR_TVAL
    li.w $a3, 0x1001
    sltu $a2, $a2, $a3
    EXPECT($a2, 1)
    WRITE_CSR(CSR_TICLR, 1)
    rdtime.d $s1, $zero
    idle 0
    rdtime.d $a2, $zero
    sub.d $a2, $a2, $s1
    li.w $a3, 0x1100
    sltu $a2, $a2, $a3
    EXPECT($a2, 1)
    READ_ESTAT($a2)
    EXPECT($a2, TI)
    WRITE_CSR(CSR_TCFG, 0)
    WRITE_CSR(CSR_TICLR, 1)
    READ_ESTAT($a2)
    EXPECT($a2, 0)

    # ---- stable counter: CNTC is added, TID goes along ----
    WRITE_CSR(CSR_TID, 0x80000005)
    rdtime.d $a2, $a3
    EXPECT($a3, 0xffffffff80000005)
    WRITE_CSR(CSR_CNTC, 0x1234567800000000)
    rdtimeh.w $a2, $a3
    EXPECT($a2, 0x12345678)
    rdtime.d $a2, $zero
    srli.d $a2, $a2, 32
    EXPECT($a2, 0x12345678)
    WRITE_CSR(CSR_CNTC, 0)

    # ---- interrupts between processors, to itself ----
    li.w $a0, IPI_EN
    li.w $a1, -1
    iocsrwr.w $a1, $a0
    WRITE_CSR(CSR_ECFG, VS | IPI)
    li.w $a0, IPI_SEND
    li.w $a1, 0x80000003
    iocsrwr.w $a1, $a0
    READ_ESTAT($a2)
    EXPECT($a2, IPI)
    li.w $a0, IPI_STATUS
    iocsrrd.w $a2, $a0
    EXPECT($a2, 8)
    CATCH(INTERRUPTS_ON; nop)
    EXPECT($s5, 76 * 512)
    WRITE_CSR(CSR_CRMD, 8)
    li.w $a0, IPI_CLEAR
    li.w $a1, 8
    iocsrwr.w $a1, $a0
    READ_ESTAT($a2)
    EXPECT($a2, 0)
    li.w $a0, MAIL_SEND                         # low half, then high half
    li.d $a1, 0x5566778880000000
    iocsrwr.d $a1, $a0
    li.d $a1, 0x1122334480000004
    iocsrwr.d $a1, $a0
    li.w $a0, MBUF0
    iocsrrd.d $a2, $a0
    EXPECT($a2, 0x1122334455667788)
    li.w $a0, MAIL_SEND                         # all bytes masked
    li.d $a1, 0xfffffffff8000000
    iocsrwr.d $a1, $a0
    li.w $a0, MBUF0
    iocsrrd.w $a2, $a0
    EXPECT($a2, 0x55667788)
    li.w $a0, MBUF0 + 4
    iocsrrd.w $a2, $a0
    EXPECT($a2, 0x11223344)
    li.w $a0, 0x3ff8                            # nobody there
    iocsrrd.d $a2, $a0
    EXPECT($a2, 0)

    # ---- a higher one while a lower one pends ----
    WRITE_CSR(CSR_ESTAT, SWI0)
    li.w $a0, IPI_SET
    li.w $a1, 1
    iocsrwr.w $a1, $a0
    WRITE_CSR(CSR_ECFG, VS | IPI | SWI0)
    CATCH(INTERRUPTS_ON; nop)
    EXPECT($s5, 76 * 512)
GUEST_END
