/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ich9_pm.h"
#include "core/event/clock.h"
#include "core/util/bits.h"

/* 316972, 13.8.3; TCO from 60h on, 13.9. APM's ports keep their numbers. */
enum { PM1_STS = 0x00, PM1_EN = 0x02, PM1_CNT = 0x04, PM1_TMR = 0x08, PM1_BLOCK = 0x10, GPE0_STS = 0x20,
       GPE0_EN = 0x28, SMI_EN = 0x30, SMI_STS = 0x34, TCO = 0x60, BLOCK = 0x80, APM_CNT = 0xb2, APM_STS = 0xb3 };
enum { PM1_ENABLES = ICH9_PM1_TMR | ICH9_PM1_GBL | ICH9_PM1_PWRBTN | ICH9_PM1_RTC |
                     ICH9_PM1_SLPBTN };
enum { CNT_SCI_EN = 0x0001, CNT_BM_RLD = 0x0002, CNT_GBL_RLS = 0x0004, CNT_SLP_EN = 0x2000 };
#define CNT_SLP_TYP 12, 10
enum { SMI_GBL = 0x0001, SMI_EOS = 0x0002, SMI_BIOS = 0x0004, SMI_SLP = 0x0010, SMI_APMC = 0x0020,
       SMI_SWSMI = 0x0040, SMI_BIOS_RLS = 0x0080, SMI_PM1 = 0x0100, SMI_GPE0 = 0x0200,
       SMI_TCO = 0x2000, SMI_PERIODIC = 0x4000 };
/* Sources whose status is latched; those and the switches can be enabled. */
enum { SMI_LATCHED = SMI_BIOS | SMI_SLP | SMI_APMC | SMI_SWSMI | SMI_TCO | SMI_PERIODIC,
       SMI_WRITABLE = SMI_LATCHED | SMI_GBL | SMI_EOS };
enum { PM1_CNT_WRITABLE = CNT_SCI_EN | CNT_BM_RLD | CNT_GBL_RLS | CNT_SLP_EN | 7 << 10 };
enum { TCO1_TIMEOUT = 0x0008, TCO1_SW_SMI = 0x0002, TCO1_INT = 0x0004,
       TCO2_SECOND = 0x0002, TCO2_BOOT = 0x0004 };
enum { TCO1_NMI_NOW = 0x0100, TCO1_HALT = 0x0800, TCO1_LOCK = 0x1000, TCO1_WRITABLE = 0x1a00 };
enum { APM_ACPI_ON = 0x02, APM_ACPI_OFF = 0x03 };
enum { PMCON1_SMI_LOCK = 0x10, PMCON1_PERIOD = 0x03, PMCON3_RATE_SHIFT = 6 };

#define TCO_TICK (600 * PS_PER_MS)

static const struct ev_clock timer_clock = { .hz = 3579545 };

static ps_t now(const struct ich9_pm *p)
{
    return device_now(&p->dev);
}

/* ---- SCI and SMI ---- */

/* ACPI 4.8.3.3: TMR_STS is set when the upper of 24 bits changes. */
static void settle_timer(struct ich9_pm *p)
{
    uint64_t toggles = ev_ticks(timer_clock, now(p)) >> 23;

    if (toggles > p->toggles)
        p->pm1_sts |= ICH9_PM1_TMR;
    p->toggles = MAX(p->toggles, toggles);
}

static void smi(struct ich9_pm *p, uint32_t source)
{
    p->smi_sts |= source;
    if ((p->smi_en & SMI_GBL) && p->config.smi)
        p->config.smi(p->config.arg, (source & SMI_APMC) && (p->smi_features & ICH9_PM_SMI_BROADCAST));
}

bool ich9_pm_negotiate_smi(struct ich9_pm *p, uint64_t features)
{
    if (!p->smi_features_ok && (features & ~(uint64_t)ICH9_PM_SMI_BROADCAST) == 0) {
        p->smi_features = features;
        p->smi_features_ok = 1;
    }
    return p->smi_features_ok;
}

