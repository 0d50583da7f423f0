/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h in PLV0 (LoongArch Reference Manual, volume 1, chapters 5 to 7): the window lies in the higher half, behind
 * PGDH, with four levels of tables and pages of 4 KiB that a refill handler walks, as an operating system's does. Everything
 * else is behind the direct map window. The interrupt is the IPI (vector 12), through IOCSRs.
 */
#include "machine.h"

void *memcpy(void *to, const void *from, uint64_t n); /* guest.c */

#define PAGE 0x193u /* W, P, MAT coherent cached, D, V */

static uint64_t tables[2][4][512] __attribute__((aligned(4096)));
uint64_t machine_frames[2][WINDOW_PAGES * 512] __attribute__((aligned(4096)));
uint64_t *machine_leaves = tables[0][3];
static uint32_t code[16][2] __attribute__((aligned(4096)));
static uint8_t stack[65536] __attribute__((aligned(16)));

volatile uint64_t *machine_window = (volatile uint64_t *)0xffff800000000000;
volatile uint64_t machine_faults, machine_interrupts;

/*
 * The refill walks. Others: an IPI (ESTAT.Ecode 0) is cleared; a page that is invalid is mapped, and the TLB's entry, which the
 * refill made, rewritten with its pair (as TLBSRCH finds it by TLBEHI).
 */
__asm__(".balign 4096\n"
        ".globl machine_refill\n"
        "machine_refill:\n"
        "    csrwr  $t0, 0x8b\n" /* TLBRSAVE */
        "    csrrd  $t0, 0x1b\n" /* PGD */
        "    lddir  $t0, $t0, 3\n"
        "    lddir  $t0, $t0, 2\n"
        "    lddir  $t0, $t0, 1\n"
        "    ldpte  $t0, 0\n"
        "    ldpte  $t0, 1\n"
        "    tlbfill\n"
        "    csrrd  $t0, 0x8b\n"
        "    ertn\n"
        ".balign 4096\n"
        ".globl machine_entry\n"
        "machine_entry:\n"
        "    csrwr  $t0, 0x30\n" /* SAVE0 to SAVE2 */
        "    csrwr  $t1, 0x31\n"
        "    csrwr  $t2, 0x32\n"
        "    csrrd  $t0, 0x5\n" /* ESTAT */
        "    srli.d $t0, $t0, 16\n"
        "    bnez   $t0, 1f\n"
        "    li.w   $t0, 0x1000\n" /* IPI_Status, and 0xc behind it IPI_Clear */
        "    iocsrrd.w $t1, $t0\n"
        "    addi.d $t0, $t0, 0xc\n"
        "    iocsrwr.w $t1, $t0\n"
        "    la.pcrel $t0, machine_interrupts\n"
        "    b      2f\n"
        "1:  csrrd  $t0, 0x7\n" /* BADV */
        "    bstrpick.d $t0, $t0, 20, 12\n"
        "    la.pcrel $t1, machine_frames\n"
        "    slli.d $t2, $t0, 12\n"
        "    add.d  $t1, $t1, $t2\n"
        "    ori    $t1, $t1, 0x193\n"
        "    la.pcrel $t2, machine_leaves\n"
        "    ld.d   $t2, $t2, 0\n"
        "    alsl.d $t2, $t0, $t2, 3\n"
        "    st.d   $t1, $t2, 0\n"
        "    bstrins.d $t2, $zero, 3, 3\n" /* the even one of the pair */
        "    tlbsrch\n"
        "    ld.d   $t1, $t2, 0\n"
        "    csrwr  $t1, 0x12\n" /* TLBELO0 */
        "    ld.d   $t1, $t2, 8\n"
        "    csrwr  $t1, 0x13\n"
        "    tlbwr\n"
        "    la.pcrel $t0, machine_faults\n"
        "2:  ld.d   $t1, $t0, 0\n"
        "    addi.d $t1, $t1, 1\n"
        "    st.d   $t1, $t0, 0\n"
        "    csrrd  $t0, 0x30\n"
        "    csrrd  $t1, 0x31\n"
        "    csrrd  $t2, 0x32\n"
        "    ertn\n"
        ".globl machine_switch\n"
        "machine_switch:\n"
        "    st.d   $ra, $a0, 0\n"
        "    st.d   $sp, $a0, 8\n"
        "    st.d   $fp, $a0, 16\n"
        "    st.d   $s0, $a0, 24\n"
        "    st.d   $s1, $a0, 32\n"
        "    st.d   $s2, $a0, 40\n"
        "    st.d   $s3, $a0, 48\n"
        "    st.d   $s4, $a0, 56\n"
        "    st.d   $s5, $a0, 64\n"
        "    st.d   $s6, $a0, 72\n"
        "    st.d   $s7, $a0, 80\n"
        "    st.d   $s8, $a0, 88\n"
        "    ld.d   $t0, $a1, 112\n"
        "    bstrpick.d $t1, $t0, 9, 0\n"
        "    bstrins.d $t0, $zero, 11, 0\n"
        "    csrwr  $t1, 0x18\n" /* ASID */
        "    csrwr  $t0, 0x1a\n" /* PGDH */
        "    ld.d   $ra, $a1, 0\n"
        "    ld.d   $sp, $a1, 8\n"
        "    ld.d   $fp, $a1, 16\n"
        "    ld.d   $s0, $a1, 24\n"
        "    ld.d   $s1, $a1, 32\n"
        "    ld.d   $s2, $a1, 40\n"
        "    ld.d   $s3, $a1, 48\n"
        "    ld.d   $s4, $a1, 56\n"
        "    ld.d   $s5, $a1, 64\n"
        "    ld.d   $s6, $a1, 72\n"
        "    ld.d   $s7, $a1, 80\n"
        "    ld.d   $s8, $a1, 88\n"
        "    ret\n");
