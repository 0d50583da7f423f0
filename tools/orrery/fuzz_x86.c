/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86: machine and environment of random programs.
 *
 * A program is run in rounds. A round starts in x86_guest/guest.S, which takes the mode, tables and all
 * registers from the round's table. Handlers skip the instruction that trapped; FX_SKIP tells
 * how long it is. A round ends when the program's end is reached, when the instruction pointer left the
 * program, or at every other timer interrupt. The timer goes on to NMI and INIT where a program does not
 * take its interrupt; a shutdown ends in INIT, too.
 */
#include "tools/orrery/fuzz_x86.h"
#include "core/device/device.h"
#include "core/util/bits.h"
#include "tools/orrery/x86_guest/guest.gen.h"
#include <string.h>

/* ---- what interrupts the processor, and its ports ---- */

struct platform {
    struct device dev;
    struct cpu *cpu;
    struct mem_space *ports;
    struct ev_timer timer;
    uint64_t tpr;
    uint32_t wait, stage;
    bool smi;
};
static const struct state_field platform_state[] = {
    STATE_TIMER(platform, timer), STATE(platform, tpr),   STATE(platform, wait),
    STATE(platform, stage),       STATE(platform, smi), STATE_END
};

static void expire(void *arg, ps_t when)
{
    struct platform *p = arg;
    if (p->smi) {
        p->smi = false;
        x86_cpu_set_input(p->cpu, X86_SMI, true);
        ev_arm(&p->timer, when + p->wait * PS_PER_NS);
        return;
    }
    switch (p->stage++) {
    case 0: x86_cpu_set_input(p->cpu, X86_INTR, true); break;
    case 1: x86_cpu_set_input(p->cpu, X86_NMI, true); break;
    default:
        p->stage = 2;
        x86_cpu_set_input(p->cpu, X86_INTR, false);
        x86_cpu_set_input(p->cpu, X86_INIT, true);
        break;
    }
    ev_arm(&p->timer, when + (p->wait + 2000) * PS_PER_NS);
}

static void platform_reset(void *arg)
{
    struct platform *p = arg;
    p->tpr = p->stage = 0;
    p->smi = false;
    p->wait = 2000;
    ev_cancel(&p->timer);
}

static void platform_destroy(void *arg)
{
    struct platform *p = arg;
    if (p->ports != NULL)
        mem_space_destroy(p->ports);
}

static const struct device_ops platform_ops = {
    .name = "fuzz-platform", .spec = "tools/orrery/fuzz_x86.c", .size = sizeof(struct platform),
    .state = platform_state, .version = 1, .reset = platform_reset, .destroy = platform_destroy,
};

static enum mem_result timer_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0;
    return MEM_OK;
}

static enum mem_result timer_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    struct platform *p = arg;
    (void)offset, (void)size, (void)attrs;
    p->stage = 0;
    p->smi = value >> 31 & 1;
    p->wait = (value & 0xffff) + 100;
    x86_cpu_set_input(p->cpu, X86_INTR, false);
    ev_arm(&p->timer, device_now(&p->dev) + p->wait * PS_PER_NS);
    return MEM_OK;
}
static const struct mmio_ops timer_port = { timer_read, timer_write, 4, false };

/* Ports that answer with where they are. */
static enum mem_result port_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    (void)arg, (void)attrs;
    *value = zext(hash_mix(offset + 1), 8 * size);
    return MEM_OK;
}

static enum mem_result port_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_OK;
}
static const struct mmio_ops some_ports = { port_read, port_write, 1 | 2 | 4, false };

static int acknowledge(void *arg)
{
    struct platform *p = arg;
    x86_cpu_set_input(p->cpu, X86_INTR, false);
    return FX_TIMER_VECTOR;
}

static uint64_t get_tpr(void *arg)
{
    return ((struct platform *)arg)->tpr;
}

static void set_tpr(void *arg, uint64_t cr8)
{
    ((struct platform *)arg)->tpr = cr8;
}

static bool read_msr(void *arg, uint32_t msr, uint64_t *value)
{
    (void)arg, (void)msr, (void)value;
    return false;
}

static bool write_msr(void *arg, uint32_t msr, uint64_t value)
{
    (void)arg, (void)msr, (void)value;
    return false;
}

static void base_written(void *arg, uint64_t apic_base)
{
    (void)arg, (void)apic_base;
}