static bool gpe_pending(const struct ich9_pm *p)
{
    for (unsigned i = 0; i < sizeof(p->gpe_sts); i++)
        if (p->gpe_sts[i] & p->gpe_en[i])
            return true;
    return false;
}

static bool event_pending(const struct ich9_pm *p)
{
    return (p->pm1_sts & p->pm1_en & PM1_ENABLES) || gpe_pending(p);
}

/* ACPI 4.7.2.1: nobody is there to be interrupted. A power button needs no enable (316972, 5.13.7.5). */
static void wake_if_due(struct ich9_pm *p)
{
    if (!(p->pm1_sts & ICH9_PM1_PWRBTN) && !event_pending(p))
        return;
    p->config.wake(p->config.arg);
}

/* 316972, 13.8.3.3: with SCI_EN the events are the operating system's, else the SMI handler's. */
static void update(struct ich9_pm *p)
{
    bool pending, to_smi;

    settle_timer(p);
    if (p->asleep) {
        wake_if_due(p);
        return;
    }
    pending = event_pending(p);
    to_smi = pending && !(p->pm1_cnt & CNT_SCI_EN);
    irq_set(&p->sci, pending && (p->pm1_cnt & CNT_SCI_EN));
    if (to_smi && !p->was_smi)
        smi(p, 0);
    p->was_smi = to_smi;
    ev_arm(&p->overflow, (p->pm1_en & ICH9_PM1_TMR) && !(p->pm1_sts & ICH9_PM1_TMR)
                             ? ev_tick_time(timer_clock, (p->toggles + 1) << 23) : PS_NEVER);
}

static void overflowed(void *arg, ps_t when)
{
    (void)when;
    update(arg);
}

void ich9_pm_raise(struct ich9_pm *p, enum ich9_pm1 status)
{
    p->pm1_sts |= (uint16_t)status;
    update(p);
}

void ich9_pm_set_rtc(void *pm, uint32_t number, bool level)
{
    struct ich9_pm *p = pm;

    (void)number;
    if (level && !p->rtc)
        ich9_pm_raise(p, ICH9_PM1_RTC);
    p->rtc = level;
}

void ich9_pm_set_gpe(void *pm, uint32_t number, bool level)
{
    struct ich9_pm *p = pm;
    uint8_t *in = &p->gpe_level[number / 8 % 8], bit = (uint8_t)(1u << number % 8);

    *in = (uint8_t)(level ? *in | bit : *in & ~bit);
    p->gpe_sts[number / 8 % 8] |= *in & bit;
    update(p);
}

/* ---- PM1, GPE0 ---- */

static uint64_t read_pm1_sts(const void *dev, uint32_t index)
{
    struct ich9_pm p = *(const struct ich9_pm *)dev; /* a look, not a change */

    (void)index;
    settle_timer(&p);
    return p.pm1_sts;
}

static void wrote_pm1_sts(void *dev, uint32_t index, uint64_t old, uint64_t ones)
{
    struct ich9_pm *p = dev;

    (void)index, (void)old;
    settle_timer(p);
    p->pm1_sts &= (uint16_t)~ones;
    update(p);
}

static void wrote_enables(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    (void)index, (void)old, (void)value;
    update(dev);
}

/* A level that is still high sets its status again. */
static void wrote_gpe_sts(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;

    (void)old, (void)value;
    p->gpe_sts[index] |= p->gpe_level[index];
    update(p);
}

/* What is pending already wakes at once. The PM timer is off in S3. */
static void fall_asleep(struct ich9_pm *p, unsigned slp_typ)
{
    p->config.sleep(p->config.arg, slp_typ);
    if (slp_typ != ICH9_PM_S3)
        return;
    p->asleep = 1;
    p->pm1_en &= (uint16_t)~ICH9_PM1_TMR;
    p->pm1_sts &= (uint16_t)~(ICH9_PM1_TMR | ICH9_PM1_WAK);
    irq_set(&p->sci, false);
    ev_cancel(&p->overflow);
    update(p);
}

