/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers by name for debuggers. Numbers are gdb's for x86-64: rax rbx rcx rdx rsi rdi rbp rsp
 * r8-r15 0-15, rip 16, eflags 17, cs ss ds es fs gs 18-23, st0-7 24-31, x87 control 32-39, xmm0-15
 * 40-55, mxcsr 56, then bases and control registers.
 */
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"
#include "cpu/x86/x87.h"

#define CORE "org.gnu.gdb.i386.core"
#define SSE  "org.gnu.gdb.i386.sse"
#define AVX  "org.gnu.gdb.i386.avx"
#define SEGS "org.gnu.gdb.i386.segments"
#define SYS  "org.orrery.x86.system"

static uint64_t get_gpr(const struct cpu *cpu, uint32_t n)
{
    return X86_CPU_CONST(cpu)->gpr[n];
}
static bool set_gpr(struct cpu *cpu, uint32_t n, uint64_t v)
{
    X86_CPU(cpu)->gpr[n] = v;
    return true;
}

static uint64_t get_ip(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return x86_ip(X86_CPU_CONST(cpu), cpu_pc(cpu));
}
static bool set_ip(struct cpu *cpu, uint32_t n, uint64_t v)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)n;
    cpu->pc = x86_code64(c) ? v : (uint32_t)(c->seg[X86_CS].base + v);
    return true;
}

static uint64_t get_flags(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return x86_get_rflags(X86_CPU_CONST(cpu));
}
static bool set_flags(struct cpu *cpu, uint32_t n, uint64_t v)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)n;
    x86_set_rflags(c, (v & 0x3d7fd5) |
                          (c->rflags & X86_VM)); /* the mode is not a debugger's to change */
    x86_update_mode(c);
    return true;
}

static uint64_t get_sel(const struct cpu *cpu, uint32_t n)
{
    return X86_CPU_CONST(cpu)->seg[n].sel;
}
/* Where a selector is only a base; elsewhere it would need a descriptor. CS takes the next instruction along. */
static bool set_sel(struct cpu *cpu, uint32_t n, uint64_t v)
{
    struct x86_cpu *c = X86_CPU(cpu);
    if (v >> 16 != 0 || !(x86_real_mode(c) || x86_v86(c)))
        return false;
    uint64_t ip = x86_ip(c, cpu_pc(cpu));
    x86_load_real_segment(c, (enum x86_seg)n, (uint16_t)v);
    if (n == X86_CS)
        (void)set_ip(cpu, 0, ip);
    x86_update_mode(c);
    return true;
}
static bool refuse(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)cpu, (void)n, (void)v;
    return false;
}

/* ST(i) counts from TOP */
static unsigned physical(const struct x86_cpu *c, uint32_t i)
{
    return ((unsigned)(c->fsw >> 11) + i) & 7;
}
static uint64_t get_st(const struct cpu *cpu, uint32_t i)
{
    const struct x86_cpu *c = X86_CPU_CONST(cpu);
    return c->st[physical(c, i)].m;
}
static uint64_t get_st_high(const struct cpu *cpu, uint32_t i)
{
    const struct x86_cpu *c = X86_CPU_CONST(cpu);
    return c->st[physical(c, i)].se & 0xffff;
}
static bool set_st(struct cpu *cpu, uint32_t i, uint64_t v)
{
    struct x86_cpu *c = X86_CPU(cpu);
    c->st[physical(c, i)].m = v;
    return true;
}
static bool set_st_high(struct cpu *cpu, uint32_t i, uint64_t v)
{
    struct x86_cpu *c = X86_CPU(cpu);
    c->st[physical(c, i)].se = v & 0xffff;
    return true;
}

static uint64_t get_xmm(const struct cpu *cpu, uint32_t n)
{
    return X86_CPU_CONST(cpu)->v[n][0].d[0];
}
static uint64_t get_xmm_high(const struct cpu *cpu, uint32_t n)
{
    return X86_CPU_CONST(cpu)->v[n][0].d[1];
}
static bool set_xmm(struct cpu *cpu, uint32_t n, uint64_t v)
{
    X86_CPU(cpu)->v[n][0].d[0] = v;
    return true;
}
static bool set_xmm_high(struct cpu *cpu, uint32_t n, uint64_t v)
{
    X86_CPU(cpu)->v[n][0].d[1] = v;
    return true;
}

