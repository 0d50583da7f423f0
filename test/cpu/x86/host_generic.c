/* SPDX-License-Identifier: Apache-2.0 */
#include "test/cpu/x86/host.h"
#include <cpuid.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- the machine ---- */
static void host_features(struct x86_config *config)
{
    static const struct {
        uint32_t leaf, subleaf;
        uint8_t reg, bit;
        const char *name;
    } rows[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) { leaf, subleaf, reg, bit, name },
#include "cpu/x86/features.def"
#undef X86_FEATURE
    };
    config->vendor = __builtin_cpu_is("amd") ? X86_AMD : X86_INTEL;
    for (unsigned f = 0; f < X86_F_COUNT; f++) {
        uint32_t r[4] = { 0 };
        __get_cpuid_count(rows[f].leaf, rows[f].subleaf, &r[0], &r[1], &r[2], &r[3]);
        if (!(r[rows[f].reg] >> rows[f].bit & 1))
            config->has[f / 64] &= ~(1ull << f % 64);
        else if (strncmp(rows[f].name, "avx512", 6) == 0)
            config->has[f / 64] |= 1ull << f % 64;
    }
}

static void set_page_tables(struct pc *h)
{
    uint64_t *table = (uint64_t *)(void *)(h->ram->host + (HOST_TABLES - HOST_BASE));
    memset(table, 0, 3 * 4096);
    table[0] = (HOST_TABLES + 4096) | 3;
    table[512] = (HOST_TABLES + 8192) | 3;
    table[1024 + (HOST_BASE >> 21)] = HOST_BASE | 0x83;
}

/* A flat GDT (code 8, data 16), and gates of all exceptions to one HLT each. */
static void set_descriptors(struct pc *h)
{
    uint8_t *gdt = h->ram->host + (HOST_GDT - HOST_BASE), *idt = gdt + 64;
    st_le64(gdt + 8, 0x00af9b000000ffff);
    st_le64(gdt + 16, 0x00cf93000000ffff);
    for (unsigned v = 0; v < 32; v++) {
        uint32_t to = HOST_TRAPS + v;
        h->ram->host[to - HOST_BASE] = 0xf4;
        st_le64(idt + 16 * v, (to & 0xffff) | 8u << 16 | 0x8eull << 40 | (uint64_t)(to >> 16) << 48);
        st_le64(idt + 16 * v + 8, 0);
    }
    h->c->idtr.base = HOST_GDT + 64;
    h->c->idtr.limit = 32 * 16 - 1;
}

static void create(struct pc *h, const struct pc_options *options)
{
    pc_build(h, options);
    set_page_tables(h);
    x86_start_long(&h->c->cpu, HOST_CODE, HOST_TABLES, HOST_GDT, 23, 8, 16);
    set_descriptors(h);
    h->c->cr0 |= X86_CR0_NE;
    h->c->cr4 |= X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE;
    h->c->xcr0[0] = x86_xcr0_supported(h->c);
    x86_update_mode(h->c);
}

void x86_host_create(struct pc *h, enum exec_mode mode)
{
    create(h, &(struct pc_options){ .spec = "max", .mode = mode, .verify = true, .base = HOST_BASE, .adjust = host_features });
}

void x86_max_create(struct pc *h, enum exec_mode mode)
{
    create(h, &(struct pc_options){ .spec = "max", .mode = mode, .verify = true, .base = HOST_BASE });
}

/* ---- the loop ---- */
enum { SAVED_RSP = HOST_BASE, SAVED_MXCSR = HOST_BASE + 8, AT_END = HOST_BASE + 16 };
enum { ENTRY = 0x800, LEAVE = 0xa00, HALT = 0xc00 }; /* in the page of code, behind the loop */
#define FIELD(m) ((uint32_t)offsetof(struct host_record, m))

struct out {
    uint8_t *p;
};

static void put(struct out *o, const char *bytes, size_t n)
{
    memcpy(o->p, bytes, n);
    o->p += n;
}
#define PUT(o, text) put(o, text, sizeof(text) - 1)

static void put32(struct out *o, uint32_t v)
{
    st_le32(o->p, v);
    o->p += 4;
}

/* ModRM and SIB of [RSP + disp32]. */
static void at_rsp(struct out *o, unsigned reg, uint32_t disp)
{
    *o->p++ = (uint8_t)(0x84 | (reg & 7) << 3);
    *o->p++ = 0x24;
    put32(o, disp);
}

static void move_gprs(struct out *o, uint8_t opcode)
{
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4)
            continue;
        *o->p++ = (uint8_t)(0x48 | (i >> 3) << 2);
        *o->p++ = opcode;
        at_rsp(o, i, FIELD(gpr) + 8 * i);
    }
}

