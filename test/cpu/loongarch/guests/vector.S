/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors among the rest of the core: EUEN, registers shared with scalars, condition flags, loads and stores across
 * pages, exceptions of floating point (EsubCode 1: VFPE). What each instruction computes is the unit tests'.
 */
#include "float.h"

#define SXD  0x10
#define ASXD 0x11
#define VFPE (0x12 | 1 << 6)

#define ENABLE(bits)   li.w $a3, bits; movgr2fcsr $fcsr0, $a3
#define STATUS(want)   movfcsr2gr $a3, $fcsr2; EXPECT($a3, want)
#define CAUSE(x)       ((x) << 24)
#define FLAG(x)        ((x) << 16)
#define SWITCHES(bits) li.w $a3, bits; csrwr $a3, CSR_EUEN
/* doubleword `n` of a whole register */
#define LANE(xr, n, want) xvpickve2gr.d $a2, xr, n; EXPECT($a2, want)
#define ALL4(xr, v0, v1, v2, v3) LANE(xr, 0, v0); LANE(xr, 1, v1); LANE(xr, 2, v2); LANE(xr, 3, v3)
#define FILL(xr, v0, v1, v2, v3)                                                                     \
    li.d $a2, v0; xvinsgr2vr.d xr, $a2, 0; li.d $a2, v1; xvinsgr2vr.d xr, $a2, 1;                  \
    li.d $a2, v2; xvinsgr2vr.d xr, $a2, 2; li.d $a2, v3; xvinsgr2vr.d xr, $a2, 3

GUEST_BEGIN(vector)
    /* each extension has its switch */
    FILL($xr1, 1, 2, 3, 4)
    SWITCHES(1)
    TRAPS(SXD, vadd.d $vr0, $vr1, $vr1)
    TRAPS(SXD, vld $vr0, $sp, -32)
    TRAPS(ASXD, xvadd.d $xr0, $xr1, $xr1)
    fmov.d $fa0, $fa1
    SWITCHES(3)
    vadd.d $vr0, $vr1, $vr1
    TRAPS(ASXD, xvst $xr0, $sp, -32)
    TRAPS(ASXD, xvreplve0.q $xr0, $xr1)
    SWITCHES(4)
    TRAPS(SXD, vor.v $vr0, $vr1, $vr1)
    TRAPS(FPD, fmov.d $fa0, $fa1)
    xvadd.d $xr0, $xr1, $xr1
    SWITCHES(7)
    ALL4($xr0, 2, 4, 6, 8)

    /* LSX keeps the high half, scalars all above them */
    FILL($xr0, -1, -2, -3, -4)
    vadd.d $vr0, $vr1, $vr1
    ALL4($xr0, 2, 4, -3, -4)
    SET_D($fa0, ONE)
    ALL4($xr0, ONE, 4, -3, -4)
    vldi $vr0, 0
    ALL4($xr0, 0, 0, -3, -4)
    xvldi $xr0, 0
    ALL4($xr0, 0, 0, 0, 0)

    /* flags: all, any lane */
    xvldi $xr0, 0
    xvseteqz.v $fcc3, $xr0
    bcnez $fcc3, 1f
    FAIL
1:  li.d $a2, 0x100000000000000
    xvinsgr2vr.d $xr0, $a2, 3
    vseteqz.v $fcc3, $vr0
    movcf2gr $a2, $fcc3
    EXPECT($a2, 1)
    xvsetnez.v $fcc3, $xr0
    movcf2gr $a2, $fcc3
    EXPECT($a2, 1)
    xvsetallnez.b $fcc3, $xr0
    bceqz $fcc3, 1f
    FAIL
1:  xvsetanyeqz.d $fcc3, $xr0
    movcf2gr $a2, $fcc3
    EXPECT($a2, 1)

    /* across pages, misaligned also where scalars must not be */
    csrrd $s0, CSR_MISC
    li.d $a3, 0x1000                # ALCL0
    or $a3, $a3, $s0
    csrwr $a3, CSR_MISC
    la.pcrel $a0, buffer
    addi.d $a0, $a0, 2047
    addi.d $a0, $a0, 2038           # 4085
    FILL($xr1, 0x1122334455667788, 0x99aabbccddeeff00, 0x123456789abcdef, -2)
    TRAPS(ALE, ld.d $a2, $a0, 0)
    xvst $xr1, $a0, 0
    li.w $a1, 8
    vldx $vr2, $a0, $a1
    vpickve2gr.d $a2, $vr2, 0
    EXPECT($a2, 0x99aabbccddeeff00)
    xvld $xr2, $a0, 0
    ALL4($xr2, 0x1122334455667788, 0x99aabbccddeeff00, 0x123456789abcdef, -2)
    xvstelm.h $xr1, $a0, 6, 1
    vldrepl.w $vr2, $a0, 4
    vpickve2gr.d $a2, $vr2, 1
    EXPECT($a2, 0x5566334455663344)
    csrwr $s0, CSR_MISC

    /* exceptions of lanes: one raises for all, nothing is written */
    ENABLE(V | Z)
    FILL($xr1, ONE, TWO, ONE, THREE)
    FILL($xr2, TWO, ONE, 0, ONE)
    FILL($xr0, 5, 6, 7, 8)
    TRAPS(VFPE, xvfdiv.d $xr0, $xr1, $xr2)
    ALL4($xr0, 5, 6, 7, 8)
    STATUS(CAUSE(Z))
    vfdiv.d $vr0, $vr1, $vr2
    STATUS(0)
    ALL4($xr0, HALF, TWO, 7, 8)
    FILL($xr2, QNAN1, ONE, ONE, SNAN1)
    TRAPS(VFPE, xvfadd.d $xr0, $xr1, $xr2)
    STATUS(CAUSE(V))
    vfadd.d $vr0, $vr1, $vr2
    LANE($xr0, 0, QNAN1)
    TRAPS(VFPE, vfcmp.slt.d $vr0, $vr1, $vr2)
    vfcmp.clt.d $vr0, $vr1, $vr2
    ALL4($xr0, 0, 0, 7, 8)
    TRAPS(VFPE, vftintrz.w.d $vr0, $vr2, $vr1)
    ALL4($xr0, 0, 0, 7, 8)
    TRAPS(VFPE, xvfcvt.s.d $xr0, $xr2, $xr1)
    TRAPS(VFPE, xvfmax.d $xr0, $xr1, $xr2)
    /* Cause is of all lanes */
    ENABLE(V)
    FILL($xr1, ONE, ONE, MAX, ONE)
    FILL($xr2, THREE, 0, TWO, ONE)
    movgr2fcsr $fcsr2, $zero
    xvfdiv.d $xr0, $xr1, $xr2
    STATUS(CAUSE(Z | I) | FLAG(Z | I))
    LANE($xr0, 1, INF)
    ENABLE(U)                       # tiny results trap even if they are exact
    FILL($xr1, ONE, MIN, ONE, ONE)
    FILL($xr2, ONE, HALF, ONE, ONE)
    TRAPS(VFPE, vfmul.d $vr0, $vr1, $vr2)
    STATUS(CAUSE(U))
    ENABLE(0)
    vfmul.d $vr0, $vr1, $vr2
    LANE($xr0, 1, 0x0008000000000000)
    GUEST_END

    .bss
    .balign 4096
buffer: .skip 8192