/* GBL_RLS and SLP_EN are done, not kept. */
static void wrote_pm1_cnt(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;

    (void)index, (void)old;
    p->pm1_cnt = (uint32_t)value & ~(uint32_t)(CNT_GBL_RLS | CNT_SLP_EN);
    if (value & CNT_GBL_RLS) {
        p->smi_sts |= SMI_BIOS;
        if (p->smi_en & SMI_BIOS)
            smi(p, 0);
    }
    update(p);
    if (!(value & CNT_SLP_EN))
        return;
    if (p->smi_en & SMI_SLP) /* the handler is asked first, and does it itself */
        smi(p, SMI_SLP);
    else
        fall_asleep(p, (unsigned)F_GET(value, CNT_SLP_TYP));
}

static uint64_t read_timer(const void *dev, uint32_t index)
{
    (void)index;
    return ev_ticks(timer_clock, now(dev)) & 0xffffff;
}

/* ---- SMI ---- */

static void start(struct ev_timer *t, bool on, ps_t when)
{
    if (!on)
        ev_cancel(t);
    else if (!ev_is_armed(t))
        ev_arm(t, when);
}

static void update_smi_timers(struct ich9_pm *p)
{
    start(&p->periodic, p->smi_en & SMI_PERIODIC, now(p) + p->periodic_rate * PS_PER_US);
    start(&p->swsmi, p->smi_en & SMI_SWSMI, now(p) + p->swsmi_rate * PS_PER_US);
}

static void periodic_fired(void *arg, ps_t when)
{
    struct ich9_pm *p = arg;

    (void)when;
    update_smi_timers(p);
    smi(p, SMI_PERIODIC);
}

/* Once; it starts anew when its enable was cleared and set. */
static void swsmi_fired(void *arg, ps_t when)
{
    (void)when;
    smi(arg, SMI_SWSMI);
}

/* 13.8.3.8: SMI_LOCK keeps GBL_SMI_EN, TCO_LOCK the watchdog's; BIOS_RLS asks for an SCI. */
static void wrote_smi_en(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;
    uint32_t kept = (p->smi_lock ? SMI_GBL : 0u) | (p->tco1_cnt & TCO1_LOCK ? SMI_TCO : 0u);

    (void)index;
    p->smi_en = ((uint32_t)value & ~(kept | SMI_BIOS_RLS)) | ((uint32_t)old & kept);
    if (value & SMI_BIOS_RLS)
        ich9_pm_raise(p, ICH9_PM1_GBL);
    if ((old & ~value) & SMI_SWSMI)
        ev_cancel(&p->swsmi);
    if ((value & ~old) & (SMI_PERIODIC | SMI_SWSMI) || (old & ~value) & SMI_PERIODIC)
        update_smi_timers(p);
}

static uint64_t read_smi_sts(const void *dev, uint32_t index)
{
    const struct ich9_pm *p = dev;

    (void)index;
    return p->smi_sts | (read_pm1_sts(p, 0) & p->pm1_en & PM1_ENABLES ? SMI_PM1 : 0u) |
           (gpe_pending(p) ? SMI_GPE0 : 0u);
}

static void wrote_smi_sts(void *dev, uint32_t index, uint64_t old, uint64_t ones)
{
    (void)index, (void)old;
    ((struct ich9_pm *)dev)->smi_sts &= ~(uint32_t)ones;
}

static void wrote_apm(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;

    (void)index, (void)old;
    if (value == APM_ACPI_ON || value == APM_ACPI_OFF) {
        p->pm1_cnt = (p->pm1_cnt & ~(uint32_t)CNT_SCI_EN) | (value == APM_ACPI_ON ? CNT_SCI_EN : 0);
        update(p);
    } else if (p->smi_en & SMI_APMC) {
        smi(p, SMI_APMC);
    }
}

/* ---- TCO ---- */

static bool tco_is_halted(const struct ich9_pm *p)
{
    return p->tco1_cnt & TCO1_HALT;
}

/* Ticks left: what TCO_RLD reads. */
static uint64_t tco_left(const struct ich9_pm *p)
{
    if (!ev_is_armed(&p->tco_timer))
        return p->tco_left;
    ps_t left = p->tco_timer.when > now(p) ? p->tco_timer.when - now(p) : 0;
    return (left + TCO_TICK - 1) / TCO_TICK;
}

