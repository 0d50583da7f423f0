/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What KVM offers its guests, for kernels that know how to use it: Linux,
 * Documentation/virt/kvm/x86, cpuid.rst, hypercalls.rst, msr.rst. Only with the feature `kvm`; each
 * part is a feature of its own.
 *
 * kvmclock is written when a CPU asks for it and when its TSC is set, and at no other time: time
 * here is the simulated one, of which the TSC shows a fixed multiple, so that one pair of numbers
 * is good for ever, and the same for all CPUs. There is no stolen time, no page that the host swaps
 * out: the features for those are not there.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include <string.h>

enum { RAX, RCX, RDX, RBX, RSI = 6 };

/*
 * Is the time that one CPU wrote to memory never later than what another one reads then? CPUs take
 * turns: what each does in its own is seen by the next, whose clock stands at the turn's begin. So
 * it is as long as the others have not been started.
 */
static bool is_stable(const struct x86_cpu *c)
{
    for (const struct cpu *o = c->cpu.machine->cpus; o != NULL; o = o->next)
        if (o != &c->cpu && o->run != CPU_OFF)
            return false;
    return true;
}

/* ---- CPUID ---- */
#define SIGNATURE_LEAF 0x40000000u
#define FEATURE_LEAF   0x40000001u

bool x86_kvm_leaf(const struct x86_cpu *c, uint32_t leaf, uint32_t r[4])
{
    if (!x86_cpu_has(c, X86_F_KVM) || leaf - SIGNATURE_LEAF > 0xff)
        return false;
    if (leaf == SIGNATURE_LEAF) {
        r[0] = FEATURE_LEAF;
        memcpy(&r[1], "KVMKVMKVM\0\0", 12);
    } else if (leaf == FEATURE_LEAF) {
        r[0] = x86_cpu_has(c, X86_F_KVMCLOCK) ? 1u << 3 | 1u << 24 : 0; /* newer MSRs, stable bit */
    }
    return true;
}

/* ---- MSRs ---- */
enum {
    WALL_CLOCK = 0x11,
    SYSTEM_TIME = 0x12,
    WALL_CLOCK_NEW = 0x4b564d00,
    SYSTEM_TIME_NEW = 0x4b564d01,
};
enum { ENABLED = 1, TSC_STABLE = 1, WALL_BYTES = 12, TIME_BYTES = 32 };

/* "Must be in guest RAM": what is not is left alone. */
static bool is_ram(const struct x86_cpu *c, pa_t pa, unsigned bytes)
{
    const struct mem_range *range = mem_lookup(c->cpu.machine->memory, pa);
    return range != NULL && range->region->kind == MEM_RAM &&
           range->size - (pa - range->base) >= bytes;
}

/* Structures begin with a version, even and another one after each change. */
static void publish(struct x86_cpu *c, pa_t pa, uint8_t *data, unsigned bytes)
{
    struct mem_space *memory = c->cpu.machine->memory;
    uint8_t version[4];
    if (!is_ram(c, pa, bytes) || mem_read(memory, pa, version, 4, NULL) != MEM_OK)
        return;
    st_le32(data, (ld_le32(version) | 1) + 1);
    (void)mem_write(memory, pa, data, bytes, NULL);
}

/* Nanoseconds of a tick: (ticks << shift) * mul >> 32, mul as large as goes in. */
static void time_scale(uint64_t hz, uint32_t *mul, uint8_t *shift)
{
    *shift = 0;
    while (hz << *shift <= 1000000000)
        (*shift)++;
    *mul = (uint32_t)(((unsigned __int128)1000000000 << 32) / (hz << *shift));
}

/* Nanosecond 0 is tick 0 of the counter behind the TSC: exact for whoever computes from it. */
void x86_kvm_clock_changed(struct x86_cpu *c)
{
    uint8_t data[TIME_BYTES] = { 0 };
    uint32_t mul;
    if (!(c->kvm_system_time & ENABLED))
        return;
    time_scale(c->config->tsc_hz, &mul, &data[28]);
    st_le64(data + 8, c->tsc_offset);
    st_le32(data + 24, mul);
    data[29] = is_stable(c) ? TSC_STABLE : 0;
    publish(c, c->kvm_system_time & ~3ull, data, sizeof(data));
}

void x86_kvm_cpu_started(struct x86_cpu *c)
{
    for (struct cpu *o = c->cpu.machine->cpus; o != NULL; o = o->next)
        if (o->isa == c->cpu.isa)
            x86_kvm_clock_changed(X86_CPU(o));
}

static void write_wall_clock(struct x86_cpu *c, uint64_t pa)
{
    uint8_t data[WALL_BYTES] = { 0 };
    st_le32(data + 4, (uint32_t)c->cpu.machine->rtc_base); /* at nanosecond 0 */
    publish(c, pa & ~3ull, data, sizeof(data));
}

