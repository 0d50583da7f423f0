/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/places.h"
#include "core/cpu/profile.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "devices/acpi_sleep.h"
#include "devices/backend/char.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/pci/ecam.h"
#include <inttypes.h>

#define RAM_LEAST (1ull << 20)
#define RAM_MOST  (1ull << 40)

void board_set_irqchip(struct board *b, irq_sink_fn *set, void *chip)
{
    b->set_irq = set;
    b->irqchip = chip;
}

void board_connect(struct board *b, struct irq_line *line, uint32_t irq)
{
    irq_connect(line, b->set_irq, b->irqchip, irq);
}

int board_place_part(struct board *b, const struct board_place *p, struct device *dev,
                     struct irq_line *line, struct err *e)
{
    if (line)
        board_connect(b, line, p->irq);
    return device_map(dev, b->machine->memory, p->base, e);
}

int board_build_ram_in(struct board *b, const struct board_place *const *p, uint32_t n, struct mem_ram **ram,
                       struct err *e)
{
    uint64_t size = b->config.memory, done = 0;
    int r;

    if (size < RAM_LEAST || size % MEM_PAGE || size > RAM_MOST)
        return err_set(e, ERR_ARG, "memory of %" PRIu64 " bytes; a multiple of 4K from 1M to 1T is "
                       "accepted", size);
    if ((r = machine_add_ram(b->machine, p[0]->name, size, ram, e)) < 0)
        return r;
    for (uint32_t i = 0; i < n; i++) {
        if (p[i]->size == 0)
            continue;
        r = mem_add_ram(b->machine->memory, p[i]->name, p[i]->base, *ram, done, p[i]->size, 0, NULL, e);
        if (r < 0)
            return r;
        done += p[i]->size;
    }
    return 0;
}

int board_build_ram(struct board *b, const struct board_place *p, struct mem_ram **ram,
                    struct err *e)
{
    return board_build_ram_in(b, &p, 1, ram, e);
}

void board_reset_request(void *board)
{
    machine_stop(((struct board *)board)->machine, MACHINE_RESET, 0);
}

static void sleep_state(void *board, unsigned slp_typ)
{
    enum { SLP_S5 = 5 };

    if (slp_typ == SLP_S5)
        machine_stop(((struct board *)board)->machine, MACHINE_POWEROFF, 0);
}

int board_build_sleep(struct board *b, const struct board_place *p, struct err *e)
{
    const struct acpi_sleep_config c = { .sleep = sleep_state, .reset = board_reset_request, .arg = b };
    struct acpi_sleep *s = acpi_sleep_create(b->machine, p->name, &c, e);

    return s ? board_place_part(b, p, &s->dev, NULL, e) : e->code;
}

int board_add_cpu(struct board *b, struct cpu *cpu, const struct cpu_profiles *all, const char *name,
                  struct err *e)
{
    const struct cpu_profile *p = cpu_profile_find(all, name);
    uint32_t i = b->n_cpus++;

    b->cpus[i] = cpu;
    int r = tm_create(&b->tms[i], b->config.timing, p ? p->text : NULL, i, e);
    if (r < 0) {
        (void)err_context(e, "cpu %s", name);
        return r;
    }
    cpu->tm = b->tms[i];
    return 0;
}

int board_open_serial(struct board *b, uint32_t n, const char *id, struct char_backend **out,
                      struct err *e)
{
    struct char_options options;

    *out = NULL;
    if (n >= b->config.n_serial)
        return 0;
    int r = char_parse_serial(&options, id, b->config.serial[n], e);
    return r < 0 ? r : char_open(out, b->host, &options, e);
}

int board_build_fw_cfg(struct board *b, const struct board_place *p, struct fw_cfg **out,
                       struct err *e)
{
    *out = fw_cfg_create(b->machine, p->name, e);
    if (!*out)
        return e->code;
    int r = fw_cfg_items_add(*out, b, e);
    return r < 0 ? r : board_place_part(b, p, fw_cfg_device(*out), NULL, e);
}

int board_build_pci(struct board *b, const struct board_pci_places *at, struct pci_ecam **out,
                    struct err *e)
{
    struct pci_ecam_map map = {
        .config = at->config->base, .config_size = at->config->size,
        .io = at->io->base, .io_size = at->io->size,
        .range = { { at->mem32->base, at->mem32->size } }, .n_ranges = 1,
    };

    if (at->mem64->size != 0)
        map.range[map.n_ranges++] = (struct pci_range){ at->mem64->base, at->mem64->size };
    *out = pci_ecam_create(b->machine, at->config->name, b->machine->memory, &map, e);
    if (!*out)
        return e->code;
    for (uint32_t i = 0; i < ARRAY_LEN((*out)->intx); i++)
        board_connect(b, &(*out)->intx[i], at->config->irq + i);
    return 0;
}

void board_make_seed(struct board *b, const char *name, uint8_t *bytes, size_t n)
{
    struct machine_random random;

    machine_random_init(&random, b->machine, name);
    for (size_t i = 0; i < n; i += 8)
        st_le64(bytes + i, machine_random_next(&random));
}