/* 13.9.9: values below 4 ticks are not to be used; below 2 there would be no time at all. */
static void tco_start(struct ich9_pm *p, uint64_t ticks)
{
    p->tco_left = (uint16_t)ticks;
    p->tco_runs = 1;
    if (tco_is_halted(p))
        ev_cancel(&p->tco_timer);
    else
        ev_arm(&p->tco_timer, now(p) + MAX(ticks, 2ull) * TCO_TICK);
}

static void tco_expired(void *arg, ps_t when)
{
    struct ich9_pm *p = arg;

    (void)when;
    if (!p->tco_once) {
        p->tco_once = 1;
        p->tco1_sts |= TCO1_TIMEOUT;
        tco_start(p, p->tco_tmr);
        if (p->smi_en & SMI_TCO)
            smi(p, SMI_TCO);
        return;
    }
    p->tco_left = 0;
    p->tco2_sts |= TCO2_SECOND;
    if (!p->no_reboot) {
        p->tco2_sts |= TCO2_BOOT;
        p->config.reset(p->config.arg);
    }
}

static uint64_t read_tco_rld(const void *dev, uint32_t index)
{
    (void)index;
    return tco_left(dev);
}

static void wrote_tco_rld(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;

    (void)index, (void)old, (void)value;
    p->tco_once = 0;
    tco_start(p, p->tco_tmr);
}

/* What software asks of the SMI handler, and what that answers. */
static void wrote_tco_data(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;

    (void)index, (void)old, (void)value;
    p->tco1_sts |= TCO1_SW_SMI;
    if (p->smi_en & SMI_TCO)
        smi(p, SMI_TCO);
}

static void wrote_tco_data_out(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    (void)index, (void)old, (void)value;
    ((struct ich9_pm *)dev)->tco1_sts |= TCO1_INT;
}

static void wrote_tco1_sts(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;

    (void)index;
    if ((old & ~value) & TCO1_TIMEOUT) /* seen: the next one is a first one */
        p->tco_once = 0;
}

static void wrote_tco1_cnt(void *dev, uint32_t index, uint64_t old, uint64_t value)
{
    struct ich9_pm *p = dev;
    uint64_t left = tco_left(p);

    (void)index;
    p->tco1_cnt |= (uint16_t)old & TCO1_LOCK; /* until a reset */
    if (p->dev.written & value & TCO1_NMI_NOW)
        unmodelled(&p->dev, "TCO1_CNT.NMI_NOW", "value %#x", (unsigned)value);
    p->tco1_cnt &= TCO1_WRITABLE;
    if ((old ^ value) & TCO1_HALT)
        tco_start(p, p->tco_runs ? left : p->tco_tmr);
}

/* ---- the LPC bridge's side ---- */

void ich9_pm_map(struct ich9_pm *p, bool on, uint16_t pmbase)
{
    mem_place_region(p->config.io, p->block, on, pmbase);
}

/* 13.8.1.1 and 13.8.1.3: 64, 32, 16, 8 s; 1.5, 16, 32, 64 ms. */
void ich9_pm_set_control(struct ich9_pm *p, bool no_reboot, uint16_t gen_pmcon_1,
                         uint8_t gen_pmcon_3)
{
    static const uint32_t software[] = { 1500, 16000, 32000, 64000 };

    p->no_reboot = no_reboot;
    p->smi_lock = gen_pmcon_1 & PMCON1_SMI_LOCK;
    p->periodic_rate = 64000000u >> (gen_pmcon_1 & PMCON1_PERIOD);
    p->swsmi_rate = software[gen_pmcon_3 >> PMCON3_RATE_SHIFT];
}

void ich9_pm_enable_apm(struct ich9_pm *p, bool on)
{
    p->smi_en = on ? SMI_GBL | SMI_APMC : 0;
}

