/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ICH9_PM_H
#define ORRERY_DEVICES_ICH9_PM_H
/*
 * The ICH9's power management registers (Intel 316972, 13.8, 13.9; ACPI 6.5, 4.8): the 128 bytes
 * of I/O space at PMBASE with PM1, the PM timer, GPE0, SMI control and the TCO watchdog, and the
 * APM ports B2h and B3h.
 *
 *   buttons, RTC, GPEs -> PM1_STS, GPE0_STS -> sci  (SCI_EN), else SMI
 *   APM_CNT, TCO, timers, BIOS_RLS          -> smi  (GBL_SMI_EN and the source's enable)
 *   PM1_CNT.SLP_EN -> sleep                    second TCO timeout -> reset
 *
 * The PM timer counts 24 bits of 3.579545 MHz and follows from simulated time; an event is spent on
 * its status only while TMR_EN is set. What is written to APM_CNT is a request to the SMI handler,
 * but for 02h and 03h: those set and clear SCI_EN at once and raise no SMI, as on QEMU's boards,
 * whose ACPI tables say so. The TCO timer is stopped until software reloads it or clears its
 * halt bit. On a board without SMM, SMI_EN reads APMC_EN after a reset, so that firmware thinks
 * it is set up; GBL_SMI_EN is clear, so nothing comes of it.
 *
 * S3 ends when an enabled event of PM1 or GPE0 comes, or the power button; the cause and WAK_STS stand in PM1_STS then,
 * and the rest is as after any reset.
 *
 * Not modelled: NMI_NOW and TCO's INTRUDER (reported); EOS does not hold back an SMI; SMI_EN's
 * sources that the board has not (USB, microcontroller) are 0; registers beyond GPE0_EN and TCO.
 *
 * Its table has PMBASE's bytes at 0-7Fh and APM's at B2h and B3h. It maps both itself, PMBASE's
 * off until ich9_pm_map. Owned by the machine.
 */
#include "core/device/device.h"

struct ich9_pm_config {
    struct mem_space *io;
    bool pm1_only;                                /* a PIIX4: nothing beyond PM1 and the PM timer at PMBASE */
    bool smm;                                     /* false: firmware shall not set up SMM */
    /* SMI# to the processors, `all` of them or the one that runs; may be NULL */
    void (*smi)(void *arg, bool all);
    void (*sleep)(void *arg, unsigned slp_typ);   /* PM1_CNT was told to: enum ich9_pm_sleep, or another value */
    void (*wake)(void *arg);                      /* from S3: reset the machine by machine_wake */
    void (*reset)(void *arg);                     /* the watchdog's */
    void *arg;
};

/* SLP_TYP of QEMU's boards, not the ICH9's own. */
enum ich9_pm_sleep { ICH9_PM_S5, ICH9_PM_S3, ICH9_PM_S4 };

enum ich9_pm1 { ICH9_PM1_TMR = 0x0001, ICH9_PM1_GBL = 0x0020, ICH9_PM1_PWRBTN = 0x0100,
                ICH9_PM1_SLPBTN = 0x0200, ICH9_PM1_RTC = 0x0400, ICH9_PM1_WAK = 0x8000 };

struct ich9_pm {
    struct device dev;
    struct irq_line sci;                /* wiring */
    struct ich9_pm_config config;
    struct mem_region *block;           /* at PMBASE */
    bool no_reboot, smi_lock;           /* GCS, GEN_PMCON_1: the LPC bridge's; derived */
    uint32_t periodic_rate, swsmi_rate; /* us: GEN_PMCON_1 and _3; derived */

    struct ev_timer overflow, tco_timer, periodic, swsmi; /* saved from here on */
    uint64_t toggles;                   /* of the PM timer's upper bit that PM1_STS has seen */
    uint64_t smi_features;              /* negotiated */
    uint32_t pm1_cnt, smi_en, smi_sts;
    uint16_t pm1_sts, pm1_en;
    uint16_t tco1_sts, tco2_sts, tco1_cnt, tco2_cnt, tco_tmr;
    uint16_t tco_left;                  /* ticks of 0.6 s when it was stopped */
    uint8_t gpe_sts[8], gpe_en[8], gpe_level[8]; /* a status bit stays while its level is high */
    uint8_t tco_data_in, tco_data_out, tco_message[2], tco_wdcnt, sw_irq_gen;
    uint8_t tco_once;                   /* the first timeout has been */
    uint8_t tco_runs;
    uint8_t apm_control, apm_status;
    uint8_t rtc;                        /* level of the RTC's interrupt */
    uint8_t was_smi;                    /* PM1 or GPE0 asks for an SMI: one each time it begins */
    uint8_t asleep;                     /* in S3 */
    uint8_t smi_features_ok;            /* the negotiation is over until a reset */
};

struct ich9_pm *ich9_pm_create(struct machine *m, const char *id, const struct ich9_pm_config *c,
                               struct err *e);

/* The LPC bridge: where PMBASE's registers are, or that they are off. */
void ich9_pm_map(struct ich9_pm *p, bool on, uint16_t pmbase);
/* GCS.NO_REBOOT; GEN_PMCON_1 (SMI_LOCK, PER_SMI_SEL) and GEN_PMCON_3 (SWSMI_RATE_SEL). */
void ich9_pm_set_control(struct ich9_pm *p, bool no_reboot, uint16_t gen_pmcon_1,
                         uint8_t gen_pmcon_3);

/* A PIIX4 keeps APMC_EN and the global enable elsewhere: does APM_CNT raise an SMI? */
void ich9_pm_enable_apm(struct ich9_pm *p, bool on);

/* A button was pressed, or the machine woke: sets bits of PM1_STS. */
void ich9_pm_raise(struct ich9_pm *p, enum ich9_pm1 status);
/* irq_sink_fn: the RTC's interrupt; its rise sets RTC_STS. */
void ich9_pm_set_rtc(void *pm, uint32_t number, bool level);
/* irq_sink_fn: general purpose event `number`, 0 to 63; a rise sets its status. */
void ich9_pm_set_gpe(void *pm, uint32_t number, bool level);

static inline bool ich9_pm_is_asleep(const struct ich9_pm *p)
{
    return p->asleep;
}

/*
 * QEMU's negotiation of SMIs (docs/specs in its tree: fw_cfg files etc/smi/...): firmware asks for features once after a reset.
 * With broadcasts a store to APM_CNT interrupts all processors. False: it asked for what there is not.
 */
enum { ICH9_PM_SMI_BROADCAST = 1 };
bool ich9_pm_negotiate_smi(struct ich9_pm *p, uint64_t features);

/* Does the machine's ACPI mode (SCI_EN) hold? */
static inline bool ich9_pm_acpi_mode(const struct ich9_pm *p)
{
    return p->pm1_cnt & 1;
}

#endif
