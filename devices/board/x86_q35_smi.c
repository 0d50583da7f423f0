/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processors an SMI of x86-q35 goes to. To the one that asked, until firmware has negotiated a broadcast: SeaBIOS
 * moves SMBASE of the first CPU alone, and one kept for the others would find no handler. OVMF with SMM gathers all of them,
 * and asks for it through three files of fw_cfg, as QEMU's board has them:
 *
 *   etc/smi/supported-features   8 bytes, little-endian: bit 0, broadcast
 *   etc/smi/requested-features   8 bytes, written by firmware
 *   etc/smi/features-ok          1 byte; selecting it ends the negotiation: 1 if all that was asked for is there
 */
#include "core/util/bytes.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/cpu_hotplug.h"
#include "devices/fw_cfg.h"
#include "devices/ich9_pm.h"

struct smi_files {
    struct q35 *q;
    uint8_t supported[8], requested[8], ok;
};

void q35_smi(void *board, bool all)
{
    struct board *b = board;
    struct cpu *asking = exec_running(b->exec);
    if (!all)
        x86_cpu_set_input(asking != NULL ? asking : b->cpus[0], X86_SMI, true);
    for (uint32_t i = 0; all && i < b->n_cpus; i++)
        x86_cpu_set_input(b->cpus[i], X86_SMI, true);
}

static void negotiate(void *arg)
{
    struct smi_files *f = arg;
    f->ok = ich9_pm_negotiate_smi(f->q->pm, ld_le64(f->requested));
}

/* Which processors there are, where firmware with SMM looks. */
int q35_add_cpu_registers(struct board *b, struct q35 *q, struct err *e)
{
    uint64_t *ids = ARENA_ARRAY(&b->machine->arena, uint64_t, b->n_cpus);
    if (ids == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the processors' ids");
    for (uint32_t i = 0; i < b->n_cpus; i++)
        ids[i] = x86_cpu_config(q->cpus[i])->apic_id;
    struct cpu_hotplug *c = cpu_hotplug_create(b->machine, "cpu-hotplug", ids, b->n_cpus, e);
    return c == NULL ? e->code : device_map(&c->dev, q->ports, q->kind->cpu_hotplug, e);
}

int q35_add_smi_features(struct board *b, struct q35 *q, struct err *e)
{
    struct smi_files *f = ARENA_NEW(&b->machine->arena, struct smi_files);
    int r;
    if (f == NULL)
        return err_set(e, ERR_NOMEM, "no memory for SMI features");
    f->q = q;
    st_le64(f->supported, ICH9_PM_SMI_BROADCAST);
    const struct fw_cfg_builder ok = { .build = negotiate, .arg = f };
    if (!q->options.smm || !q->kind->smi_broadcast)
        return 0;
    if ((r = fw_cfg_add_file(q->fw_cfg, "etc/smi/supported-features", f->supported, sizeof(f->supported), e)) < 0 ||
        (r = fw_cfg_add_writable(q->fw_cfg, "etc/smi/requested-features", f->requested, sizeof(f->requested), NULL, NULL, e)) < 0)
        return r;
    return fw_cfg_add_built(q->fw_cfg, "etc/smi/features-ok", &f->ok, 1, &ok, e);
}