static void ich9_pm_reset(void *dev)
{
    struct ich9_pm *p = dev;

    ev_cancel(&p->tco_timer);
    ev_cancel(&p->periodic);
    ev_cancel(&p->swsmi);
    p->pm1_sts = p->asleep && p->dev.machine->waking
                     ? (p->pm1_sts & (ICH9_PM1_PWRBTN | ICH9_PM1_SLPBTN | ICH9_PM1_RTC)) | ICH9_PM1_WAK : 0;
    p->asleep = 0;
    p->smi_features = p->smi_features_ok = 0;
    p->smi_sts = 0;
    p->smi_en = p->config.smm ? 0 : SMI_APMC;
    p->tco_left = p->tco_tmr;
    p->tco_once = p->tco_runs = p->was_smi = 0;
    p->toggles = ev_ticks(timer_clock, now(p)) >> 23;
    update(p);
}

static void ich9_pm_loaded(void *dev)
{
    struct ich9_pm *p = dev;

    p->asleep = p->asleep != 0;
    p->smi_features &= ICH9_PM_SMI_BROADCAST; /* a snapshot is not trusted */
    irq_restore(&p->sci, !p->asleep && event_pending(p) && (p->pm1_cnt & CNT_SCI_EN));
}

static const struct state_field ich9_pm_state[] = {
    STATE_TIMER(ich9_pm, overflow), STATE_TIMER(ich9_pm, tco_timer), STATE_TIMER(ich9_pm, periodic),
    STATE_TIMER(ich9_pm, swsmi), STATE(ich9_pm, toggles), STATE(ich9_pm, smi_features), STATE(ich9_pm, pm1_cnt),
    STATE(ich9_pm, smi_en), STATE(ich9_pm, smi_sts), STATE(ich9_pm, pm1_sts),
    STATE(ich9_pm, pm1_en), STATE(ich9_pm, tco1_sts), STATE(ich9_pm, tco2_sts), STATE(ich9_pm, tco1_cnt),
    STATE(ich9_pm, tco2_cnt), STATE(ich9_pm, tco_tmr), STATE(ich9_pm, tco_left),
    STATE(ich9_pm, gpe_sts), STATE(ich9_pm, gpe_en), STATE(ich9_pm, gpe_level),
    STATE(ich9_pm, tco_data_in), STATE(ich9_pm, tco_data_out), STATE(ich9_pm, tco_message),
    STATE(ich9_pm, tco_wdcnt), STATE(ich9_pm, sw_irq_gen), STATE(ich9_pm, tco_once),
    STATE(ich9_pm, tco_runs), STATE(ich9_pm, apm_control), STATE(ich9_pm, apm_status),
    STATE(ich9_pm, rtc), STATE(ich9_pm, was_smi), STATE(ich9_pm, asleep),
    STATE(ich9_pm, smi_features_ok), STATE_END
};

