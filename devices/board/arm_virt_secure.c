/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secure=on: what the Secure state of `arm-virt` has for itself (QEMU docs/system/arm/virt.rst):
 * 16 MiB of RAM, flash bank 0, the second UART, and a GPIO two of whose pins switch the machine
 * off and reset it (its hw/gpio/gpio_pwr.c). Non-secure accesses find nothing there.
 */
#include "devices/board/arm_virt_impl.h"
#include "devices/pl061.h"

enum { PIN_POWEROFF = 0, PIN_RESET = 1 };

static void power(void *arg, uint32_t pin, bool level)
{
    struct machine *m = arg;

    if (level)
        machine_stop(m, pin == PIN_RESET ? MACHINE_RESET : MACHINE_POWEROFF, 0);
}

static void make_secure(struct board *b, const struct board_place *p)
{
    mem_set_secure(b->machine->memory, mem_lookup(b->machine->memory, p->base)->region);
}

int arm_virt_build_secure(struct board *b, struct err *e)
{
    struct arm_virt *v = b->parts;
    struct machine *m = b->machine;
    const struct board_place *memory = &v->map[ARM_VIRT_SECURE_MEM],
                             *gpio = &v->map[ARM_VIRT_SECURE_GPIO];
    struct mem_ram *ram;
    int r = machine_add_ram(m, memory->name, memory->size, &ram, e);

    if (r < 0 || (r = mem_add_ram(m->memory, memory->name, memory->base, ram, 0, memory->size, 0,
                                  NULL, e)) < 0)
        return r;
    struct pl061 *g = pl061_create(m, gpio->name, e);
    if (!g)
        return e->code;
    irq_connect(&g->out[PIN_POWEROFF], power, m, PIN_POWEROFF);
    irq_connect(&g->out[PIN_RESET], power, m, PIN_RESET);
    if ((r = board_place_part(b, gpio, &g->dev, NULL, e)) < 0)
        return r;
    make_secure(b, memory);
    make_secure(b, gpio);
    make_secure(b, &v->map[ARM_VIRT_UART1]);
    make_secure(b, &v->map[ARM_VIRT_FLASH]); /* the range at its start: bank 0 */
    return 0;
}