static void shut_down(void *arg)
{
    struct platform *p = arg;
    x86_cpu_set_input(p->cpu, X86_INIT, true);
    ev_set_now(p->dev.machine->queue, cpu_now(p->cpu));
    cpu_start(p->cpu);
}

static void ferr(void *arg, bool level)
{
    (void)arg, (void)level;
}

/* What raises FERR# goes on. */
static bool ignne(void *arg)
{
    (void)arg;
    return true;
}

/* A counter overflowed: the same interrupt as the timer's. */
static void pmi(void *arg)
{
    x86_cpu_set_input(((struct platform *)arg)->cpu, X86_INTR, true);
}

/* ---- the machine ---- */

/* The reset vector: a far jump to where the way into a round begins. */
static int add_rom(struct machine *m, struct err *e)
{
    struct mem_ram *rom;
    int rc = machine_add_ram(m, "rom", MEM_PAGE, &rom, e);
    if (rc < 0)
        return rc;
    uint8_t *at = rom->host + 0xff0;
    at[0] = 0xea;
    memcpy(at + 1, fuzz_x86_guest + 2 * FX_BOOT16, 2);
    st_le16(at + 3, 0);
    return mem_add_rom(m->memory, "rom", 0xfffff000, rom, 0, MEM_PAGE, 0, NULL, NULL, NULL, e);
}

static int add_ports(struct mem_space *ports, struct platform *p, struct err *e)
{
    int rc = mem_add_mmio(ports, "ports", 0, 0x300, 0, &some_ports, NULL, NULL, e);
    return rc == 0 ? mem_add_mmio(ports, "timer", FX_TIMER_PORT, 4, 0, &timer_port, p, NULL, e) : rc;
}

static int build(struct machine *m, const char *spec, struct cpu **out, struct err *e)
{
    struct x86_config config;
    struct x86_cpu *c;
    int rc = x86_config_parse(&config, spec, NULL, e);
    if (rc == 0 && !(x86_has(&config, X86_F_LM) && x86_has(&config, X86_F_AVX512F) && x86_has(&config, X86_F_PKU)))
        rc = err_set(e, ERR_UNSUPPORTED, "--cpu %s: random programs need lm, avx512f and pku", spec);
    if (rc < 0)
        return rc;
    config.bootstrap = true;
    struct platform *p = device_create(m, &platform_ops, "fuzz-platform", e);
    if (p == NULL)
        return ERR_NOMEM;
    rc = device_init_timer(&p->dev, &p->timer, "fuzz-platform", expire, e);
    if (rc == 0 && (p->ports = mem_space_create("ports")) == NULL)
        rc = err_set(e, ERR_NOMEM, "no memory for ports");
    if (rc == 0)
        rc = add_ports(p->ports, p, e);
    if (rc == 0)
        rc = add_rom(m, e);
    const struct x86_wiring wiring = { .ports = p->ports, .shutdown = shut_down, .ferr = ferr, .ignne = ignne, .arg = p };
    const struct x86_apic_ops apic = {
        .acknowledge = acknowledge, .get_tpr = get_tpr, .set_tpr = set_tpr, .read_msr = read_msr,
        .write_msr = write_msr, .base = base_written, .pmi = pmi, .arg = p,
    };
    if (rc == 0)
        rc = x86_cpu_create(&c, m, &config, &wiring, 0, e);
    if (rc < 0)
        return rc;
    p->cpu = *out = x86_cpu_base(c);
    x86_cpu_set_apic(c, &apic);
    return 0;
}

/* ---- programs ---- */