void machine_refill(void);
void machine_entry(void);

#define CSR_WRITE(number, value)                                                                                       \
    do {                                                                                                               \
        uint64_t csr_value = (value);                                                                                  \
        __asm__ volatile("csrwr %0, " #number : "+r"(csr_value) : : "memory");                                         \
    } while (0)

static void iocsr_write(uint32_t at, uint32_t value)
{
    __asm__ volatile("iocsrwr.w %0, %1" : : "r"(value), "r"(at) : "memory");
}

void machine_prepare(void)
{
    for (unsigned s = 0; s < 2; s++) {
        tables[s][0][256] = (uint64_t)tables[s][1]; /* bits 47:39 of the window; those below are 0 */
        tables[s][1][0] = (uint64_t)tables[s][2];
        tables[s][2][0] = (uint64_t)tables[s][3];
    }
    CSR_WRITE(0x1c, 12 | 9 << 5 | 21 << 10 | 9 << 15 | 30 << 20 | 9 << 25); /* PWCL: PT, Dir1, Dir2 */
    CSR_WRITE(0x1d, 39 | 9 << 6);                                          /* PWCH: Dir3 */
    CSR_WRITE(0x1e, 12);                                                   /* STLBPS */
    CSR_WRITE(0x10, 12 << 24);                                             /* TLBIDX.PS */
    CSR_WRITE(0x8e, 12);                                                   /* TLBREHI.PS */
    CSR_WRITE(0x88, (uint64_t)machine_refill);
    CSR_WRITE(0xc, (uint64_t)machine_entry);
    CSR_WRITE(0x18, 1);
    CSR_WRITE(0x1a, (uint64_t)tables[0][0]);
    machine_flush();
    iocsr_write(0x1004, 0xffffffff); /* IPI_Enable */
    CSR_WRITE(0x4, 1 << 12);         /* ECFG.LIE: IPI */
    CSR_WRITE(0x0, 0xb4);            /* CRMD: IE beside what the start set */
}

void machine_map(unsigned space, unsigned page)
{
    tables[space][3][page] = (uint64_t)&machine_frames[space][WINDOW_WORD(page)] | PAGE;
}

void machine_unmap(unsigned space, unsigned page)
{
    tables[space][3][page] = 0;
    machine_invalidate(page);
}

void machine_invalidate(unsigned page)
{
    __asm__ volatile("invtlb 5, %0, %1" : : "r"(1ull), "r"(machine_window + WINDOW_WORD(page)) : "memory");
}

void machine_flush(void)
{
    __asm__ volatile("invtlb 0, $zero, $zero" : : : "memory");
}

void machine_interrupt(void)
{
    uint64_t before = machine_interrupts;

    iocsr_write(0x1040, 0x80000001u); /* IPI_Send: action 1 of core 0, and wait */
    while (machine_interrupts == before)
        ;
}

void machine_make_thread(struct machine_thread *t, unsigned space, void (*run)(void))
{
    t->space = (uint64_t)tables[space][0] | (space + 1);
    t->saved[0] = (uint64_t)run;
    t->saved[1] = (uint64_t)(stack + sizeof(stack));
}

uint64_t machine_patch_and_call(unsigned place, uint32_t value)
{
    volatile uint32_t *f = code[place];
    uint64_t (*call)(void) = (uint64_t (*)(void))(uint64_t)f;

    f[0] = 0x02c00004 | value << 10; /* addi.d $a0, $zero, value */
    f[1] = 0x4c000020;               /* ret */
    __asm__ volatile("ibar 0" : : : "memory");
    return call();
}

uint64_t machine_place_code(const void *code_there, uint64_t bytes, unsigned place)
{
    static uint8_t places[MACHINE_PLACES][MACHINE_PLACE] __attribute__((aligned(4096)));
    uint8_t *to = places[place % MACHINE_PLACES];

    memcpy(to, code_there, bytes < MACHINE_PLACE ? bytes : MACHINE_PLACE);
    __asm__ volatile("ibar 0" : : : "memory");
    return (uint64_t)to;
}

uint32_t machine_mmio(uint32_t value)
{
    volatile uint8_t *scratch = (volatile uint8_t *)0x1fe001e7; /* the 16550's SCR */

    *scratch = (uint8_t)value;
    return *scratch;
}