/* Bits 255:128 */
static uint64_t get_ymm(const struct cpu *cpu, uint32_t n)
{
    return X86_CPU_CONST(cpu)->v[n][1].d[0];
}
static uint64_t get_ymm_high(const struct cpu *cpu, uint32_t n)
{
    return X86_CPU_CONST(cpu)->v[n][1].d[1];
}
static bool set_ymm(struct cpu *cpu, uint32_t n, uint64_t v)
{
    X86_CPU(cpu)->v[n][1].d[0] = v;
    return true;
}
static bool set_ymm_high(struct cpu *cpu, uint32_t n, uint64_t v)
{
    X86_CPU(cpu)->v[n][1].d[1] = v;
    return true;
}

static uint64_t get_mxcsr(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return x86_get_mxcsr(X86_CPU_CONST(cpu));
}
static bool set_mxcsr(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    if (v >> 16 != 0)
        return false;
    x86_set_mxcsr(X86_CPU(cpu), (uint32_t)v);
    return true;
}

/* Fields of struct x86_cpu that are 64 bits; written as they are. */
static uint64_t get_field(const struct cpu *cpu, uint32_t at)
{
    return *(const uint64_t *)(const void *)((const char *)cpu + at);
}
static bool set_field(struct cpu *cpu, uint32_t at, uint64_t v)
{
    *(uint64_t *)(void *)((char *)cpu + at) = v;
    return true;
}
static uint64_t get_ftag(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return x87_full_tags(X86_CPU_CONST(cpu));
}

static uint64_t get_cr8(const struct cpu *cpu, uint32_t n)
{
    const struct x86_cpu *c = X86_CPU_CONST(cpu);
    (void)n;
    return c->apic.get_tpr != NULL ? c->apic.get_tpr(c->apic.arg) : 0;
}

#define FIELD(m) offsetof(struct x86_cpu, m)
#define GPR(name_, number, reg)                                                                    \
    {                                                                                              \
        .name = (name_), .feature = CORE, .type = "int64", .group = "general",                     \
        .gdb_number = (number), .bits = 64, .arg = (reg), .get = get_gpr, .set = set_gpr           \
    }
#define SEG(name_, number, seg)                                                                    \
    {                                                                                              \
        .name = (name_), .feature = CORE, .type = "int32", .group = "general",                     \
        .gdb_number = (number), .bits = 32, .arg = (seg), .get = get_sel, .set = set_sel            \
    }
#define ST(i)                                                                                      \
    {                                                                                              \
        .name = "st" #i, .feature = CORE, .type = "i387_ext", .group = "float",                    \
        .gdb_number = 24 + (i), .bits = 80, .arg = (i), .get = get_st, .set = set_st,              \
        .get_high = get_st_high, .set_high = set_st_high                                           \
    }
#define FP(name_, number, m, fn)                                                                   \
    {                                                                                              \
        .name = (name_), .feature = CORE, .type = "int", .group = "float", .gdb_number = (number), \
        .bits = 32, .arg = FIELD(m), .get = (fn), .set = (fn) == get_field ? set_field : refuse    \
    }
#define XMM(i)                                                                                     \
    {                                                                                              \
        .name = "xmm" #i, .feature = SSE, .type = "vec128", .group = "vector",                     \
        .gdb_number = 40 + (i), .bits = 128, .arg = (i), .get = get_xmm, .set = set_xmm,           \
        .get_high = get_xmm_high, .set_high = set_xmm_high                                         \
    }
#define YMM(i)                                                                                     \
    {                                                                                              \
        .name = "ymm" #i "h", .feature = AVX, .type = "uint128", .group = "vector",                \
        .gdb_number = 67 + (i), .bits = 128, .arg = (i), .get = get_ymm, .set = set_ymm,           \
        .get_high = get_ymm_high, .set_high = set_ymm_high                                         \
    }
#define SYSTEM(name_, number, m, write)                                                            \
    {                                                                                              \
        .name = (name_), .feature = SYS, .type = "int", .group = "system", .gdb_number = (number), \
        .bits = 64, .arg = FIELD(m), .get = get_field, .set = (write)                              \
    }