static void generate(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r)
{
    static const uint8_t modes[] = { X86_CODE16, X86_CODE32, X86_CODE64, X86_CODE64 };
    struct fx_plan plan = { .mode = (enum x86_code)modes[fuzz_below(r, ARRAY_LEN(modes))] };
    bool flat = plan.mode == X86_CODE64 || (plan.mode == X86_CODE32 && !fuzz_one_in(r, 3));
    plan.code_base = flat ? 0 : FX_CODE;
    plan.data_base = flat ? 0 : FX_DATA;
    plan.stack_base = flat ? 0 : FX_STACK;
    memset(p->image, 0, FX_RAM_BYTES);
    memcpy(p->image + FX_GUEST, fuzz_x86_guest, sizeof fuzz_x86_guest);
    for (uint32_t at = FX_DATA; at < FX_DATA + FX_DATA_BYTES; at += 8)
        st_le64(p->image + at, fuzz_x86_quad(r));
    for (uint32_t i = 0; i < 8; i++) /* indices of gathers */
        st_le64(p->image + FX_DATA + 8 * i, fuzz_next(r) & 0x000000ff000000ff);
    memset(p->image + FX_DATA + 0xa200, 0, 64); /* the header of an area that XSAVE fills */
    st_le16(p->image + FX_SMI, 0xaa0f);         /* RSM */
    fuzz_x86_code(cpu, p, &plan, r);
    fuzz_x86_rounds(cpu, p, &plan, r);
    st_le64(p->image + FX_BYTES, plan.bytes);
    uint8_t far = 0;
    for (uint32_t i = p->n_slots, end = FX_CODE + plan.bytes; i-- > 0;)
        for (uint32_t at = end; at-- > p->slot[i].offset; end = at) {
            far = at + 1 == p->slot[i].offset + p->slot[i].length ? 1 : (uint8_t)(far + 1);
            p->image[FX_SKIP + at - FX_CODE] = far;
        }
}

static void nop(unsigned length, uint8_t *code)
{
    memset(code, 0x90, length);
}

static unsigned cause(const struct cpu *cpu)
{
    return cpu->fault.cause & 63;
}

static const char *const cause_names[FUZZ_CAUSES] = {
    [0] = "#DE divide error", [1] = "#DB debug", [3] = "#BP breakpoint", [4] = "#OF overflow",
    [5] = "#BR bound range", [6] = "#UD undefined instruction", [7] = "#NM device not available",
    [10] = "#TS invalid TSS", [11] = "#NP segment not present", [12] = "#SS stack segment",
    [13] = "#GP general protection", [14] = "#PF page fault", [16] = "#MF x87 error",
    [17] = "#AC alignment check", [19] = "#XM SIMD error",
};

static bool traps(uint16_t id)
{
    switch (id) {
    case X86_INSN_INT3: case X86_INSN_INT: case X86_INSN_INT1: case X86_INSN_UD0: case X86_INSN_UD1:
    case X86_INSN_UD2:
        return true;
    default:
        return false;
    }
}

static uint64_t next_of(void *r)
{
    return fuzz_next(r);
}

static const char *excused(const struct cpu *cpu, uint16_t form, bool *by_trap)
{
    uint8_t code[X86_MAX_LENGTH];
    struct x86_decoded d;
    struct fuzz_random r = { form };
    const uint64_t *features = x86_decode_features(cpu);
    uint16_t id = x86_rows[form].id;
    bool any = false;
    bool no_nop = id == X86_INSN_NOP_HINT && x86_rows[form].opcode == 0x0d &&
                  x86_cpu_config(X86_CPU_CONST(cpu))->vendor == X86_AMD;
    *by_trap = traps(id) || id == X86_INSN_RSM || no_nop;
    if (no_nop)
        return "undefined with AMD";
    if (id == X86_INSN_RSM)
        return "undefined outside system-management mode";
    if (*by_trap)
        return "what it does is to trap";
    *by_trap = id == X86_INSN_VMCALL || id == X86_INSN_VMMCALL;
    if (*by_trap)
        return "there is no hypervisor to be called";
    for (unsigned mode = 0; mode < 3; mode++)
        for (unsigned memory = 0; memory < 2; memory++) {
            size_t n = x86_random_insn(form, mode, memory != 0, next_of, &r, code);
            any |= n != 0;
            if (n != 0 && x86_decode(code, n, mode, true, features, &d) == X86_DECODED && d.form == form)
                return NULL;
        }
    return any ? "this CPU lacks the extension" : "other rows cover all its encodings";
}

const struct fuzz_isa fuzz_x86_64 = {
    .name = "x86_64", .default_cpu = "max",
    .ram_bytes = FX_RAM_BYTES, .ram = 0, .alias = FX_ALIAS, .device = FX_DEVICE,
    .code = FX_CODE, .code_bytes = FX_CODE_BYTES,
    .n_forms = X86_FORM_COUNT, .descs = x86_insn_descs,
    .cause_names = cause_names, .illegal = 6, .bytes = true,
    .build = build, .generate = generate, .nop = nop, .cause = cause, .excused = excused,
};
