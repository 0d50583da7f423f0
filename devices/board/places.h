/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_PLACES_H
#define ORRERY_DEVICES_BOARD_PLACES_H
/*
 * What boards build alike: a board is a table of places, and the parts that stand on every one
 * are made here from their rows of it. From the same rows come device tree (tree_nodes.h) and
 * ACPI, so that an address or a number is written once.
 *
 * A board chooses what it has of these; nothing here knows which board it is built for. Lines go
 * where board_set_irqchip says, numbered as the board's interrupt controller numbers its inputs.
 * All of it is construction, and lives in the machine's arena.
 */
#include "devices/board/board_impl.h"

struct char_backend;
struct cpu;
struct cpu_profiles;
struct device;
struct fw_cfg;
struct irq_line;
struct mem_ram;
struct pci_ecam;

struct board_place {
    const char *name;   /* of the part */
    pa_t base;
    uint64_t size;      /* 0: not there. Of several alike in a row: the size of one */
    uint32_t irq;       /* input of the interrupt controller, of several the first */
};
#define BOARD_NO_IRQ UINT32_MAX

/* An irq_sink_fn and its sink: before any part with a line is placed. */
void board_set_irqchip(struct board *b, irq_sink_fn *set, void *chip);
void board_connect(struct board *b, struct irq_line *line, uint32_t irq);
/* Map a part where its place says and connect its line; `line` may be NULL. */
int board_place_part(struct board *b, const struct board_place *p, struct device *dev,
                     struct irq_line *line, struct err *e) MUST_CHECK;

/* RAM of config.memory bytes at p->base. ERR_ARG: a size that no board takes. */
int board_build_ram(struct board *b, const struct board_place *p, struct mem_ram **ram,
                    struct err *e) MUST_CHECK;
/* The same, spread over `n` places: those of size 0 get none, the sizes of the others add up to config.memory. */
int board_build_ram_in(struct board *b, const struct board_place *const *p, uint32_t n, struct mem_ram **ram,
                       struct err *e) MUST_CHECK;
/* Sleep and reset registers as ACPI has them (devices/acpi_sleep.h): S5, whose SLP_TYP is 5, is the machine's end. */
int board_build_sleep(struct board *b, const struct board_place *p, struct err *e) MUST_CHECK;
/* `board` starts anew; a reset register's call. */
void board_reset_request(void *board);
/*
 * The next CPU, of profile `name` of `all`, with config.timing's model. ERR_UNSUPPORTED names the
 * models that suit it.
 */
int board_add_cpu(struct board *b, struct cpu *cpu, const struct cpu_profiles *all, const char *name,
                  struct err *e) MUST_CHECK;

/* The backend of UART `n`: the n-th -serial. NULL in *out: "none", or there is none. */
int board_open_serial(struct board *b, uint32_t n, const char *id, struct char_backend **out,
                      struct err *e) MUST_CHECK;
/* fw_cfg with the items of every board (fw_cfg_items.h). */
int board_build_fw_cfg(struct board *b, const struct board_place *p, struct fw_cfg **out,
                       struct err *e) MUST_CHECK;

/* The root bus of QEMU's gpex: ECAM, windows, INTA..INTD on four inputs from config->irq on. */
struct board_pci_places {
    const struct board_place *config, *io, *mem32, *mem64; /* mem64: size 0 if there is none */
};
int board_build_pci(struct board *b, const struct board_pci_places *at, struct pci_ecam **out,
                    struct err *e) MUST_CHECK;

/* The n bytes of a seed that the machine's own decides, for what is called `name`; n % 8 is 0. */
void board_make_seed(struct board *b, const char *name, uint8_t *bytes, size_t n);

#endif