static const struct cpu_reg regs[] = {
    GPR("rax", 0, 0),
    GPR("rbx", 1, 3),
    GPR("rcx", 2, 1),
    GPR("rdx", 3, 2),
    GPR("rsi", 4, 6),
    GPR("rdi", 5, 7),
    GPR("rbp", 6, 5),
    GPR("rsp", 7, 4),
    GPR("r8", 8, 8),
    GPR("r9", 9, 9),
    GPR("r10", 10, 10),
    GPR("r11", 11, 11),
    GPR("r12", 12, 12),
    GPR("r13", 13, 13),
    GPR("r14", 14, 14),
    GPR("r15", 15, 15),
    { .name = "rip",
      .feature = CORE,
      .type = "code_ptr",
      .group = "general",
      .gdb_number = 16,
      .bits = 64,
      .get = get_ip,
      .set = set_ip },
    { .name = "eflags",
      .feature = CORE,
      .type = "int32",
      .group = "general",
      .gdb_number = 17,
      .bits = 32,
      .get = get_flags,
      .set = set_flags },
    SEG("cs", 18, X86_CS),
    SEG("ss", 19, X86_SS),
    SEG("ds", 20, X86_DS),
    SEG("es", 21, X86_ES),
    SEG("fs", 22, X86_FS),
    SEG("gs", 23, X86_GS),
    ST(0),
    ST(1),
    ST(2),
    ST(3),
    ST(4),
    ST(5),
    ST(6),
    ST(7),
    FP("fctrl", 32, fcw, get_field),
    FP("fstat", 33, fsw, get_field),
    FP("ftag", 34, ftw, get_ftag),
    FP("fiseg", 35, fcs, get_field),
    FP("fioff", 36, fip, get_field),
    FP("foseg", 37, fds, get_field),
    FP("fooff", 38, fdp, get_field),
    FP("fop", 39, fop, get_field),
    XMM(0),
    XMM(1),
    XMM(2),
    XMM(3),
    XMM(4),
    XMM(5),
    XMM(6),
    XMM(7),
    XMM(8),
    XMM(9),
    XMM(10),
    XMM(11),
    XMM(12),
    XMM(13),
    XMM(14),
    XMM(15),
    { .name = "mxcsr",
      .feature = SSE,
      .type = "int",
      .group = "vector",
      .gdb_number = 56,
      .bits = 32,
      .get = get_mxcsr,
      .set = set_mxcsr },
    { .name = "fs_base",
      .feature = SEGS,
      .type = "int",
      .group = "general",
      .gdb_number = 57,
      .bits = 64,
      .arg = FIELD(seg[X86_FS].base),
      .get = get_field,
      .set = set_field },
    { .name = "gs_base",
      .feature = SEGS,
      .type = "int",
      .group = "general",
      .gdb_number = 58,
      .bits = 64,
      .arg = FIELD(seg[X86_GS].base),
      .get = get_field,
      .set = set_field },
    SYSTEM("k_gs_base", 59, kernel_gs_base, set_field),
    SYSTEM("cr0", 60, cr0, refuse),
    SYSTEM("cr2", 61, cr2, set_field),
    SYSTEM("cr3", 62, cr3, refuse),
    SYSTEM("cr4", 63, cr4, refuse),
    { .name = "cr8",
      .feature = SYS,
      .type = "int",
      .group = "system",
      .gdb_number = 64,
      .bits = 64,
      .get = get_cr8,
      .set = refuse },
    SYSTEM("efer", 65, efer, refuse),
    { .name = "xcr0",
      .feature = SYS,
      .type = "int",
      .group = "system",
      .gdb_number = 66,
      .bits = 64,
      .arg = FIELD(xcr0),
      .get = get_field,
      .set = refuse },
    YMM(0), YMM(1), YMM(2),  YMM(3),  YMM(4),  YMM(5),  YMM(6),  YMM(7),
    YMM(8), YMM(9), YMM(10), YMM(11), YMM(12), YMM(13), YMM(14), YMM(15), /* the last 16 */
};

const struct cpu_reg *x86_regs(const struct cpu *cpu, uint32_t *n)
{
    *n = ARRAY_LEN(regs) - (x86_cpu_has(X86_CPU_CONST(cpu), X86_F_AVX) ? 0 : 16);
    return regs;
}