static void move_vectors(struct out *o, unsigned what, bool stores)
{
    for (unsigned i = 0; i < (what & HOST_ZMM ? 32 : 16); i++) {
        if (what & HOST_ZMM) { /* vmovups zmm */
            *o->p++ = 0x62;
            *o->p++ = (uint8_t)(0x61 | (~i >> 3 & 1) << 7 | (~i >> 4 & 1) << 4);
            PUT(o, "\x7c\x48");
        } else if (what & HOST_YMM) {
            *o->p++ = 0xc5;
            *o->p++ = i < 8 ? 0xfc : 0x7c;
        } else { /* movups */
            if (i >= 8)
                *o->p++ = 0x44;
            *o->p++ = 0x0f;
        }
        *o->p++ = stores ? 0x11 : 0x10;
        at_rsp(o, i, FIELD(zmm) + 64 * i);
    }
    for (unsigned i = 0; i < 8 && (what & HOST_ZMM); i++) { /* kmovq */
        PUT(o, "\xc4\xe1\xf8");
        *o->p++ = stores ? 0x91 : 0x90;
        at_rsp(o, i, FIELD(k) + 8 * i);
    }
    for (unsigned i = 0; i < 8 && (what & HOST_MM); i++) { /* movq */
        *o->p++ = 0x0f;
        *o->p++ = stores ? 0x7f : 0x6f;
        at_rsp(o, i, FIELD(mm) + 8 * i);
    }
}

void x86_host_emit(uint8_t *code, const uint8_t *insn, size_t n, unsigned what)
{
    struct out o = { code };
    move_vectors(&o, what, false);
    PUT(&o, "\x0f\xae"); /* ldmxcsr */
    at_rsp(&o, 2, FIELD(mxcsr));
    move_gprs(&o, 0x8b);
    *o.p++ = 0xff; /* push flags; popfq */
    at_rsp(&o, 6, FIELD(flags));
    *o.p++ = 0x9d;
    put(&o, (const char *)insn, n);
    *o.p++ = 0x9c; /* pushfq; pop flags */
    *o.p++ = 0x8f;
    at_rsp(&o, 0, FIELD(flags));
    move_gprs(&o, 0x89);
    PUT(&o, "\x0f\xae"); /* stmxcsr */
    at_rsp(&o, 3, FIELD(mxcsr));
    move_vectors(&o, what, true);
    if (what & HOST_MM)
        PUT(&o, "\x0f\x77"); /* emms */
    PUT(&o, "\x80"); /* cmp byte more, 0 */
    at_rsp(&o, 7, FIELD(more));
    PUT(&o, "\x00\x74\x0c\x48\x81\xc4"); /* je: over the next two; add rsp, size */
    put32(&o, sizeof(struct host_record));
    *o.p++ = 0xe9;
    put32(&o, (uint32_t)(code - (o.p + 4)));
    PUT(&o, "\xff\x24\x25"); /* jmp at_end */
    put32(&o, AT_END);
    ck_assert_msg(o.p - code < ENTRY, "the loop has %d bytes", (int)(o.p - code));

    o.p = code + ENTRY; /* push all; save RSP and MXCSR; RSP to the first record */
    PUT(&o, "\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57\x48\x89\x24\x25");
    put32(&o, SAVED_RSP);
    PUT(&o, "\x0f\xae\x1c\x25");
    put32(&o, SAVED_MXCSR);
    *o.p++ = 0xbc;
    put32(&o, HOST_RECORDS);
    *o.p++ = 0xe9;
    put32(&o, (uint32_t)(code - (o.p + 4)));
    o.p = code + LEAVE;
    PUT(&o, "\xfc\x0f\xae\x14\x25");
    put32(&o, SAVED_MXCSR);
    PUT(&o, "\x48\x8b\x24\x25");
    put32(&o, SAVED_RSP);
    PUT(&o, "\x41\x5f\x41\x5e\x41\x5d\x41\x5c\x5d\x5b\xc3");
    code[HALT] = 0xf4;
}

uint8_t *x86_host_page(void)
{
    void *p = mmap((void *)(uintptr_t)HOST_BASE, HOST_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void x86_host_run_native(void)
{
    typedef void run_fn(void);
    st_le64((uint8_t *)(uintptr_t)AT_END, HOST_CODE + LEAVE);
    ((run_fn *)(uintptr_t)(HOST_CODE + ENTRY))();
}

bool x86_host_run_guest(struct pc *h, const uint8_t *page, struct host_record *records, unsigned n)
{
    struct exec_limits limits = { .time = PS_NEVER, .insns = cpu_insns(&h->c->cpu) + 1000000 };
    uint8_t *ram = h->ram->host, *there = ram + (HOST_RECORDS - HOST_BASE);
    struct cpu *cpu;
    if (memcmp(ram + (HOST_CODE - HOST_BASE), page + (HOST_CODE - HOST_BASE), 4096) != 0) { /* it is translated again */
        memcpy(ram + (HOST_CODE - HOST_BASE), page + (HOST_CODE - HOST_BASE), 4096);
        mem_ram_written(h->ram, HOST_CODE - HOST_BASE, 4096);
    }
    st_le64(ram + (AT_END - HOST_BASE), HOST_CODE + HALT);
    memcpy(there, records, n * sizeof(*records));
    h->c->cpu.pc = HOST_CODE;
    h->c->gpr[4] = HOST_RECORDS;
    h->c->cpu.run = CPU_RUNNING;
    enum exec_reason why = exec_run(h->exec, &limits, &cpu);
    memcpy(records, there, n * sizeof(*records));
    return why == EXEC_DEADLOCK && h->c->cpu.pc == HOST_CODE + HALT + 1;
}