/* Which of the two an MSR is, by its newer number; 0: neither, or not there. */
static uint32_t clock_msr(const struct x86_cpu *c, uint32_t msr)
{
    if (!x86_cpu_has(c, X86_F_KVMCLOCK))
        return 0;
    if (msr == WALL_CLOCK || msr == WALL_CLOCK_NEW)
        return WALL_CLOCK_NEW;
    return msr == SYSTEM_TIME || msr == SYSTEM_TIME_NEW ? SYSTEM_TIME_NEW : 0;
}

bool x86_kvm_read_msr(struct x86_cpu *c, uint32_t msr, uint64_t *v)
{
    uint32_t which = clock_msr(c, msr);
    *v = which == WALL_CLOCK_NEW ? c->kvm_wall_clock : c->kvm_system_time;
    return which != 0;
}

bool x86_kvm_write_msr(struct x86_cpu *c, uint32_t msr, uint64_t v)
{
    uint32_t which = clock_msr(c, msr);
    if (which == WALL_CLOCK_NEW) {
        c->kvm_wall_clock = v;
        write_wall_clock(c, v);
    } else if (which == SYSTEM_TIME_NEW) {
        c->kvm_system_time = v;
        x86_kvm_clock_changed(c);
    }
    return which != 0;
}

/* ---- hypercalls ---- */
enum { HC_VAPIC_POLL_IRQ = 1, HC_KICK_CPU = 5, HC_SEND_IPI = 10, HC_SCHED_YIELD = 11 };
#define KVM_EPERM   (-1ull)
#define KVM_EINVAL  (-22ull)
#define KVM_ENOSYS  (-1000ull)
#define ICR_REFUSED 0x000c0800u /* shorthands, logical destinations */

static struct x86_cpu *cpu_of(struct x86_cpu *c, uint32_t apic_id)
{
    for (struct cpu *other = c->cpu.machine->cpus; other != NULL; other = other->next)
        if (other->isa == c->cpu.isa && X86_CPU(other)->config->apic_id == apic_id)
            return X86_CPU(other);
    return NULL;
}

/* The CPU leaves HLT, or does not enter it the next time. */
static uint64_t kick(struct x86_cpu *c, uint32_t apic_id)
{
    struct x86_cpu *to = cpu_of(c, apic_id);
    if (to != NULL) {
        to->kvm_kicked = 1;
        x86_check_interrupts(to);
    }
    return 0;
}

static uint64_t send_ipis(struct x86_cpu *c, const uint64_t map[2], unsigned bits, uint32_t least,
                          uint32_t icr)
{
    uint64_t sent = 0;
    if ((icr & ICR_REFUSED) || c->apic.send == NULL)
        return KVM_EINVAL;
    for (unsigned half = 0; half < 2; half++)
        for (uint64_t left = zext(map[half], bits); left != 0; left &= left - 1) {
            uint64_t id = (uint64_t)least + half * bits + (unsigned)ctz64(left);
            if (id <= UINT32_MAX)
                sent += c->apic.send(c->apic.arg, (uint32_t)id, icr);
        }
    return sent;
}

static uint64_t call(struct x86_cpu *c, uint64_t number, const uint64_t a[4], unsigned bits)
{
    if (x86_cpl(c) != 0)
        return KVM_EPERM;
    if (number == HC_VAPIC_POLL_IRQ) /* interrupts are looked for anyway */
        return 0;
    if (number == HC_KICK_CPU && x86_cpu_has(c, X86_F_KVM_PV_UNHALT))
        return kick(c, (uint32_t)a[1]);
    if (number == HC_SEND_IPI && x86_cpu_has(c, X86_F_KVM_PV_IPI))
        return send_ipis(c, a, bits, (uint32_t)a[2], (uint32_t)a[3]);
    if (number == HC_SCHED_YIELD && x86_cpu_has(c, X86_F_KVM_PV_SCHED_YIELD))
        return 0; /* no CPU is ever kept from running while another one has its turn */
    return KVM_ENOSYS;
}

/* Number in RAX, arguments in RBX, RCX, RDX, RSI: of 32 bits each but for 64-bit code. */
uint64_t x86_helper_hypercall(struct cpu *cpu, uint64_t x, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    unsigned bits = x86_code64(c) ? 64 : 32;
    const uint64_t a[4] = { zext(c->gpr[RBX], bits), zext(c->gpr[RCX], bits),
                            zext(c->gpr[RDX], bits), zext(c->gpr[RSI], bits) };
    (void)x, (void)b, (void)c0, (void)d;
    x86_enter_device(c); /* others are told at this very time */
    c->gpr[RAX] = zext(call(c, zext(c->gpr[RAX], bits), a, bits), bits);
    return 0;
}

/* VMCALL and VMMCALL are alike to KVM; without it, and outside of a guest, they are undefined. */
static void hypercall(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (x86_cpu_has(t->c, X86_F_KVM))
        x86_whole(t, X86_HELPER_hypercall);
    else
        x86_raises(t, X86_UD);
}

/* clang-format off */
const struct x86_semantics x86_kvm_rows[] = {
    { X86_INSN_VMCALL, 0, hypercall, 0 }, { X86_INSN_VMMCALL, 0, hypercall, 0 },
    X86_ROWS_END
};
/* clang-format on */