/* clang-format off */
#define AT(m) REG_AT(ich9_pm, m)
#define ANY   .sizes = 1 | 2 | 4
static const struct reg_desc ich9_pm_regs[] = {
    REG16(PM1_STS,    "PM1_STS",     ANY, .w1c = 0xcf21, .read = read_pm1_sts, .wrote = wrote_pm1_sts),
    REG16(PM1_EN,     "PM1_EN",      ANY, AT(pm1_en), .rw = 0x4721, .wrote = wrote_enables),
    REG32(PM1_CNT,    "PM1_CNT",     ANY, AT(pm1_cnt), .rw = PM1_CNT_WRITABLE, .wrote = wrote_pm1_cnt),
    REG32(PM1_TMR,    "PM1_TMR",     ANY, .read = read_timer),
    REG8(GPE0_STS,    "GPE0_STS",    ANY, .count = 8, AT(gpe_sts), .w1c = 0xff, .wrote = wrote_gpe_sts),
    REG8(GPE0_EN,     "GPE0_EN",     ANY, .count = 8, AT(gpe_en), .rw = 0xff, .wrote = wrote_enables),
    REG32(SMI_EN,     "SMI_EN",      ANY, AT(smi_en), .rw = SMI_WRITABLE | SMI_BIOS_RLS, .wrote = wrote_smi_en),
    REG32(SMI_STS,    "SMI_STS",     ANY, .w1c = SMI_LATCHED, .read = read_smi_sts,
          .wrote = wrote_smi_sts),
    REG16(TCO + 0x00, "TCO_RLD",     ANY, .rw = 0x3ff, .read = read_tco_rld, .wrote = wrote_tco_rld),
    REG8(TCO + 0x02,  "TCO_DAT_IN",  ANY, AT(tco_data_in), .rw = 0xff, .wrote = wrote_tco_data),
    REG8(TCO + 0x03,  "TCO_DAT_OUT", ANY, AT(tco_data_out), .rw = 0xff, .wrote = wrote_tco_data_out),
    REG16(TCO + 0x04, "TCO1_STS",    ANY, AT(tco1_sts), .w1c = 0x178e, .wrote = wrote_tco1_sts),
    REG16(TCO + 0x06, "TCO2_STS",    ANY, AT(tco2_sts), .w1c = 0x0017),
    REG16(TCO + 0x08, "TCO1_CNT",    ANY, AT(tco1_cnt), .rw = TCO1_WRITABLE | TCO1_NMI_NOW, .wrote = wrote_tco1_cnt),
    REG16(TCO + 0x0a, "TCO2_CNT",    ANY, AT(tco2_cnt), .reset = 0x0008, .rw = 0x003e),
    REG8(TCO + 0x0c,  "TCO_MESSAGE", ANY, .count = 2, AT(tco_message), .rw = 0xff),
    REG8(TCO + 0x0e,  "TCO_WDCNT",   ANY, AT(tco_wdcnt), .rw = 0xff),
    REG8(TCO + 0x10,  "SW_IRQ_GEN",  ANY, AT(sw_irq_gen), .reset = 0x03, .rw = 0x03),
    REG16(TCO + 0x12, "TCO_TMR",     ANY, AT(tco_tmr), .reset = 0x0004, .rw = 0x03ff),
    REG8(APM_CNT,     "APM_CNT",     AT(apm_control), .rw = 0xff, .wrote = wrote_apm),
    REG8(APM_STS,     "APM_STS",     AT(apm_status), .rw = 0xff),
};
/* clang-format on */

static const struct device_ops ich9_pm_ops = {
    .name = "ich9-pm", .spec = "Intel ICH9 316972, 13.8 and 13.9; ACPI 6.5, 4.8",
    .size = sizeof(struct ich9_pm), .regs = ich9_pm_regs, .n_regs = ARRAY_LEN(ich9_pm_regs),
    .mmio_size = 0x100, .state = ich9_pm_state, .version = 2, .reset = ich9_pm_reset,
    .loaded = ich9_pm_loaded,
};

static int init_timers(struct ich9_pm *p, struct err *e)
{
    int r = device_init_timer(&p->dev, &p->overflow, "PM timer", overflowed, e);

    if (r == 0)
        r = device_init_timer(&p->dev, &p->tco_timer, "TCO", tco_expired, e);
    if (r == 0)
        r = device_init_timer(&p->dev, &p->periodic, "periodic SMI", periodic_fired, e);
    return r < 0 ? r : device_init_timer(&p->dev, &p->swsmi, "software SMI", swsmi_fired, e);
}

struct ich9_pm *ich9_pm_create(struct machine *m, const char *id, const struct ich9_pm_config *c,
                               struct err *e)
{
    struct ich9_pm *p = device_create(m, &ich9_pm_ops, id, e);

    if (!p)
        return NULL;
    p->config = *c;
    ich9_pm_set_control(p, false, 0, 0);
    if (init_timers(p, e) < 0 || device_map_ports(&p->dev, c->io, APM_CNT, APM_CNT, 2, e) < 0 ||
        mem_add_mmio(c->io, p->dev.id, 0, c->pm1_only ? PM1_BLOCK : BLOCK, 0, &reg_mmio_ops, p, &p->block, e) < 0)
        return NULL;
    mem_enable_region(c->io, p->block, false);
    return p;
}
