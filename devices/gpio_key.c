/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/gpio_key.h"

#define PRESSED (100 * PS_PER_MS) /* as long as on QEMU's board */

static void released(void *arg, ps_t when)
{
    struct gpio_key *k = arg;

    (void)when;
    irq_set(&k->line, false);
}

void gpio_key_press(struct gpio_key *k)
{
    ev_arm(&k->release, device_now(&k->dev) + PRESSED);
    irq_set(&k->line, true);
}

static void reset(void *dev)
{
    struct gpio_key *k = dev;

    ev_cancel(&k->release);
    irq_set(&k->line, false);
}

static void loaded(void *dev)
{
    struct gpio_key *k = dev;

    irq_restore(&k->line, ev_is_armed(&k->release));
}

static const struct state_field state[] = { STATE_TIMER(gpio_key, release), STATE_END };
static const struct device_ops ops = {
    .name = "gpio-key", .spec = "Linux gpio/gpio-keys.yaml", .size = sizeof(struct gpio_key),
    .state = state, .version = 1, .reset = reset, .loaded = loaded,
};

struct gpio_key *gpio_key_create(struct machine *m, const char *id, struct err *e)
{
    struct gpio_key *k = device_create(m, &ops, id, e);

    if (!k || device_init_timer(&k->dev, &k->release, "gpio-key", released, e) < 0)
        return NULL;
    return k;
}
