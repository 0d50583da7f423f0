/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleep states of `x86-q35` (ACPI 6.4, 16.1 to 16.3). S3 keeps RAM, the RTC and what is needed to wake: the processors are off,
 * time and events go on. Waking is a reset of all but that: firmware, which finds FEh in CMOS byte 0Fh (as QEMU's boards
 * leave it for SeaBIOS and OVMF), restores the chipset and jumps to the FACS's waking vector. Without firmware the board
 * does that itself.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/fw_cfg.h"
#include "devices/hpet.h"
#include "devices/ich9_pm.h"
#include "devices/mc146818.h"

enum { SHUTDOWN_STATUS = 0x0f, S3_RESUME = 0xfe };
enum { FACS_WAKING_VECTOR = 12, FACS_SIZE = 64 }; /* 5.2.10 */

static void fall_asleep(struct board *b, struct q35 *q)
{
    mc146818_put(q->rtc, SHUTDOWN_STATUS, S3_RESUME);
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        b->cpus[i]->run = CPU_OFF;
        cpu_kick(b->cpus[i]);
    }
}

void q35_sleep(void *board, unsigned slp_typ)
{
    struct board *b = board;
    struct q35 *q = b->parts;
    if (slp_typ == ICH9_PM_S3)
        fall_asleep(b, q);
    else if (slp_typ == ICH9_PM_S5 || slp_typ == ICH9_PM_S4) /* S4 is what software saved before: nothing is kept */
        machine_stop(b->machine, MACHINE_POWEROFF, 0);
    else
        unmodelled(&q->pm->dev, "sleep", "SLP_TYP %u: this board has S3 (1), S4 (2) and S5 (0)", slp_typ);
}

void q35_wake(void *board)
{
    machine_stop(((struct board *)board)->machine, MACHINE_WAKE, 0);
}

bool q35_wake_key(struct board *b)
{
    struct q35 *q = b->parts;
    if (!ich9_pm_is_asleep(q->pm))
        return false;
    ich9_pm_raise(q->pm, ICH9_PM1_PWRBTN);
    return true;
}

void q35_set_rtc(void *board, uint32_t number, bool level)
{
    struct board *b = board;
    struct q35 *q = b->parts;
    if (q->hpet != NULL)
        hpet_set_rtc(q->hpet, number, level);
    else
        b->set_irq(b->irqchip, Q35_IRQ_RTC, level);
    if (q->pm != NULL) /* it is built later */
        ich9_pm_set_rtc(q->pm, number, level);
}

/* As QEMU's file has it: bit 7 of byte n says that Sn is there, the others which SLP_TYP it has. OVMF saves what it needs by it. */
int q35_add_sleep_states(struct board *b, struct q35 *q, struct err *e)
{
    uint8_t *states = arena_alloc(&b->machine->arena, 6);
    if (states == NULL)
        return err_set(e, ERR_NOMEM, "no memory for sleep states");
    states[0] = 0x80;
    states[3] = (q->globals.disable_s3 ? 0 : 0x80) | ICH9_PM_S3;
    states[4] = (q->globals.disable_s4 ? 0 : 0x80) | ICH9_PM_S4;
    states[5] = 0x80 | ICH9_PM_S5;
    return fw_cfg_add_file(q->fw_cfg, "etc/system-states", states, 6, e);
}

/* 16.3.2.2: a real-mode address, its segment 16 bytes wide. */
int q35_resume_kernel(struct board *b, const struct q35 *q, struct err *e)
{
    uint8_t facs[FACS_SIZE];
    if (q->facs == 0 || mem_read(b->machine->memory, q->facs, facs, sizeof(facs), NULL) != MEM_OK)
        return err_set(e, ERR_STATE, "woken from S3 without a FACS");
    uint32_t vector = ld_le32(facs + FACS_WAKING_VECTOR);
    if (vector != 0 && vector < 0x100000)
        x86_start_real(b->cpus[0], (uint16_t)(vector >> 4), vector & 0xf);
    else
        guest_error(&q->pm->dev, "waking vector", "%#x: a real-mode address below 1 MiB is accepted", vector);
    return 0;
}
